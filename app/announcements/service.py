"""Commands of announcements: draft, publish now or at a time, withdraw; open and acknowledge; what goes with them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.announcements import access, queries
from app.announcements.errors import (
    AcknowledgementNotAsked,
    AnnouncementAlreadyExists,
    AnnouncementAlreadyPublished,
    AnnouncementNotDraft,
    AnnouncementTimePassed,
    AnnouncementWithdrawn,
    ExpiryTooEarly,
    NotAddressed,
    PublicationInPast,
)
from app.announcements.events import (
    AnnouncementAcknowledged,
    AnnouncementDiscarded,
    AnnouncementDrafted,
    AnnouncementEdited,
    AnnouncementEvent,
    AnnouncementOpened,
    AnnouncementPublished,
    AnnouncementScheduled,
    AnnouncementTakenBack,
)
from app.announcements.models import (
    UNPUBLISHED,
    Announcement,
    AnnouncementDocument,
    AnnouncementReceipt,
    AnnouncementStatus,
)
from app.announcements.schemas import AnnouncementCreate, AnnouncementReplace, AnnouncementView
from app.documents import service as documents
from app.documents.models import Document
from app.documents.queries import require_attachable
from app.documents.schemas import DocumentPatch, DocumentView
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.scopes import Change
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.notifications.service import withdraw_notices
from app.organisations.models import Organisation
from app.organisations.queries import get_lasting_organisation

SWEEP_SIZE = 100


async def draft_announcement(
    session: Session, actor: Actor, organisation_id: UUID, body: AnnouncementCreate
) -> AnnouncementView:
    """Write a draft that only its authors see.

    Raises OrganisationNotFound, OrganisationNotYoursToAddress, PublicationInPast, ExpiryTooEarly, DocumentsNotFound,
    and AnnouncementAlreadyExists for an id that is taken.
    """
    organisation = await get_lasting_organisation(session, actor, organisation_id)
    access.require_speaker(actor, organisation_id)
    if body.publish_at is not None:
        _require_future(session, body.publish_at)
    announcement = Announcement(
        id=body.id or session.new_id(),
        organisation_id=organisation_id,
        status=AnnouncementStatus.draft,
        version=1,
        created_by=actor.member_id,
        created_at=session.now(),
    )
    _write(session, announcement, body)
    await _require_documents(session, actor, organisation, body)
    async with refusing_duplicates(session, {"pk_announcements": AnnouncementAlreadyExists}):
        session.add(announcement)
    await _attach(session, announcement, body)
    await record(session, _fact(AnnouncementDrafted, announcement, by=actor))
    return await queries.view_announcement(session, actor, announcement.id)


async def replace_announcement(
    session: Session, actor: Actor, announcement_id: UUID, body: AnnouncementReplace, *, expected: int
) -> AnnouncementView:
    """Rewrite what is not published; a scheduled one that names no hour any more is a draft again.

    Raises VersionChanged, AnnouncementAlreadyPublished, AnnouncementWithdrawn, PublicationInPast, ExpiryTooEarly,
    DocumentsNotFound.
    """
    announcement, organisation = await _for_change(session, actor, announcement_id)
    require_version(announcement.version, expected)
    _require_standing(announcement)
    if announcement.status not in UNPUBLISHED:
        raise AnnouncementAlreadyPublished
    if body.publish_at is not None and body.publish_at != announcement.publish_at:
        _require_future(session, body.publish_at)
    _write(session, announcement, body)
    if body.publish_at is None:
        announcement.status = AnnouncementStatus.draft
    await _require_documents(session, actor, organisation, body)
    await session.execute(delete(AnnouncementDocument).where(AnnouncementDocument.announcement_id == announcement.id))
    await _attach(session, announcement, body)
    announcement.version += 1
    await record(session, _fact(AnnouncementEdited, announcement, by=actor))
    return await queries.view_announcement(session, actor, announcement.id)


async def publish_announcement(session: Session, actor: Actor, announcement_id: UUID) -> AnnouncementView:
    """Publish a draft: at once, or, where it names an hour that is still to come, then.

    Raises AnnouncementNotDraft, AnnouncementTimePassed.
    """
    announcement, _ = await _for_change(session, actor, announcement_id)
    if announcement.status is not AnnouncementStatus.draft:
        raise AnnouncementNotDraft
    if announcement.expires_at is not None and announcement.expires_at <= session.now():
        raise AnnouncementTimePassed
    if announcement.publish_at is not None and announcement.publish_at > session.now():
        announcement.status = AnnouncementStatus.scheduled
        announcement.version += 1
        await record(session, _fact(AnnouncementScheduled, announcement, by=actor))
    else:
        await _publish(session, announcement, by=actor)
    return await queries.view_announcement(session, actor, announcement.id)


async def remove_announcement(session: Session, actor: Actor, announcement_id: UUID, *, expected: int) -> None:
    """Discard what is not published; withdraw what is: it leaves every list, and pushes not yet sent stay away.

    What went with it may be deleted then: a file may be why it is withdrawn. Raises VersionChanged,
    AnnouncementWithdrawn.
    """
    announcement, _ = await _for_change(session, actor, announcement_id)
    require_version(announcement.version, expected)
    _require_standing(announcement)
    announcement.version += 1
    if announcement.status in UNPUBLISHED:
        await record(session, _fact(AnnouncementDiscarded, announcement, by=actor))
        await session.execute(delete(Announcement).where(Announcement.id == announcement.id))
        return
    announcement.status = AnnouncementStatus.withdrawn
    announcement.withdrawn_at = session.now()
    await session.execute(delete(AnnouncementDocument).where(AnnouncementDocument.announcement_id == announcement.id))
    await withdraw_notices(session, subject_id=announcement.id)
    await record(session, _fact(AnnouncementTakenBack, announcement, by=actor))


async def publish_due_announcements(session: Session) -> int:
    """Publish up to 100 scheduled announcements whose hour has come, and return how many: 0 is all done."""
    due = await session.scalars(
        select(Announcement)
        .where(Announcement.status == AnnouncementStatus.scheduled, Announcement.publish_at <= session.now())
        .order_by(Announcement.publish_at)
        .limit(SWEEP_SIZE)
        .with_for_update(skip_locked=True)  # two workers share the sweep
    )
    announcements = due.all()
    for announcement in announcements:
        await _publish(session, announcement, by=None)
    return len(announcements)


async def open_announcement(session: Session, actor: Actor, announcement_id: UUID) -> AnnouncementView:
    """Write down that the caller opened it; again changes nothing. Raises NotAddressed."""
    announcement = await _for_receipt(session, actor, announcement_id)
    opened = await session.scalar(
        upsert(AnnouncementReceipt)
        .values(announcement_id=announcement.id, member_id=actor.member_id, opened_at=session.now())
        .on_conflict_do_nothing()
        .returning(AnnouncementReceipt.member_id)
    )
    if opened is not None:
        await record(session, _fact(AnnouncementOpened, announcement, by=actor))
    return await queries.view_announcement(session, actor, announcement.id)


async def acknowledge_announcement(session: Session, actor: Actor, announcement_id: UUID) -> AnnouncementView:
    """Write down that the caller confirmed it, and so opened it; again changes nothing.

    Raises NotAddressed, AcknowledgementNotAsked.
    """
    announcement = await _for_receipt(session, actor, announcement_id)
    if not announcement.needs_acknowledgement:
        raise AcknowledgementNotAsked
    now = session.now()
    acknowledged = await session.scalar(
        upsert(AnnouncementReceipt)
        .values(announcement_id=announcement.id, member_id=actor.member_id, opened_at=now, acknowledged_at=now)
        .on_conflict_do_update(
            index_elements=["announcement_id", "member_id"],
            set_={"acknowledged_at": now},
            where=AnnouncementReceipt.acknowledged_at.is_(None),
        )
        .returning(AnnouncementReceipt.member_id)
    )
    if acknowledged is not None:
        await record(session, _fact(AnnouncementAcknowledged, announcement, by=actor))
    return await queries.view_announcement(session, actor, announcement.id)


async def change_document(
    session: Session, actor: Actor, document_id: UUID, body: DocumentPatch, *, expected: int
) -> DocumentView:
    """Change a document; where others may read it then, phones are told of the announcements that it goes with.

    Raises as `documents.service.change_document`.
    """
    before = await session.scalar(select(Document.visibility).where(Document.id == document_id))
    view = await documents.change_document(session, actor, document_id, body, expected=expected)
    if view.visibility is not before:
        shown_with = await session.execute(
            select(Announcement.organisation_id, Announcement.id, Announcement.version)
            .join(AnnouncementDocument, AnnouncementDocument.announcement_id == Announcement.id)
            .where(AnnouncementDocument.document_id == document_id, Announcement.status != AnnouncementStatus.withdrawn)
        )
        session.changes += [Change(row.organisation_id, "announcement", row.id, row.version) for row in shown_with]
    return view


async def _for_change(session: Session, actor: Actor, announcement_id: UUID) -> tuple[Announcement, Organisation]:
    announcement, organisation, _ = await queries.get_visible_announcement(
        session, actor, announcement_id, for_update=True
    )
    access.require_author(actor, announcement.organisation_id)
    return announcement, organisation


async def _for_receipt(session: Session, actor: Actor, announcement_id: UUID) -> Announcement:
    announcement, _, is_addressed = await queries.get_visible_announcement(session, actor, announcement_id)
    if not is_addressed or announcement.status is not AnnouncementStatus.published:
        raise NotAddressed
    return announcement


async def _publish(session: Session, announcement: Announcement, *, by: Actor | None) -> None:
    announcement.status = AnnouncementStatus.published
    announcement.published_at = session.now()
    announcement.version += 1
    await record(session, _fact(AnnouncementPublished, announcement, by=by))


def _require_standing(announcement: Announcement) -> None:
    if announcement.status is AnnouncementStatus.withdrawn:
        raise AnnouncementWithdrawn


def _require_future(session: Session, publish_at: datetime) -> None:
    if publish_at <= session.now():
        text = Text(vi="Phải sau thời điểm hiện tại", en="It must be later than now")
        raise PublicationInPast(fields=(FieldProblem(pointer="/publish_at", code="in_past", detail=text),))


def _write(session: Session, announcement: Announcement, body: AnnouncementReplace) -> None:
    begins = max(session.now(), body.publish_at or session.now())
    if body.expires_at is not None and body.expires_at <= begins:
        text = Text(vi="Phải sau thời điểm hiện tại và giờ đăng", en="It must be after publication, and later than now")
        raise ExpiryTooEarly(fields=(FieldProblem(pointer="/expires_at", code="ends_before_start", detail=text),))
    announcement.title = body.title
    announcement.body = body.body
    announcement.audience_part = body.audience.part
    announcement.audience_post_kinds = [kind.value for kind in body.audience.post_kinds]
    announcement.needs_acknowledgement = body.needs_acknowledgement
    announcement.publish_at = body.publish_at
    announcement.expires_at = body.expires_at


async def _require_documents(
    session: Session, actor: Actor, organisation: Organisation, body: AnnouncementReplace
) -> None:
    await require_attachable(session, actor, body.document_ids, path=organisation.path, pointer="/document_ids")


async def _attach(session: Session, announcement: Announcement, body: AnnouncementReplace) -> None:
    for position, document_id in enumerate(body.document_ids, start=1):
        session.add(AnnouncementDocument(announcement_id=announcement.id, document_id=document_id, position=position))


def _fact(kind: type[AnnouncementEvent], announcement: Announcement, *, by: Actor | None) -> AnnouncementEvent:
    return kind(
        organisation_id=announcement.organisation_id,
        subject_id=announcement.id,
        actor_member_id=by.member_id if by else None,
        version=announcement.version,
    )
