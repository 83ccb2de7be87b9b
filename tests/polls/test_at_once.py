"""Ballots that meet each other, and the close, on a database that really commits."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import text

from app.kernel.db import transaction
from app.kernel.security import Actor
from app.polls.errors import PollHasBallots, PollNotFound, PollNotOpen
from app.polls.models import Choice, Secrecy
from app.polls.results.queries import get_decision
from app.polls.service import discard_poll
from tests.factories.clock import FakeClock
from tests.polls.voting import Branch, branch_of_five
from tests.racing import waiting


async def vote(branch: Branch, voter: Actor, poll_id: UUID, choice: Choice) -> bool:
    """Return whether the ballot was the first."""
    async with transaction(branch.database) as session:
        return not (await branch.cast(session, voter, poll_id, choice)).already_cast


async def close(branch: Branch, poll_id: UUID) -> None:
    async with transaction(branch.database) as session:
        await branch.close(session, poll_id)


@pytest.mark.parametrize("secrecy", list(Secrecy))
async def test_fifty_ballots_of_one_voter_at_once_are_one(
    live_database_url: str, clock: FakeClock, secrecy: Secrecy
) -> None:
    async with branch_of_five(live_database_url, clock, pool_size=10) as branch:
        async with transaction(branch.database) as session:
            poll_id = await branch.opened(session, secrecy=secrecy)
        voter = branch.voters[1]
        first = await asyncio.gather(*(vote(branch, voter, poll_id, Choice.against) for _ in range(50)))
        assert Counter(first) == {True: 1, False: 49}
        await close(branch, poll_id)
        async with branch.database.session() as session:
            decision = await get_decision(session, poll_id)
            facts = await session.scalar(text("SELECT count(*) FROM events WHERE code = 'polls.voted'"))
        assert (decision.voted_count, decision.against_count) == (1, 1)
        assert facts == (1 if secrecy is Secrecy.open else 0)


@pytest.mark.parametrize("secrecy", list(Secrecy))
async def test_ballot_that_meets_the_close_is_counted_or_refused(
    live_database_url: str, clock: FakeClock, secrecy: Secrecy
) -> None:
    async with branch_of_five(live_database_url, clock, pool_size=10) as branch:
        met = Counter[bool]()
        for turn in range(100):
            if turn >= 12 and met[True] and met[False]:
                break
            async with transaction(branch.database) as session:
                poll_id = await branch.opened(session, secrecy=secrecy)
            steps = [vote(branch, voter, poll_id, Choice.in_favour) for voter in branch.voters]
            outcomes = await asyncio.gather(
                *steps[: turn % 5], close(branch, poll_id), *steps[turn % 5 :], return_exceptions=True
            )
            refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            assert {type(outcome) for outcome in refused} <= {PollNotOpen}
            counted = outcomes.count(True)
            assert counted + len(refused) == len(branch.voters)
            async with branch.database.session() as session:
                decision = await get_decision(session, poll_id)
                left = 0
                for table in ("votes", "ballots"):
                    rows = text(f"SELECT count(*) FROM {table} WHERE poll_id = :id")
                    left += await session.scalar(rows, {"id": poll_id}) or 0
            assert decision.for_count == decision.voted_count == left == counted
            met += Counter({True: counted, False: len(refused)})
        assert met[True] > 0
        assert met[False] > 0


@pytest.mark.parametrize("secrecy", list(Secrecy))
async def test_poll_is_not_called_off_from_under_a_ballot(
    live_database_url: str, clock: FakeClock, secrecy: Secrecy
) -> None:
    async with branch_of_five(live_database_url, clock, pool_size=4) as branch:
        async with transaction(branch.database) as session:
            poll_id = await branch.opened(session, secrecy=secrecy)
        async with branch.database.session() as watcher:
            async with transaction(branch.database) as voting:
                await branch.cast(voting, branch.voters[1], poll_id, Choice.in_favour)
                discarding = await waiting(watcher, discard(branch, poll_id))
                assert not discarding.done()
            with pytest.raises(PollHasBallots):
                await discarding


@pytest.mark.parametrize("secrecy", list(Secrecy))
async def test_ballot_that_comes_while_its_poll_is_called_off_is_refused(
    live_database_url: str, clock: FakeClock, secrecy: Secrecy
) -> None:
    async with branch_of_five(live_database_url, clock, pool_size=4) as branch:
        async with transaction(branch.database) as session:
            poll_id = await branch.opened(session, secrecy=secrecy)
        async with branch.database.session() as watcher:
            async with transaction(branch.database) as discarding:
                await discard_poll(discarding, branch.secretary, poll_id, expected=2)
                voting = await waiting(watcher, vote(branch, branch.voters[1], poll_id, Choice.in_favour))
                assert not voting.done()
            with pytest.raises(PollNotFound):
                await voting
        async with branch.database.session() as session:
            for table in ("votes", "ballots", "participations", "electors"):
                assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


async def discard(branch: Branch, poll_id: UUID) -> None:
    async with transaction(branch.database) as session:
        await discard_poll(session, branch.secretary, poll_id, expected=2)
