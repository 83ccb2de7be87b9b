"""Reads of announcements; visibility comes first in each.

No list of readers is kept anywhere: a reader's list is found by the few organisations above them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from app.announcements import access
from app.announcements.errors import AnnouncementNotFound
from app.announcements.models import (
    Announcement,
    AnnouncementDocument,
    AnnouncementReceipt,
    AnnouncementStatus,
)
from app.announcements.schemas import AnnouncementPage, AnnouncementView, AudienceView, ReachView
from app.documents.models import Document
from app.documents.queries import documents_of
from app.documents.queries import visible_to as document_visible_to
from app.documents.schemas import DocumentRef
from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.notices import AudiencePart
from app.kernel.pagination import PageRequest
from app.kernel.security import ORGANISERS, Actor
from app.members.audiences.queries import addressed, addresses
from app.members.models import Member
from app.members.queries import Day
from app.members.schemas import MemberRef
from app.notifications.reach.queries import push_reach
from app.organisations.models import Organisation, OrganisationKind
from app.organisations.queries import get_visible_organisation

MOST_NAMED = 200


def _addresses(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Say, for a row of `announcements`, that it addresses the actor today."""
    return addresses_on(literal(actor.member_id, Uuid), literal(actor.ended, ARRAY(Uuid)), session.today())


def addresses_on(
    member_id: SQLColumnExpression[UUID], ended: SQLColumnExpression[Sequence[UUID]], on: Day
) -> ColumnElement[bool]:
    """Say, for a row of `announcements`, that it addresses a member on a day; see `audiences.addresses`."""
    return addresses(
        member_id,
        ended,
        organisation_id=Announcement.organisation_id,
        part=Announcement.audience_part,
        post_kinds=Announcement.audience_post_kinds,
        on=on,
    )


def is_current(now: datetime | SQLColumnExpression[datetime]) -> ColumnElement[bool]:
    """Say, for a row of `announcements`, that it is published and has not expired."""
    return and_(
        Announcement.status == AnnouncementStatus.published,
        or_(Announcement.expires_at.is_(None), Announcement.expires_at > now),
    )


async def get_visible_announcement(
    session: Session, actor: Actor, announcement_id: UUID, *, for_update: bool = False
) -> tuple[Announcement, Organisation, bool]:
    """Return an announcement, its organisation, and whether it addresses the caller; raises AnnouncementNotFound.

    `for_update` locks the row until the unit of work ends, so that two authors' steps follow each other.
    """
    wanted = (
        select(Announcement, Organisation, _addresses(session, actor).label("is_addressed"))
        .join(Organisation, Organisation.id == Announcement.organisation_id)
        .where(Announcement.id == announcement_id)
    )
    if for_update:
        wanted = wanted.with_for_update(of=Announcement)
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise AnnouncementNotFound
    access.require_visible(actor, row.Announcement, row.Organisation.path, is_addressed=row.is_addressed)
    return row.Announcement, row.Organisation, row.is_addressed


def _select_views(member_id: UUID | SQLColumnExpression[UUID]) -> Select[Any]:
    # Any: a row of many columns; what the reader did is joined.
    papers = (
        select(AnnouncementDocument.document_id)
        .where(AnnouncementDocument.announcement_id == Announcement.id)
        .order_by(AnnouncementDocument.position)
    )
    return (
        select(
            *(column for column in Announcement.__table__.columns),
            func.array(papers.scalar_subquery(), type_=ARRAY(Uuid)).label("document_ids"),
            AnnouncementReceipt.opened_at,
            AnnouncementReceipt.acknowledged_at,
        )
        .select_from(Announcement)
        .outerjoin(
            AnnouncementReceipt,
            and_(
                AnnouncementReceipt.announcement_id == Announcement.id,
                AnnouncementReceipt.member_id == member_id,
            ),
        )
    )


async def _documents(session: Session, actor: Actor, rows: Sequence[Row[Any]]) -> dict[UUID, DocumentRef]:
    """Return what goes with the announcements, as far as the reader may open it."""
    ids = [document_id for row in rows for document_id in row.document_ids]
    if not ids:
        return {}
    readable = await session.scalars(
        select(Document.id).where(Document.id.in_(ids), document_visible_to(actor, session))
    )
    return await documents_of(session, readable.all())


def _view(row: Row[Any], documents: Mapping[UUID, DocumentRef], *, now: datetime) -> AnnouncementView:
    is_over = row.status == AnnouncementStatus.published and row.expires_at is not None and row.expires_at <= now
    return AnnouncementView(
        id=row.id,
        version=row.version,
        organisation_id=row.organisation_id,
        title=row.title,
        body=row.body,
        status=AnnouncementStatus.expired if is_over else row.status,
        audience=AudienceView(part=row.audience_part, post_kinds=row.audience_post_kinds),
        needs_acknowledgement=row.needs_acknowledgement,
        publish_at=row.publish_at,
        published_at=row.published_at,
        expires_at=row.expires_at,
        documents=[documents[one] for one in row.document_ids if one in documents],
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
    )


async def view_announcement(session: Session, actor: Actor, announcement_id: UUID) -> AnnouncementView:
    """Return an announcement that the caller is known to see, as they see it."""
    await session.flush()
    row = (await session.execute(_select_views(actor.member_id).where(Announcement.id == announcement_id))).one()
    documents = await _documents(session, actor, [row])
    return _view(row, documents, now=session.now())


async def get_announcement(session: Session, actor: Actor, announcement_id: UUID) -> AnnouncementView:
    """Return one announcement; raises AnnouncementNotFound."""
    await get_visible_announcement(session, actor, announcement_id)
    return await view_announcement(session, actor, announcement_id)


async def find_announcements(session: Session, actor: Actor, ids: Collection[UUID]) -> list[AnnouncementView]:
    """Return those of the announcements that the caller may know of."""
    found = await session.execute(
        _select_views(actor.member_id)
        .join(Organisation, Organisation.id == Announcement.organisation_id)
        .add_columns(Organisation.path, _addresses(session, actor).label("is_addressed"))
        .where(Announcement.id.in_(ids))
    )
    rows = [row for row in found if access.sees(actor, row.status, row.path, is_addressed=row.is_addressed)]
    documents = await _documents(session, actor, rows)
    return [_view(row, documents, now=session.now()) for row in rows]


def select_unread(
    session: Session, member_ids: Sequence[UUID], *, organisations: Collection[UUID], since: datetime
) -> Select[UUID, UUID, UUID, AudiencePart, str, datetime | None, bool, datetime]:
    """Select what these organisations said to each of the members since then and they have not read, the newest first.

    Read is opened and, where that is asked, acknowledged; nobody is waited for with what an organisation that has ended
    said. Each row has `member_id`, columns of the announcement, and
    `opened_at`, which may be null. The caller is known to see how its readers do.
    """
    return (
        select(
            Member.id.label("member_id"),
            Announcement.id,
            Announcement.organisation_id,
            Announcement.audience_part,
            Announcement.title,
            Announcement.published_at,
            Announcement.needs_acknowledgement,
            AnnouncementReceipt.opened_at,
        )
        .select_from(Member)
        .join(
            Announcement,
            and_(
                Announcement.organisation_id.in_(organisations),
                is_current(session.now()),
                Announcement.published_at >= since,
            ),
        )
        .outerjoin(
            AnnouncementReceipt,
            and_(AnnouncementReceipt.announcement_id == Announcement.id, AnnouncementReceipt.member_id == Member.id),
        )
        .where(
            Member.id.in_(member_ids),
            or_(
                AnnouncementReceipt.opened_at.is_(None),
                and_(Announcement.needs_acknowledgement, AnnouncementReceipt.acknowledged_at.is_(None)),
            ),
            addresses_on(Member.id, literal([], ARRAY(Uuid)), session.today()),
        )
        .order_by(Announcement.published_at.desc(), Announcement.id.desc())
    )


async def list_announcements(
    session: Session, actor: Actor, organisation_id: UUID, *, paging: PageRequest
) -> AnnouncementPage:
    """Return an organisation's announcements, the newest first; none that is withdrawn.

    Its authors see drafts and what has expired, officers above what is published, anybody else what is said to them.
    Raises OrganisationNotFound.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    wanted = _select_views(actor.member_id).where(
        Announcement.organisation_id == organisation_id, Announcement.status != AnnouncementStatus.withdrawn
    )
    if not access.writes(actor, organisation_id):
        wanted = wanted.where(is_current(session.now()))
        if not access.follows(actor, organisation.path):
            wanted = wanted.where(_addresses(session, actor))
    after = paging.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(Announcement.created_at, Announcement.id) < tuple_(*after))
    wanted = wanted.order_by(Announcement.created_at.desc(), Announcement.id.desc())
    rows = (await session.execute(wanted.limit(paging.limit + 1))).all()
    documents = await _documents(session, actor, rows)
    return paging.page(
        rows,
        into=AnnouncementPage,
        view=lambda row: _view(row, documents, now=session.now()),
        key=lambda row: (row.created_at.isoformat(), row.id),
    )


async def get_reach(session: Session, actor: Actor, announcement_id: UUID, *, locale: Locale) -> ReachView:
    """Return how far an announcement has come among those it addresses today.

    In a branch its organisers are also told whom to ring up and who has not acknowledged. Raises AnnouncementNotFound,
    NotForYourPost.
    """
    announcement, organisation, _ = await get_visible_announcement(session, actor, announcement_id)
    access.require_follower(actor, organisation.path)
    audience = addressed(announcement.audience, session.today())
    is_own_branch = organisation.kind is OrganisationKind.branch and actor.holds_in(organisation.id, ORGANISERS)
    opened = select(AnnouncementReceipt.member_id).where(AnnouncementReceipt.announcement_id == announcement.id)
    reach = await push_reach(
        session,
        audience,
        subject_id=announcement.id,
        types=("announcement_published",),
        seen=opened,
        told=opened,
        locale=locale,
        names=is_own_branch,
    )
    people = audience.subquery()
    receipt = and_(
        AnnouncementReceipt.announcement_id == announcement.id, AnnouncementReceipt.member_id == people.c.member_id
    )
    counts = (
        await session.execute(
            select(
                func.count(AnnouncementReceipt.opened_at).label("opened"),
                func.count(AnnouncementReceipt.acknowledged_at).label("acknowledged"),
            )
            .select_from(people)
            .join(AnnouncementReceipt, receipt)
        )
    ).one()
    named: list[MemberRef] = []
    if is_own_branch and announcement.needs_acknowledgement:
        rows = await session.execute(
            select(Member.id.label("member_id"), Member.full_name)
            .join(people, people.c.member_id == Member.id)
            .outerjoin(AnnouncementReceipt, receipt)
            .where(AnnouncementReceipt.acknowledged_at.is_(None))
            .order_by(Member.sort_key, Member.id)
            .limit(MOST_NAMED)
        )
        named = [MemberRef.model_validate(row) for row in rows]
    return ReachView(
        **dict(reach),
        opened_count=counts.opened,
        acknowledged_count=counts.acknowledged,
        not_acknowledged=named,
    )
