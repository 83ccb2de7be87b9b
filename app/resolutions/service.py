"""Commands of resolutions: drafting, new versions, comments opened and closed, adoption and rejection."""

from datetime import timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.scopes import Change
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.meetings.errors import MeetingNotFound
from app.meetings.models import Meeting, MeetingStatus
from app.meetings.queries import get_visible_meeting
from app.notifications.service import withdraw_notices
from app.organisations.models import Organisation
from app.organisations.queries import get_lasting_organisation, hold_organisation
from app.polls import service as polls
from app.polls.errors import MeetingTakesNoPolls, PollNotClosed, PollNotFound
from app.polls.models import Poll, PollStatus, SubjectType
from app.polls.queries import get_decision
from app.polls.schemas import PollCreate, PollView
from app.resolutions import access, queries
from app.resolutions.errors import (
    CommentsUntilOutOfRange,
    ParagraphUnknown,
    PollMissing,
    PollNotOfResolution,
    PollNotPassed,
    ResolutionAlreadyExists,
    ResolutionDecided,
    ResolutionMeetingUnknown,
    ResolutionNotClosed,
    ResolutionNotDraft,
    ResolutionNotOpen,
    ResolutionRevisedSincePoll,
)
from app.resolutions.events import (
    ResolutionAdopted,
    ResolutionClosed,
    ResolutionDiscarded,
    ResolutionDrafted,
    ResolutionEdited,
    ResolutionEvent,
    ResolutionOpened,
    ResolutionRejected,
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
from app.resolutions.numbering import quoted_number
from app.resolutions.schemas import (
    Adoption,
    Opening,
    ParagraphCreate,
    ParagraphReplace,
    Rejection,
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
    await record(session, _fact(ResolutionDrafted, actor, resolution))
    return await queries.view_resolution(session, resolution)


async def replace_resolution(
    session: Session, actor: Actor, resolution_id: UUID, body: ResolutionReplace, *, expected: int
) -> ResolutionView:
    """Write a new version; the earlier ones, and the comments on them, stay.

    Paragraphs sent with their id stay the same paragraphs. While members comment, they are told. Raises
    VersionChanged, ResolutionDecided, ResolutionMeetingUnknown, ParagraphUnknown.
    """
    resolution = await _for_change(session, actor, resolution_id)
    require_version(resolution.revision, expected)
    if resolution.status in DECIDED:
        raise ResolutionDecided
    if body.meeting_id != resolution.meeting_id:
        await _require_meeting(session, actor, resolution.organisation_id, body.meeting_id)
        for one in filter(None, (resolution.meeting_id, body.meeting_id)):  # the votes on it stand in its minutes
            session.changes.append(Change(resolution.organisation_id, "minutes", one, 1))
    await _require_known(session, resolution, body.paragraphs)
    resolution.title = body.title
    resolution.meeting_id = body.meeting_id
    resolution.version += 1
    resolution.revision += 1
    await _write_version(session, actor, resolution, body.paragraphs)
    await _touch_comments(session, resolution)
    if resolution.status_at(session.now()) is ResolutionStatus.open:
        await withdraw_notices(session, subject_id=resolution.id)  # nobody hears of two versions at once
        await record(session, _fact(ResolutionRevised, actor, resolution))
    else:
        await record(session, _fact(ResolutionEdited, actor, resolution))
    return await queries.view_resolution(session, resolution)


async def discard_resolution(session: Session, actor: Actor, resolution_id: UUID, *, expected: int) -> None:
    """Delete a draft; what members have seen stays. Raises VersionChanged, ResolutionNotDraft."""
    resolution = await _for_change(session, actor, resolution_id)
    require_version(resolution.revision, expected)
    if resolution.status is not ResolutionStatus.draft:
        raise ResolutionNotDraft
    await record(session, _fact(ResolutionDiscarded, actor, resolution))
    await session.execute(delete(Resolution).where(Resolution.id == resolution.id))


async def open_resolution(session: Session, actor: Actor, resolution_id: UUID, body: Opening) -> ResolutionView:
    """Open a draft for comments until an instant; the branch is told.

    Raises ResolutionNotDraft, and CommentsUntilOutOfRange for an end that is past or more than a year away.
    """
    resolution = await _for_decision(session, actor, resolution_id)
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
    await record(session, _fact(ResolutionOpened, actor, resolution))
    return await queries.view_resolution(session, resolution)


async def close_resolution(session: Session, actor: Actor, resolution_id: UUID) -> ResolutionView:
    """End the comments before their time. Raises ResolutionNotOpen."""
    resolution = await _for_decision(session, actor, resolution_id)
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


async def draft_resolution_poll(session: Session, actor: Actor, resolution_id: UUID, body: PollCreate) -> PollView:
    """Write a poll on the resolution, to be opened when it is to be decided; only organisers see it.

    Raises ResolutionNotFound, NotForYourPost, ResolutionNotOpen for a draft, ResolutionDecided, PollAlreadyExists.
    """
    await _hold_organisation(session, resolution_id)
    found = await queries.get_visible_resolution(session, actor, resolution_id, for_share=True)
    resolution = found.resolution
    access.require_organiser(actor, resolution.organisation_id)
    if resolution.status is ResolutionStatus.draft:
        raise ResolutionNotOpen
    if resolution.status in DECIDED:
        raise ResolutionDecided
    return await polls.draft_poll(
        session,
        actor,
        body,
        organisation_id=resolution.organisation_id,
        subject_type=SubjectType.resolution,
        subject_id=resolution.id,
    )


async def open_poll(session: Session, actor: Actor, poll_id: UUID) -> PollView:
    """Call the electors to vote, on a resolution or in a meeting.

    Raises as `polls.service.open_poll`, MeetingTakesNoPolls also where the minutes of the resolution's meeting stand.
    """
    poll = await polls.get_for_change(session, actor, poll_id)
    if poll.subject_type is SubjectType.resolution and poll.status is PollStatus.draft:
        resolution = await session.get(Resolution, poll.subject_id)
        if resolution is not None:
            await _find_own_meeting(session, resolution)
    return await polls.open_poll(session, actor, poll_id)


async def close_poll(session: Session, actor: Actor, poll_id: UUID, *, chance: Random) -> PollView:
    """Count the votes as `polls.service.close_poll` does; of a resolution's own meeting the minutes say how it went."""
    view = await polls.close_poll(session, actor, poll_id, chance=chance)
    meeting_id = await session.scalar(
        select(Meeting.id)
        .join(Resolution, Resolution.meeting_id == Meeting.id)
        .join(Poll, Poll.subject_id == Resolution.id)
        .where(Poll.id == poll_id, Meeting.organisation_id == Poll.organisation_id)
    )
    if meeting_id is not None:
        session.changes.append(Change(view.organisation_id, "minutes", meeting_id, 1))
    return view


async def adopt_resolution(session: Session, actor: Actor, resolution_id: UUID, body: Adoption) -> ResolutionView:
    """Adopt what a poll has passed (domain.md 20), and give it the next number of the year.

    Raises ResolutionNotClosed, PollMissing, PollNotOfResolution, PollNotClosed (another of its polls, too),
    PollNotPassed, ResolutionRevisedSincePoll: what was voted on is what is adopted, and MeetingTakesNoPolls where the
    minutes of its meeting stand.
    """
    resolution = await _for_decision(session, actor, resolution_id)
    if resolution.status_at(session.now()) is not ResolutionStatus.closed:
        raise ResolutionNotClosed
    if body.poll_id is None:
        raise PollMissing
    await _require_passed(session, resolution, body.poll_id)
    meeting_id = await _find_own_meeting(session, resolution)
    await polls.settle_polls(session, actor, resolution.id)
    number = await _give_number(session, resolution)
    resolution.status = ResolutionStatus.adopted
    resolution.decided_by_poll_id = body.poll_id
    resolution.decided_at = session.now()
    resolution.revision += 1
    await record(session, _fact(ResolutionAdopted, actor, resolution, number=number, poll_id=body.poll_id))
    if meeting_id is not None:
        session.changes.append(Change(resolution.organisation_id, "minutes", meeting_id, 1))
    return await queries.view_resolution(session, resolution)


async def reject_resolution(session: Session, actor: Actor, resolution_id: UUID, body: Rejection) -> ResolutionView:
    """Note that the resolution was not adopted, and why. Raises ResolutionNotClosed, and PollNotClosed."""
    resolution = await _for_decision(session, actor, resolution_id)
    if resolution.status_at(session.now()) is not ResolutionStatus.closed:
        raise ResolutionNotClosed
    await polls.settle_polls(session, actor, resolution.id)
    resolution.status = ResolutionStatus.rejected
    resolution.reason = body.reason
    resolution.decided_at = session.now()
    resolution.revision += 1
    await record(session, _fact(ResolutionRejected, actor, resolution))
    return await queries.view_resolution(session, resolution)


async def _close(session: Session, actor: Actor | None, resolution: Resolution) -> None:
    resolution.status = ResolutionStatus.closed
    resolution.revision += 1
    await withdraw_notices(session, subject_id=resolution.id)
    await record(session, _fact(ResolutionClosed, actor, resolution))


async def _hold_organisation(session: Session, resolution_id: UUID) -> None:
    its = select(Resolution.organisation_id).where(Resolution.id == resolution_id)
    await hold_organisation(session, its.scalar_subquery())


async def _for_change(session: Session, actor: Actor, resolution_id: UUID) -> Resolution:
    await _hold_organisation(session, resolution_id)
    found = await queries.get_visible_resolution(session, actor, resolution_id, for_update=True)
    access.require_organiser(actor, found.resolution.organisation_id)
    return found.resolution


async def _for_decision(session: Session, actor: Actor, resolution_id: UUID) -> Resolution:
    await _hold_organisation(session, resolution_id)
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


async def _find_own_meeting(session: Session, resolution: Resolution) -> UUID | None:
    """Return the meeting that a resolution names, whose minutes are not approved before the unit of work ends.

    None for a meeting of a branch that was merged: its minutes do not say what the successor does. Nor for a draft,
    which has none, and is not waited for: whoever discards it waits for the resolutions that name it. Raises
    MeetingTakesNoPolls once they are approved: what is voted on or adopted later would stand in no minutes.
    """
    status = await session.scalar(
        select(Meeting.status)
        .where(
            Meeting.id == resolution.meeting_id,
            Meeting.organisation_id == resolution.organisation_id,
            Meeting.status != MeetingStatus.draft,
        )
        .with_for_update(read=True)
    )
    if status in {MeetingStatus.minutes_approved, MeetingStatus.published}:
        raise MeetingTakesNoPolls
    return None if status is None else resolution.meeting_id


async def _require_passed(session: Session, resolution: Resolution, poll_id: UUID) -> None:
    try:
        decision = await get_decision(session, poll_id)
    except PollNotFound:
        raise PollNotOfResolution from None
    if (decision.subject_type, decision.subject_id) != (SubjectType.resolution, resolution.id):
        raise PollNotOfResolution
    if decision.status is not PollStatus.closed:
        raise PollNotClosed
    if not decision.passed:
        raise PollNotPassed
    voted_in, opened_at = (
        await session.execute(select(Poll.organisation_id, Poll.opened_at).where(Poll.id == poll_id))
    ).one()
    if voted_in != resolution.organisation_id:  # a branch that was merged since: the successor's members did not vote
        raise PollNotOfResolution
    written_at = await session.scalar(
        select(ResolutionVersion.created_at).where(
            ResolutionVersion.resolution_id == resolution.id, ResolutionVersion.version == resolution.version
        )
    )
    if opened_at is None or written_at is None or written_at > opened_at:
        raise ResolutionRevisedSincePoll


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
    placed = sorted(zip(places_of(paragraphs), paragraphs, strict=True), key=lambda pair: pair[0])
    for position, (_, paragraph) in enumerate(placed, start=1):
        given = paragraph.id if isinstance(paragraph, ParagraphReplace) else None
        session.add(
            ResolutionParagraph(
                resolution_id=resolution.id,
                version=resolution.version,
                paragraph_id=given or session.new_id(),
                position=position,
                text=paragraph.text,
            )
        )


async def _touch_comments(session: Session, resolution: Resolution) -> None:
    """Have phones fetch the comments again, which show their paragraph as it is now."""
    comments = await session.execute(
        select(ResolutionComment.id, ResolutionComment.revision).where(ResolutionComment.resolution_id == resolution.id)
    )
    session.changes += [Change(resolution.organisation_id, "comment", row.id, row.revision) for row in comments]


async def _give_number(session: Session, resolution: Resolution) -> str:
    """Take the next number of the organisation's year; its row is locked, so that two adoptions follow each other."""
    organisation = await session.get_one(Organisation, resolution.organisation_id, with_for_update={"key_share": True})
    year = session.now().astimezone(ZoneInfo(organisation.time_zone)).year
    last = await session.scalar(
        select(func.max(Resolution.number_in_year)).where(
            Resolution.organisation_id == organisation.id, Resolution.number_year == year
        )
    )
    resolution.number_year = year
    resolution.number_in_year = (last or 0) + 1
    resolution.number = quoted_number(resolution.number_in_year, kind=organisation.kind)
    return resolution.number


def _fact(kind: type[ResolutionEvent], actor: Actor | None, resolution: Resolution, **more: object) -> ResolutionEvent:
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
