"""Commands that decide a resolution: polls on it, adoption and rejection."""

from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.scopes import Change
from app.kernel.security import Actor
from app.meetings.models import Meeting, MeetingStatus
from app.organisations.models import Organisation
from app.polls import service as polls
from app.polls.errors import MeetingTakesNoPolls, PollNotClosed, PollNotFound
from app.polls.models import Poll, PollStatus, SubjectType
from app.polls.results.queries import get_decision
from app.polls.schemas import PollCreate, PollView
from app.resolutions import access, queries
from app.resolutions.errors import (
    PollMissing,
    PollNotOfResolution,
    PollNotPassed,
    ResolutionDecided,
    ResolutionNotClosed,
    ResolutionNotOpen,
    ResolutionRevisedSincePoll,
)
from app.resolutions.events import ResolutionAdopted, ResolutionRejected
from app.resolutions.models import DECIDED, Resolution, ResolutionStatus, ResolutionVersion
from app.resolutions.numbering import quoted_number
from app.resolutions.schemas import Adoption, Rejection, ResolutionView
from app.resolutions.service import fact_of, get_for_decision, hold_organisation_of


async def draft_resolution_poll(session: Session, actor: Actor, resolution_id: UUID, body: PollCreate) -> PollView:
    """Write a poll on the resolution, to be opened when it is to be decided; only organisers see it.

    Raises ResolutionNotFound, NotForYourPost, ResolutionNotOpen for a draft, ResolutionDecided, PollAlreadyExists.
    """
    await hold_organisation_of(session, resolution_id)
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
    minutes of its meeting stand, until it names another meeting or none.
    """
    resolution = await get_for_decision(session, actor, resolution_id)
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
    await record(session, fact_of(ResolutionAdopted, actor, resolution, number=number, poll_id=body.poll_id))
    if meeting_id is not None:
        session.changes.append(Change(resolution.organisation_id, "minutes", meeting_id, 1))
    return await queries.view_resolution(session, resolution)


async def reject_resolution(session: Session, actor: Actor, resolution_id: UUID, body: Rejection) -> ResolutionView:
    """Note that the resolution was not adopted, and why. Raises ResolutionNotClosed, and PollNotClosed."""
    resolution = await get_for_decision(session, actor, resolution_id)
    if resolution.status_at(session.now()) is not ResolutionStatus.closed:
        raise ResolutionNotClosed
    await polls.settle_polls(session, actor, resolution.id)
    resolution.status = ResolutionStatus.rejected
    resolution.reason = body.reason
    resolution.decided_at = session.now()
    resolution.revision += 1
    await record(session, fact_of(ResolutionRejected, actor, resolution))
    return await queries.view_resolution(session, resolution)


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
