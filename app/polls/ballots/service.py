"""Commands of the ballot: one's own, and the hands that an organiser writes down."""

from collections.abc import Collection
from random import Random
from uuid import UUID

from sqlalchemy import exists, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.events import record
from app.kernel.scopes import Change
from app.kernel.security import Actor
from app.polls import queries
from app.polls.errors import (
    BallotAlreadyCast,
    MeetingTakesNoPolls,
    MemberVotedThemselves,
    NotAnElector,
    PollIsSecret,
    PollNotFound,
    PollNotOpen,
)
from app.polls.events import HandVotesEntered, VoteCast
from app.polls.models import Ballot, Choice, Elector, Participation, Poll, PollStatus, Secrecy, Vote
from app.polls.queries import Lock
from app.polls.schemas import BallotCast, BallotReceipt, HandVotesEntry, PollView
from app.polls.service import fact_names, get_for_change, new_ballot


async def cast_ballot(
    session: Session, actor: Actor, poll_id: UUID, body: BallotCast, *, chance: Random
) -> BallotReceipt:
    """Cast one's ballot, once; it cannot be changed.

    Sent again it answers as before, with `already_cast`: of a secret poll whatever the choice is, which is neither
    stored nor compared, so that the answer tells nothing. Raises PollNotFound, NotAnElector, PollNotOpen,
    MeetingTakesNoPolls where its meeting was cancelled, and BallotAlreadyCast for another choice in an open poll. One's
    own word replaces a hand that was written down.
    """
    poll = await _for_ballot(session, actor, poll_id)
    refusal = await _refusal(session, poll)
    stored = False
    if refusal is None:
        if poll.secrecy is Secrecy.secret:
            stored = await _cast_secretly(session, actor, poll, body.choice, chance)
        else:
            stored = await _cast_openly(session, actor, poll, body.choice)
    if not stored and not await _stands(session, actor, poll, body.choice):
        raise refusal or BallotAlreadyCast
    view = await queries.view_poll(session, actor, poll.id)
    return BallotReceipt(**view.model_dump(), already_cast=not stored)


async def enter_hand_votes(session: Session, actor: Actor, poll_id: UUID, body: HandVotesEntry) -> PollView:
    """Write down hands raised in the room, all or none; each names who entered it (domain.md 21).

    Entered again, a hand is corrected; the caller's own may come with the others, as it was. Raises NotForYourPost,
    PollIsSecret, PollNotOpen, MeetingTakesNoPolls, NotAnElector, and MemberVotedThemselves: a member's own ballot
    stands.
    """
    poll = await get_for_change(session, actor, poll_id)  # held alone: no ballot comes between
    if poll.secrecy is Secrecy.secret:
        raise PollIsSecret
    refusal = await _refusal(session, poll)
    if refusal is not None:
        raise refusal
    named = [vote.member_id for vote in body.votes]
    electors = set(await session.scalars(queries.electors_of(poll.id).where(Elector.member_id.in_(named))))
    known = {
        vote.member_id: vote
        for vote in await session.scalars(select(Vote).where(Vote.poll_id == poll.id, Vote.member_id.in_(named)))
    }
    strangers = set(named) - electors
    if strangers:
        raise NotAnElector(fields=_pointers(named, strangers, NotAnElector))
    own = {vote.member_id for vote in known.values() if vote.entered_by == vote.member_id}
    same = {
        hand.member_id for hand in body.votes if hand.member_id in known and known[hand.member_id].choice is hand.choice
    }
    own -= same & {actor.member_id}  # the caller's alone: for anybody else, what passes would tell how they voted
    if own:
        raise MemberVotedThemselves(fields=_pointers(named, own, MemberVotedThemselves))
    changed = []
    for hand in body.votes:
        vote = known.get(hand.member_id)
        if vote is None:
            vote = Vote(poll_id=poll.id, member_id=hand.member_id)
            session.add(vote)
        elif vote.choice is hand.choice:
            continue
        vote.choice = hand.choice
        vote.entered_by = actor.member_id
        vote.voted_at = session.now()
        changed.append(hand.member_id)
    if changed:
        await record(session, HandVotesEntered(**fact_names(actor, poll), member_ids=tuple(changed)))
    return await queries.view_poll(session, actor, poll.id)


async def _for_ballot(session: Session, actor: Actor, poll_id: UUID) -> Poll:
    try:
        # Held against the close until the ballot is committed; ballots do not wait for each other.
        poll, _ = await queries.get_visible_poll(session, actor, poll_id, lock=Lock.share)
    except PollNotFound:
        if await queries.stood_in_branch_of(session, actor, poll_id):
            raise NotAnElector from None
        raise
    if poll.status is PollStatus.draft:
        raise PollNotOpen
    if await session.scalar(queries.electors_of(poll.id).where(Elector.member_id == actor.member_id)) is None:
        raise NotAnElector
    return poll


async def _refusal(session: Session, poll: Poll) -> type[PollNotOpen | MeetingTakesNoPolls] | None:
    """Return why the poll takes no ballot, if it does not."""
    if poll.status is not PollStatus.open:
        return PollNotOpen
    return MeetingTakesNoPolls if await queries.is_off(session, poll.id) else None


async def _cast_openly(session: Session, actor: Actor, poll: Poll, choice: Choice) -> bool:
    values = {"choice": choice, "entered_by": actor.member_id, "voted_at": session.now()}
    # The statement judges, not a query before it: the same ballot may come twice at once.
    stored = await session.scalar(
        upsert(Vote)
        .values(poll_id=poll.id, member_id=actor.member_id, **values)
        .on_conflict_do_update(
            index_elements=["poll_id", "member_id"], set_=values, where=Vote.entered_by != Vote.member_id
        )
        .returning(Vote.member_id)
    )
    if stored is not None:
        await record(session, VoteCast(**fact_names(actor, poll), member_id=actor.member_id))
    return stored is not None


async def _cast_secretly(session: Session, actor: Actor, poll: Poll, choice: Choice, chance: Random) -> bool:
    """Store who takes part and, apart from it, the ballot. No fact is recorded: it would tell the time."""
    took_part = await session.scalar(
        upsert(Participation)
        .values(poll_id=poll.id, voter=actor.member_id)
        .on_conflict_do_nothing()
        .returning(Participation.voter)
    )
    if took_part is not None:
        await session.execute(insert(Ballot).values(**new_ballot(poll.id, choice, chance)))
        session.changes += [
            Change(scope, "poll", poll.id, poll.version) for scope in (poll.organisation_id, actor.member_id)
        ]
    return took_part is not None


async def _stands(session: Session, actor: Actor, poll: Poll, choice: Choice) -> bool:
    """Say whether one's ballot is in already; of an open poll, this very one."""
    if poll.secrecy is Secrecy.secret:
        mine = exists().where(Participation.poll_id == poll.id, Participation.voter == actor.member_id)
    else:
        mine = exists().where(
            Vote.poll_id == poll.id,
            Vote.member_id == actor.member_id,
            Vote.entered_by == actor.member_id,
            Vote.choice == choice,
        )
    return bool(await session.scalar(select(mine)))


def _pointers(
    named: list[UUID], wrong: Collection[UUID], why: type[NotAnElector | MemberVotedThemselves]
) -> tuple[FieldProblem, ...]:
    return tuple(
        FieldProblem(pointer=f"/votes/{place}/member_id", code=why.code, detail=why.title)
        for place, member in enumerate(named)
        if member in wrong
    )
