"""Reads of resolutions; visibility comes first in each."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    union,
)

from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.pagination import CursorInvalid, PageRequest
from app.kernel.security import Actor
from app.meetings.convening.queries import convened_to
from app.meetings.models import MeetingKind
from app.members.models import Member, Standing
from app.members.queries import Day, belonged_to_its_end, convened, hosts_of, organisers_of
from app.organisations.models import Organisation
from app.organisations.queries import find_lasting_id, get_visible_organisation
from app.resolutions import access
from app.resolutions.comparison import Comparison, Paragraph, compare_paragraphs
from app.resolutions.comparison_page import render_comparison
from app.resolutions.errors import ResolutionNotFound, ResolutionVersionNotFound
from app.resolutions.models import (
    Resolution,
    ResolutionComment,
    ResolutionParagraph,
    ResolutionStatus,
    ResolutionVersion,
)
from app.resolutions.schemas import (
    AdoptedResolution,
    ComparisonView,
    ParagraphComparisonView,
    ParagraphView,
    ResolutionPage,
    ResolutionSummary,
    ResolutionVersionPage,
    ResolutionVersionSummary,
    ResolutionVersionView,
    ResolutionView,
    SegmentView,
)

_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A resolution that the caller sees, where it belongs, and whether they are a guest there."""

    resolution: Resolution
    path: tuple[UUID, ...]
    is_guest: bool


def audience_of(organisation_id: UUID, on: date) -> Select[UUID]:
    """Select the ids of whoever a draft is for: those convened to the branch, or sitting on the committee."""
    seats = convened_to(organisation_id=organisation_id, kind=MeetingKind.committee, on=on)
    return select(Member.id).where(or_(Member.id.in_(convened(organisation_id, on)), Member.id.in_(seats)))


async def readers_of_comments(session: Session, organisation_id: UUID) -> CompoundSelect[UUID]:
    """Select the ids of whoever `access.takes_part` in what an organisation drafts, or did before it ended."""
    today = session.today()
    return union(
        convened(organisation_id, today),
        convened_to(organisation_id=organisation_id, kind=MeetingKind.committee, on=today),
        belonged_to_its_end(organisation_id, today),
        organisers_of(await find_lasting_id(session, organisation_id), today),
    )


def is_guest_of(member_id: UUID | SQLColumnExpression[UUID], organisation_id: Any, on: Day) -> ColumnElement[bool]:
    """Say whether somebody is a temporary guest there; Any: an id or a column of ids."""
    return hosts_of(member_id, on).where(Standing.organisation_id == organisation_id).exists()


@cache
def is_asker_guest() -> ColumnElement[bool]:
    """Say whether `me` is on the day `today` a guest where a resolution is: parameters, for statements made once."""
    return is_guest_of(bindparam("me", type_=Uuid()), Resolution.organisation_id, bindparam("today", type_=Date()))


# Made once: to put it together takes longer than to answer it.
@cache
def _select_visible(*, for_update: bool, for_share: bool) -> Select[Resolution, list[UUID], bool]:
    wanted = (
        select(Resolution, Organisation.path, is_asker_guest().label("is_guest"))
        .join(Organisation, Organisation.id == Resolution.organisation_id)
        .where(Resolution.id == bindparam("resolution", type_=Uuid()))
    )
    return wanted.with_for_update(of=Resolution, read=for_share) if for_update or for_share else wanted


async def get_visible_resolution(
    session: Session, actor: Actor, resolution_id: UUID, *, for_update: bool = False, for_share: bool = False
) -> Found:
    """Return a resolution; raises ResolutionNotFound where the caller may not know of it.

    `for_update` locks it until the unit of work ends, so that two organisers' steps follow each other; `for_share`
    only keeps it as it is, while several members comment.
    """
    wanted = _select_visible(for_update=for_update, for_share=for_share)
    given = {"me": actor.member_id, "today": session.today(), "resolution": resolution_id}
    row = (await session.execute(wanted, given)).one_or_none()
    if row is None:
        raise ResolutionNotFound
    status = row.Resolution.status_at(session.now())
    access.require_visible(actor, status, row.path, is_guest=row.is_guest)
    return Found(resolution=row.Resolution, path=tuple(row.path), is_guest=row.is_guest)


async def _get_for_readers_of_drafts(session: Session, actor: Actor, resolution_id: UUID) -> Resolution:
    found = await get_visible_resolution(session, actor, resolution_id)
    access.require_part(actor, found.resolution.organisation_id, is_guest=found.is_guest)
    return found.resolution


async def get_resolution(session: Session, actor: Actor, resolution_id: UUID) -> ResolutionView:
    """Return a resolution with its current text; raises ResolutionNotFound."""
    found = await get_visible_resolution(session, actor, resolution_id)
    return await view_resolution(session, found.resolution)


async def view_resolution(session: Session, resolution: Resolution) -> ResolutionView:
    """Return a resolution that the caller is known to see."""
    await session.flush()
    comments = (await session.execute(select(_comment_count(resolution.id)))).scalar_one()
    paragraphs = await _paragraphs(session, resolution.id, resolution.version)
    return ResolutionView(**_summary(session, resolution, comments), paragraphs=paragraphs)


async def find_resolutions(session: Session, actor: Actor, ids: Collection[UUID]) -> list[ResolutionView]:
    """Return those of the resolutions that the caller may know of, with their current texts."""
    is_guest = is_guest_of(actor.member_id, Resolution.organisation_id, session.today()).label("is_guest")
    found = await session.execute(
        select(Resolution, Organisation.path, _comment_count(Resolution.id).label("comment_count"), is_guest)
        .join(Organisation, Organisation.id == Resolution.organisation_id)
        .where(Resolution.id.in_(ids))
    )
    rows = [
        row
        for row in found
        if access.sees(actor, row.Resolution.status_at(session.now()), row.path, is_guest=row.is_guest)
    ]
    of_text = tuple_(ResolutionParagraph.resolution_id, ResolutionParagraph.version)
    texts: dict[UUID, list[ParagraphView]] = defaultdict(list)
    for paragraph in await session.scalars(
        select(ResolutionParagraph)
        .where(of_text.in_([(row.Resolution.id, row.Resolution.version) for row in rows]))
        .order_by(ResolutionParagraph.position)
    ):
        texts[paragraph.resolution_id].append(
            ParagraphView(id=paragraph.paragraph_id, position=paragraph.position, text=paragraph.text)
        )
    return [
        ResolutionView(**_summary(session, row.Resolution, row.comment_count), paragraphs=texts[row.Resolution.id])
        for row in rows
    ]


async def list_resolutions(
    session: Session, actor: Actor, organisation_id: UUID, *, meeting_id: UUID | None, paging: PageRequest
) -> ResolutionPage:
    """Return an organisation's resolutions, the newest first, as far as the caller may know of them.

    Organisers see all, members what was opened, officers above what was adopted. Raises OrganisationNotFound.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    wanted = select(Resolution, _comment_count(Resolution.id).label("comment_count")).where(
        Resolution.organisation_id == organisation_id
    )
    if not access.organises(actor, organisation_id):
        is_guest = bool(await session.scalar(select(is_guest_of(actor.member_id, organisation_id, session.today()))))
        if access.takes_part(actor, organisation_id, is_guest=is_guest):
            wanted = wanted.where(Resolution.status != ResolutionStatus.draft)
        elif access.oversees(actor, organisation.path):
            wanted = wanted.where(Resolution.status == ResolutionStatus.adopted)
        else:
            return ResolutionPage(items=[], next_cursor=None)
    if meeting_id is not None:
        wanted = wanted.where(Resolution.meeting_id == meeting_id)
    after = paging.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(Resolution.created_at, Resolution.id) < tuple_(*after))
    newest = (Resolution.created_at.desc(), Resolution.id.desc())
    rows = (await session.execute(wanted.order_by(*newest).limit(paging.limit + 1))).all()
    return paging.page(
        rows,
        into=ResolutionPage,
        view=lambda row: ResolutionSummary(**_summary(session, row.Resolution, row.comment_count)),
        key=lambda row: (row.Resolution.created_at.isoformat(), row.Resolution.id),
    )


def _comment_count(resolution_id: Any) -> Any:
    # Any: an id or a column of ids; SQLAlchemy's scalar subquery.
    counted = select(func.count()).select_from(ResolutionComment)
    return counted.where(ResolutionComment.resolution_id == resolution_id).scalar_subquery()


def _summary(session: Session, resolution: Resolution, comment_count: int) -> dict[str, Any]:
    # Any: fields of several types.
    named = {name: getattr(resolution, name) for name in ResolutionSummary.model_fields if hasattr(resolution, name)}
    return {**named, "status": resolution.status_at(session.now()), "comment_count": comment_count}


async def _paragraphs(session: Session, resolution_id: UUID, version: int) -> list[ParagraphView]:
    rows = await session.execute(
        select(ResolutionParagraph.paragraph_id, ResolutionParagraph.position, ResolutionParagraph.text)
        .where(ResolutionParagraph.resolution_id == resolution_id, ResolutionParagraph.version == version)
        .order_by(ResolutionParagraph.position)
    )
    return [ParagraphView(id=row.paragraph_id, position=row.position, text=row.text) for row in rows]


async def list_versions(
    session: Session, actor: Actor, resolution_id: UUID, *, paging: PageRequest
) -> ResolutionVersionPage:
    """Return the versions, the first one first; raises ResolutionNotFound, NotForYourPost for officers above."""
    await _get_for_readers_of_drafts(session, actor, resolution_id)
    wanted = select(ResolutionVersion).where(ResolutionVersion.resolution_id == resolution_id)
    if paging.after is not None:
        wanted = wanted.where(ResolutionVersion.version > _version_of(paging.after[0]))
    rows = (await session.scalars(wanted.order_by(ResolutionVersion.version).limit(paging.limit + 1))).all()
    return paging.page(
        rows,
        into=ResolutionVersionPage,
        view=lambda row: ResolutionVersionSummary(
            id=row.resolution_id, version=row.version, title=row.title, created_at=row.created_at
        ),
        key=lambda row: (str(row.version), row.resolution_id),
    )


def _version_of(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) <= len(str(_MOST))):
        raise CursorInvalid
    return min(int(written), _MOST)


async def get_version(session: Session, actor: Actor, resolution_id: UUID, version: int) -> ResolutionVersionView:
    """Return one version; raises ResolutionNotFound, ResolutionVersionNotFound, NotForYourPost for officers above."""
    await _get_for_readers_of_drafts(session, actor, resolution_id)
    return await _version(session, resolution_id, version)


async def _version(session: Session, resolution_id: UUID, version: int) -> ResolutionVersionView:
    found = await session.get(ResolutionVersion, (resolution_id, version))
    if found is None:
        raise ResolutionVersionNotFound
    return ResolutionVersionView(
        id=resolution_id,
        version=version,
        title=found.title,
        created_at=found.created_at,
        paragraphs=await _paragraphs(session, resolution_id, version),
    )


async def compare_versions(
    session: Session, actor: Actor, resolution_id: UUID, *, before: int | None, after: int | None
) -> ComparisonView:
    """Compare two versions: by default the current one with the one before it.

    Raises ResolutionNotFound, ResolutionVersionNotFound, NotForYourPost for officers above.
    """
    compared = await _compared(session, actor, resolution_id, before=before, after=after)
    return ComparisonView(
        resolution_id=resolution_id,
        from_version=compared.from_version,
        to_version=compared.to_version,
        title_before=compared.title_before,
        title_after=compared.title_after,
        paragraphs=[
            ParagraphComparisonView(
                id=one.id,
                change=one.change,
                position_before=one.before.position if one.before else None,
                position_after=one.after.position if one.after else None,
                text_before=one.before.text if one.before else None,
                text_after=one.after.text if one.after else None,
                segments=[SegmentView(kind=segment.kind, text=segment.text) for segment in one.segments],
            )
            for one in compared.paragraphs
        ],
    )


async def get_comparison_page(
    session: Session, actor: Actor, resolution_id: UUID, *, before: int | None, after: int | None, locale: Locale
) -> str:
    """Return what `compare_versions` does as an HTML page; raises the same."""
    compared = await _compared(session, actor, resolution_id, before=before, after=after)
    return render_comparison(compared, locale=locale)


async def _compared(
    session: Session, actor: Actor, resolution_id: UUID, *, before: int | None, after: int | None
) -> Comparison:
    resolution = await _get_for_readers_of_drafts(session, actor, resolution_id)
    later = resolution.version if after is None else after
    earlier = max(later - 1, 1) if before is None else before
    old = await _version(session, resolution_id, earlier)
    new = await _version(session, resolution_id, later)
    return Comparison(
        from_version=earlier,
        to_version=later,
        title_before=old.title,
        title_after=new.title,
        paragraphs=tuple(compare_paragraphs(_as_compared(old), _as_compared(new))),
    )


def _as_compared(view: ResolutionVersionView) -> list[Paragraph]:
    return [Paragraph(paragraph.id, paragraph.position, paragraph.text) for paragraph in view.paragraphs]


async def list_adopted(session: Session, *, meeting_id: UUID, organisation_id: UUID) -> list[AdoptedResolution]:
    """Return what a meeting of the organisation adopted, by number, for its minutes.

    Not what a successor adopted of a draft that was before it (domain.md 2). Whoever asks has judged who may read it.
    """
    wanted = and_(
        Resolution.meeting_id == meeting_id,
        Resolution.organisation_id == organisation_id,
        Resolution.status == ResolutionStatus.adopted,
    )
    rows = await session.scalars(
        select(Resolution).where(wanted).order_by(Resolution.number_year, Resolution.number_in_year)
    )
    return [await _adopted(session, resolution) for resolution in rows.all()]


async def get_adopted(session: Session, actor: Actor, resolution_id: UUID) -> AdoptedResolution:
    """Return an adopted resolution for its PDF; raises ResolutionNotFound for any that is not adopted."""
    found = await get_visible_resolution(session, actor, resolution_id)
    if found.resolution.status is not ResolutionStatus.adopted:
        raise ResolutionNotFound
    return await _adopted(session, found.resolution)


async def _adopted(session: Session, resolution: Resolution) -> AdoptedResolution:
    return AdoptedResolution.model_validate(
        {
            "id": resolution.id,
            "organisation_id": resolution.organisation_id,
            "number": resolution.number,
            "title": resolution.title,
            "adopted_at": resolution.decided_at,
            "decided_by_poll_id": resolution.decided_by_poll_id,
            "paragraphs": await _paragraphs(session, resolution.id, resolution.version),
        }
    )
