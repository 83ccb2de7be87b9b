"""Routes of polls."""

from secrets import SystemRandom
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.errors import MeetingNotFound, MeetingNotUpcoming
from app.meetings.schemas import Cancellation, MeetingView
from app.organisations.errors import OrganisationNotFound
from app.polls import queries, service
from app.polls.errors import (
    MeetingTakesNoPolls,
    PollAlreadyExists,
    PollHasBallots,
    PollIsSecret,
    PollNotClosed,
    PollNotDraft,
    PollNotFound,
)
from app.polls.models import PollStatus
from app.polls.schemas import (
    PollChange,
    PollCreate,
    PollPage,
    PollView,
    VotePage,
)

CHANCE = SystemRandom()
"""What mixes secret ballots: the system's own randomness, which nobody can replay."""

me = Router(prefix="/me", tags=["polls"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["polls"], route_class=StrictRoute)
meetings = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)
router = Router(tags=["polls"], route_class=StrictRoute)


@organisations.get(
    "/{organisation_id}/polls",
    operation_id="listPolls",
    summary="Polls of an organisation",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_polls(
    session: DbSession,
    actor: CurrentActor,
    organisation_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    status: Annotated[PollStatus | None, Query(description="Only those in this state", examples=["open"])] = None,
) -> PollPage:
    """List an organisation's polls, by their making.

    Its organisers see drafts too; officers above see closed ones, with their figures.
    """
    page = await queries.list_polls(session, actor, organisation_id, status=status, paging=paging)
    return tagged.page(linked(page))


@router.post(
    "/meetings/{meeting_id}/polls",
    operation_id="draftMeetingPoll",
    status_code=201,
    summary="Draft a poll in a meeting",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingTakesNoPolls, PollAlreadyExists),
)
async def draft_meeting_poll(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, body: PollCreate, tagged: Tagged
) -> PollView:
    """Write a poll that only organisers see until it is opened; in a committee meeting the committee will vote."""
    return tagged.one(await service.draft_meeting_poll(session, actor, meeting_id, body))


# Here, since only polls know in which of them nobody votes any more.
@meetings.post(
    "/{meeting_id}/cancel",
    operation_id="cancelMeeting",
    summary="Cancel the meeting",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotUpcoming),
)
async def cancel_meeting(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, body: Cancellation, tagged: Tagged
) -> MeetingView:
    """Call an announced meeting off, with the reason; everybody is told, and no reminder follows."""
    return tagged.one(await service.cancel_meeting(session, actor, meeting_id, body))


@router.get("/polls/{poll_id}", operation_id="getPoll", summary="A poll", responses=problems(PollNotFound))
async def get_poll(session: DbSession, actor: CurrentActor, poll_id: UUID, tagged: Tagged) -> PollView:
    """Return a poll, whether I may vote and have voted, and after the close its result; never how I voted."""
    return tagged.one(await queries.get_poll(session, actor, poll_id))


@router.patch(
    "/polls/{poll_id}",
    operation_id="changePoll",
    summary="Change a draft",
    responses=problems(PollNotFound, NotForYourPost, PollNotDraft),
)
async def change_poll(
    session: DbSession, actor: CurrentActor, poll_id: UUID, body: PollChange, expected: ExpectedVersion, tagged: Tagged
) -> PollView:
    """Change question, matter or secrecy of a draft; from the opening on they are fixed."""
    return tagged.one(await service.change_poll(session, actor, poll_id, body, expected=expected))


@router.delete(
    "/polls/{poll_id}",
    operation_id="discardPoll",
    status_code=204,
    summary="Discard a poll",
    responses=problems(PollNotFound, NotForYourPost, PollNotDraft, PollHasBallots),
)
async def discard_poll(session: DbSession, actor: CurrentActor, poll_id: UUID, expected: ExpectedVersion) -> None:
    """Delete a draft, or what was opened by mistake while nobody has voted in it: whom it called are told.

    What somebody has voted in can only be closed.
    """
    await service.discard_poll(session, actor, poll_id, expected=expected)


@router.get(
    "/polls/{poll_id}/votes",
    operation_id="listVotes",
    summary="Who voted how",
    responses=problems(PollNotFound, NotForYourPost, PollIsSecret, PollNotClosed, CursorInvalid),
)
async def list_votes(
    session: DbSession, actor: CurrentActor, poll_id: UUID, paging: Paging, tagged: Tagged, linked: Linked
) -> VotePage:
    """List the votes of a closed open poll, by name, for the branch itself; a secret one has none to show."""
    return tagged.page(linked(await queries.list_votes(session, actor, poll_id, paging=paging)))
