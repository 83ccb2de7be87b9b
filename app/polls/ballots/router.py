"""Routes of the ballot."""

from uuid import UUID

from app.kernel.bodies import SecretRoute, StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.polls.ballots import service
from app.polls.errors import (
    BallotAlreadyCast,
    MeetingTakesNoPolls,
    MemberVotedThemselves,
    NotAnElector,
    PollIsSecret,
    PollNotFound,
    PollNotOpen,
)
from app.polls.router import CHANCE
from app.polls.schemas import BallotCast, BallotReceipt, HandVotesEntry, PollView

secret = Router(prefix="/polls", tags=["polls"], route_class=SecretRoute)
router = Router(prefix="/polls", tags=["polls"], route_class=StrictRoute)


@secret.put(
    "/{poll_id}/ballot",
    operation_id="castBallot",
    summary="Cast my ballot",
    responses=problems(PollNotFound, NotAnElector, PollNotOpen, MeetingTakesNoPolls, BallotAlreadyCast),
)
async def cast_ballot(
    session: DbSession, actor: CurrentActor, tagged: Tagged, poll_id: UUID, body: BallotCast
) -> BallotReceipt:
    """Cast my ballot, once; the answer never repeats the choice.

    Sent again it answers 200 with `already_cast`. In an open poll another choice than the first is refused. In a secret
    poll nothing is compared: whatever is sent, the first ballot stands and the answer is the same. What an
    organiser wrote down of my raised hand is replaced by my own ballot.
    """
    return tagged.one(await service.cast_ballot(session, actor, poll_id, body, chance=CHANCE))


@router.post(
    "/{poll_id}/hand-votes",
    operation_id="enterHandVotes",
    summary="Write down a show of hands",
    responses=problems(
        PollNotFound,
        NotForYourPost,
        PollIsSecret,
        PollNotOpen,
        MeetingTakesNoPolls,
        NotAnElector,
        MemberVotedThemselves,
    ),
)
async def enter_hand_votes(
    session: DbSession, actor: CurrentActor, poll_id: UUID, body: HandVotesEntry, tagged: Tagged
) -> PollView:
    """Enter, by name, how members without a phone raised their hands in an open poll; all are stored or none.

    Each entry says who entered it, and can be corrected until the close. A member's own ballot is never overwritten;
    the caller's own hand is one, and may be sent again with the others, unchanged.
    """
    return tagged.one(await service.enter_hand_votes(session, actor, poll_id, body))
