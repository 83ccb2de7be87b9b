"""Commands of resolutions: drafting, new versions, comments opened and closed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.scopes import Change
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.meetings import service as meetings
from app.meetings.errors import MeetingNotFound
from app.meetings.models import Meeting, MeetingStatus
from app.meetings.queries import get_visible_meeting
from app.notifications.service import withdraw_notices
from app.organisations.queries import get_lasting_organisation, hold_organisation
from app.polls import service as polls
from app.resolutions import access, queries
from app.resolutions.errors import (
    CommentsUntilOutOfRange,
    ParagraphUnknown,
    ResolutionAlreadyExists,
    ResolutionDecided,
    ResolutionMeetingUnknown,
    ResolutionNotDraft,
    ResolutionNotOpen,
)
from app.resolutions.events import (
    ResolutionClosed,
    ResolutionDiscarded,
    ResolutionDrafted,
    ResolutionEdited,
    ResolutionEvent,
    ResolutionOpened,
    ResolutionRevised,
)
from app.resolutions.models import (
    DECIDED,
    Resolution,
    ResolutionComment,
    ResolutionParagraph,
    ResolutionStatus,
    ResolutionVersion,
)
from app.resolutions.schemas import (
    Opening,
    ParagraphCreate,
    ParagraphReplace,
    ResolutionCreate,
    ResolutionReplace,
    ResolutionView,
    places_of,
)

LONGEST = timedelta(days=366)
SWEEP_SIZE = 500


async def draft_resolution(
    session: Session, actor: Actor, organisation_id: UUID, body: ResolutionCreate
) -> ResolutionView:
    """Write the first version of a draft that only organisers see.

    Raises OrganisationNotFound, NotForYourPost, ResolutionMeetingUnknown, and ResolutionAlreadyExists for a taken id.
    """
    await get_lasting_organisation(session, actor, organisation_id)
    access.require_organiser(actor, organisation_id)
    await _require_meeting(session, actor, organisation_id, body.meeting_id)
    resolution = Resolution(
        id=body.id or session.new_id(),
        organisation_id=organisation_id,
        meeting_id=body.meeting_id,
        title=body.title,
        status=ResolutionStatus.draft,
        version=1,
        revision=1,
        created_by=actor.member_id,
        created_at=session.now(),
    )
    async with refusing_duplicates(session, {"pk_resolutions": ResolutionAlreadyExists}):
        session.add(resolution)
    await _write_version(session, actor, resolution, body.paragraphs)
    await record(session, fact_of(ResolutionDrafted, actor, resolution))
    return await queries.view_resolution(session, resolution)


async def replace_resolution(
    session: Session, actor: Actor, resolution_id: UUID, body: ResolutionReplace, *, expected: int
) -> ResolutionView:
    """Write a new version; the earlier ones, and the comments on them, stay.

    Paragraphs sent with their id stay the same paragraphs. While members comment, they are told. Where nothing but the
    meeting is another there is no new version, and what was voted on stays what may be adopted. Raises VersionChanged,
    ResolutionDecided, ResolutionMeetingUnknown, ParagraphUnknown.
    """
    resolution = await _for_change(session, actor, resolution_id)
    require_version(resolution.revision, expected)
    if resolution.status in DECIDED:
        raise ResolutionDecided
    is_moved = body.meeting_id != resolution.meeting_id
    if is_moved:
        await _require_meeting(session, actor, resolution.organisation_id, body.meeting_id)
        for one in filter(None, (resolution.meeting_id, body.meeting_id)):  # the votes on it stand in its minutes
            session.changes.append(Change(resolution.organisation_id, "minutes", one, 1))
    await _require_known(session, resolution, body.paragraphs)
    resolution.meeting_id = body.meeting_id
    resolution.revision += 1
    if is_moved and await _has_same_text(session, resolution, body):
        await record(session, fact_of(ResolutionEdited, actor, resolution))
        return await queries.view_resolution(session, resolution)
    resolution.title = body.title
    resolution.version += 1
    await _write_version(session, actor, resolution, body.paragraphs)
    await _touch_comments(session, resolution)
    if resolution.status_at(session.now()) is ResolutionStatus.open:
        await withdraw_notices(session, subject_id=resolution.id)  # nobody hears of two versions at once
        await record(session, fact_of(ResolutionRevised, actor, resolution))
    else:
        await record(session, fact_of(ResolutionEdited, actor, resolution))
    return await queries.view_resolution(session, resolution)


async def discard_resolution(session: Session, actor: Actor, resolution_id: UUID, *, expected: int) -> None:
    """Delete a draft; what members have seen stays. Raises VersionChanged, ResolutionNotDraft."""
    resolution = await _for_change(session, actor, resolution_id)
    require_version(resolution.revision, expected)
    if resolution.status is not ResolutionStatus.draft:
        raise ResolutionNotDraft
    await record(session, fact_of(ResolutionDiscarded, actor, resolution))
    await session.execute(delete(Resolution).where(Resolution.id == resolution.id))


async def discard_meeting(session: Session, actor: Actor, meeting_id: UUID, *, expected: int) -> None:
    """Delete the draft of a meeting, with the polls drafted for it; the resolutions that named it name none.

    Phones are told of all. Raises as `meetings.service.discard_meeting`.
    """
    await hold_organisation(session, select(Meeting.organisation_id).where(Meeting.id == meeting_id).scalar_subquery())
    seen, _ = await get_visible_meeting(session, actor, meeting_id)
    if seen.status is MeetingStatus.draft:  # before the meeting is held, as the steps of polls do it
        await polls.settle_polls(session, actor, meeting_id)
    session.expire(seen)  # it is judged as it is once it is held
    # Held first, so that no other comes to name it. Where it may not be discarded, this is rolled back too.
    await get_visible_meeting(session, actor, meeting_id, for_update=True)
    freed = await session.execute(
        update(Resolution)
        .where(Resolution.meeting_id == meeting_id)
        .values(meeting_id=None, revision=Resolution.revision + 1)
        .returning(Resolution.organisation_id, Resolution.id, Resolution.revision),
        execution_options={"synchronize_session": False},
    )
    session.changes += [Change(row.organisation_id, "resolution", row.id, row.revision) for row in freed]
    await meetings.discard_meeting(session, actor, meeting_id, expected=expected)


async def open_resolution(session: Session, actor: Actor, resolution_id: UUID, body: Opening) -> ResolutionView:
    """Open a draft for comments until an instant; the branch is told.

    Raises ResolutionNotDraft, and CommentsUntilOutOfRange for an end that is past or more than a year away.
    """
    resolution = await get_for_decision(session, actor, resolution_id)
    if resolution.status is not ResolutionStatus.draft:
        raise ResolutionNotDraft
    if not session.now() < body.comments_until <= session.now() + LONGEST:
        text = Text(vi="Phải sau hiện tại và trong vòng một năm", en="It must be after now and within a year")
        field = FieldProblem(pointer="/comments_until", code="out_of_range", detail=text)
        raise CommentsUntilOutOfRange(fields=(field,))
    resolution.status = ResolutionStatus.open
    resolution.comments_until = body.comments_until
    resolution.opened_at = session.now()
    resolution.revision += 1
    await record(session, fact_of(ResolutionOpened, actor, resolution))
    return await queries.view_resolution(session, resolution)


async def close_resolution(session: Session, actor: Actor, resolution_id: UUID) -> ResolutionView:
    """End the comments before their time. Raises ResolutionNotOpen."""
    resolution = await get_for_decision(session, actor, resolution_id)
    if resolution.status_at(session.now()) is not ResolutionStatus.open:
        raise ResolutionNotOpen
    await _close(session, actor, resolution)
    return await queries.view_resolution(session, resolution)


async def close_due_resolutions(session: Session) -> int:
    """Close up to 500 resolutions whose time for comments is over, and return how many: 0 is all done."""
    due = (
        await session.scalars(
            select(Resolution)
            .where(Resolution.status == ResolutionStatus.open, Resolution.comments_until <= session.now())
            .order_by(Resolution.comments_until)
            .limit(SWEEP_SIZE)
            .with_for_update(skip_locked=True)  # two workers share the sweep
        )
    ).all()
    for resolution in due:
        await _close(session, None, resolution)
    return len(due)


async def _close(session: Session, actor: Actor | None, resolution: Resolution) -> None:
    resolution.status = ResolutionStatus.closed
    resolution.revision += 1
    await withdraw_notices(session, subject_id=resolution.id)
    await record(session, fact_of(ResolutionClosed, actor, resolution))


async def hold_organisation_of(session: Session, resolution_id: UUID) -> None:
    """Keep the organisation of a resolution, if there is one, as it is until the unit of work ends."""
    its = select(Resolution.organisation_id).where(Resolution.id == resolution_id)
    await hold_organisation(session, its.scalar_subquery())


async def _for_change(session: Session, actor: Actor, resolution_id: UUID) -> Resolution:
    await hold_organisation_of(session, resolution_id)
    found = await queries.get_visible_resolution(session, actor, resolution_id, for_update=True)
    access.require_organiser(actor, found.resolution.organisation_id)
    return found.resolution


async def get_for_decision(session: Session, actor: Actor, resolution_id: UUID) -> Resolution:
    """Return a resolution locked, for who leads its organisation; raises ResolutionNotFound, NotForYourPost."""
    await hold_organisation_of(session, resolution_id)
    found = await queries.get_visible_resolution(session, actor, resolution_id, for_update=True)
    access.require_leader(actor, found.resolution.organisation_id)
    return found.resolution


async def _require_meeting(session: Session, actor: Actor, organisation_id: UUID, meeting_id: UUID | None) -> None:
    """Raise ResolutionMeetingUnknown unless it is a meeting of the organisation whose minutes do not stand yet.

    It is not discarded, and they are not approved, meanwhile.
    """
    if meeting_id is None:
        return
    try:
        meeting, _ = await get_visible_meeting(session, actor, meeting_id, for_share=True)
    except MeetingNotFound:
        meeting = None
    if meeting is None or meeting.organisation_id != organisation_id:
        text = Text(vi="Tổ chức không có cuộc họp này", en="The organisation has no such meeting")
        field = FieldProblem(pointer="/meeting_id", code="meeting_not_found", detail=text)
        raise ResolutionMeetingUnknown(fields=(field,))
    if meeting.status in {MeetingStatus.minutes_approved, MeetingStatus.published}:
        text = Text(vi="Biên bản cuộc họp này đã được thông qua", en="The minutes of this meeting are approved")
        field = FieldProblem(pointer="/meeting_id", code="minutes_approved", detail=text)
        raise ResolutionMeetingUnknown(fields=(field,))


async def _require_known(session: Session, resolution: Resolution, paragraphs: list[ParagraphReplace]) -> None:
    known = set(
        await session.scalars(
            select(ResolutionParagraph.paragraph_id).where(ResolutionParagraph.resolution_id == resolution.id)
        )
    )
    text = Text(vi="Chưa bản nào có đoạn này", en="No version has this paragraph")
    unknown = tuple(
        FieldProblem(pointer=f"/paragraphs/{index}/id", code="paragraph_not_found", detail=text)
        for index, paragraph in enumerate(paragraphs)
        if paragraph.id is not None and paragraph.id not in known
    )
    if unknown:
        raise ParagraphUnknown(fields=unknown)


async def _has_same_text(session: Session, resolution: Resolution, body: ResolutionReplace) -> bool:
    """Say whether title and paragraphs are those of the current version, in their order and with their ids."""
    rows = await session.execute(
        select(ResolutionParagraph.paragraph_id, ResolutionParagraph.text)
        .where(ResolutionParagraph.resolution_id == resolution.id, ResolutionParagraph.version == resolution.version)
        .order_by(ResolutionParagraph.position)
    )
    current = [(row.paragraph_id, row.text) for row in rows]
    return body.title == resolution.title and current == _in_order(body.paragraphs)


def _in_order(paragraphs: list[ParagraphCreate] | list[ParagraphReplace]) -> list[tuple[UUID | None, str]]:
    """Return the id that each paragraph was sent with, and its text, in the order of their places."""
    placed = sorted(zip(places_of(paragraphs), paragraphs, strict=True), key=lambda pair: pair[0])
    return [(each.id if isinstance(each, ParagraphReplace) else None, each.text) for _, each in placed]


async def _write_version(
    session: Session,
    actor: Actor,
    resolution: Resolution,
    paragraphs: list[ParagraphCreate] | list[ParagraphReplace],
) -> None:
    """Keep the text as the current version, its paragraphs numbered from 1 in the order of their places."""
    session.add(
        ResolutionVersion(
            resolution_id=resolution.id,
            version=resolution.version,
            title=resolution.title,
            created_by=actor.member_id,
            created_at=session.now(),
        )
    )
    await session.flush()  # without relationships the order of inserts is ours to say
    for position, (given, words) in enumerate(_in_order(paragraphs), start=1):
        session.add(
            ResolutionParagraph(
                resolution_id=resolution.id,
                version=resolution.version,
                paragraph_id=given or session.new_id(),
                position=position,
                text=words,
            )
        )


async def _touch_comments(session: Session, resolution: Resolution) -> None:
    """Have phones fetch the comments again, which show their paragraph as it is now."""
    comments = await session.execute(
        select(ResolutionComment.id, ResolutionComment.revision).where(ResolutionComment.resolution_id == resolution.id)
    )
    session.changes += [Change(resolution.organisation_id, "comment", row.id, row.revision) for row in comments]


def fact_of(
    kind: type[ResolutionEvent], actor: Actor | None, resolution: Resolution, **more: object
) -> ResolutionEvent:
    """Return what happened to a resolution, with what only this kind of event says; actor None is the clock."""
    return kind.model_validate(
        {
            "organisation_id": resolution.organisation_id,
            "subject_id": resolution.id,
            "actor_member_id": actor.member_id if actor else None,
            "version": resolution.version,
            "revision": resolution.revision,
            **more,
        }
    )
