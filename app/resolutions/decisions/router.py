"""Routes by which resolutions are decided."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.polls.errors import (
    MeetingTakesNoPolls,
    PollAlreadyExists,
    PollNotClosed,
    PollNotDraft,
    PollNotFound,
    PollNotOpen,
    TooFewElectors,
)
from app.polls.router import CHANCE
from app.polls.schemas import PollCreate, PollView
from app.resolutions.decisions import service
from app.resolutions.errors import (
    PollMissing,
    PollNotOfResolution,
    PollNotPassed,
    ResolutionDecided,
    ResolutionNotClosed,
    ResolutionNotFound,
    ResolutionNotOpen,
    ResolutionRevisedSincePoll,
)
from app.resolutions.schemas import Adoption, Rejection, ResolutionView

resolutions = Router(prefix="/resolutions", tags=["resolutions"], route_class=StrictRoute)
polls = Router(prefix="/polls", tags=["polls"], route_class=StrictRoute)


@resolutions.post(
    "/{resolution_id}/polls",
    operation_id="draftResolutionPoll",
    status_code=201,
    summary="Draft a poll on a resolution",
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionNotOpen, ResolutionDecided, PollAlreadyExists),
)
async def draft_resolution_poll(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, body: PollCreate, tagged: Tagged
) -> PollView:
    """Write the poll that is to decide; only organisers see it until it is opened."""
    return tagged.one(await service.draft_resolution_poll(session, actor, resolution_id, body))


# These two here, since only resolutions know of which meeting's minutes a vote on one will be part.
@polls.post(
    "/{poll_id}/open",
    operation_id="openPoll",
    summary="Open the poll",
    responses=problems(PollNotFound, NotForYourPost, PollNotDraft, MeetingTakesNoPolls, TooFewElectors),
)
async def open_poll(session: DbSession, actor: CurrentActor, poll_id: UUID, tagged: Tagged) -> PollView:
    """Freeze the electorate, the rules of the day and the secrecy, and tell the electors.

    The electorate is all official members of the branch that day, absent or not. Whoever is temporarily away or exempt
    may vote, and counts in `electorate_count` only if they do. A secret ballot needs at least five electors. Once the
    minutes of a meeting are approved, nothing more is voted on of the resolutions that name it.
    """
    return tagged.one(await service.open_poll(session, actor, poll_id))


@polls.post(
    "/{poll_id}/close",
    operation_id="closePoll",
    summary="Close the poll",
    responses=problems(PollNotFound, NotForYourPost, PollNotOpen),
)
async def close_poll(session: DbSession, actor: CurrentActor, poll_id: UUID, tagged: Tagged) -> PollView:
    """Count, and write the result down.

    Secret ballots are written anew in random order, apart from who took part, so that the tables no longer tell whose
    is whose. The server's write-ahead log, its backups and the raw bytes of its files keep that link until they expire
    or are overwritten, and until the close whoever reads the tables themselves can tell. Voters cannot verify the
    result, as they could with a cryptographic voting system.
    """
    return tagged.one(await service.close_poll(session, actor, poll_id, chance=CHANCE))


@resolutions.post(
    "/{resolution_id}/adopt",
    operation_id="adoptResolution",
    summary="Adopt the resolution",
    responses=problems(
        ResolutionNotFound,
        NotForYourPost,
        ResolutionNotClosed,
        PollMissing,
        PollNotOfResolution,
        PollNotClosed,
        PollNotPassed,
        ResolutionRevisedSincePoll,
        MeetingTakesNoPolls,
    ),
)
async def adopt_resolution(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, body: Adoption, tagged: Tagged
) -> ResolutionView:
    """Adopt what a poll of this resolution has passed; it gets its number, and its text changes no more.

    None of its polls may be open then; those not opened yet are discarded. The minutes of the meeting that it names say
    what was adopted, and must not be approved yet; `replaceResolution` with the same text may name another meeting, or
    none.
    """
    return tagged.one(await service.adopt_resolution(session, actor, resolution_id, body))


@resolutions.post(
    "/{resolution_id}/reject",
    operation_id="rejectResolution",
    summary="Reject the resolution",
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionNotClosed, PollNotClosed),
)
async def reject_resolution(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, body: Rejection, tagged: Tagged
) -> ResolutionView:
    """Note that the resolution was not adopted, with the reason; its polls end as at an adoption."""
    return tagged.one(await service.reject_resolution(session, actor, resolution_id, body))
