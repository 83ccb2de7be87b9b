"""Whose ballot is whose cannot be told from the database after the close (reliability-security.md 18).

Of 200 polls here; `scripts/check-ballots` asks 1,000 and prints what the attack comes to.
"""

import os
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from secrets import SystemRandom
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from app.kernel.db import transaction
from app.polls import router
from app.polls.ballots.service import _cast_secretly
from app.polls.models import Choice, Poll
from app.worker import TASKS
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.polls import all_cast, opened_poll, raised, stepped
from tests.factories.world import World
from tests.polls.attacker import Findings, attack
from tests.polls.voting import VOTERS, branch_of_five
from tests.worker import JobRunner

POLLS = int(os.environ.get("SOTAY_SECRET_POLLS", "200"))
AT_ONCE = 50


def beyond_chance(findings: Findings) -> dict[str, int]:
    """The guesses further from one in five than 4.5 standard deviations of the binomial distribution."""
    mean, deviation = POLLS / VOTERS, sqrt(POLLS * (1 / VOTERS) * (1 - 1 / VOTERS))
    return {orders: hits for orders, hits in findings.guesses.items() if abs(hits - mean) > 4.5 * deviation}


async def test_of_all_secret_polls_no_ballot_can_be_linked_to_its_voter(
    live_database_url: str, clock: FakeClock
) -> None:
    async with branch_of_five(live_database_url, clock, pool_size=2) as branch:
        polls: list[UUID] = []
        cast_order: dict[UUID, Sequence[UUID]] = {}
        against: dict[UUID, UUID] = {}
        for done in range(0, POLLS, AT_ONCE):
            # Many polls share a transaction, since a thousand times seven of them take a minute; within a poll each
            # step and each ballot has its own, as it has in life.
            async with transaction(branch.database) as session:
                batch = [await branch.opened(session) for _ in range(min(AT_ONCE, POLLS - done))]
            orders = {poll: branch.chance.sample(branch.voters, VOTERS) for poll in batch}
            against |= {poll: branch.chance.choice(branch.voters).member_id for poll in batch}
            for turn in range(VOTERS):
                clock.advance(seconds=1)
                async with transaction(branch.database) as session:
                    for poll in (await session.scalars(select(Poll).where(Poll.id.in_(batch)))).all():
                        voter = orders[poll.id][turn]
                        choice = Choice.against if against[poll.id] == voter.member_id else Choice.in_favour
                        await _cast_secretly(session, voter, poll, choice, branch.chance)
            cast_order |= {poll: [voter.member_id for voter in order] for poll, order in orders.items()}
            polls += batch

        # The judge can find: before the close the transaction's number and every order give each ballot away.
        async with branch.database.session() as session:
            open_still = await attack(session, against=against, cast_order=cast_order)
        assert open_still.by_transaction == POLLS * VOTERS
        assert open_still.guesses["ctid by cast"] == open_still.guesses["ctid by participations.ctid"] == POLLS
        assert open_still.by_column == 0

        for start in range(0, POLLS, AT_ONCE):
            async with transaction(branch.database) as session:
                for poll_id in polls[start : start + AT_ONCE]:
                    await branch.close(session, poll_id)
        runner = JobRunner(branch.database, clock)
        async with branch.database.session() as session:
            await session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name <> 'polls.vacuum'"))
            await session.execute(  # one is enough for all of them
                text("DELETE FROM procrastinate_jobs WHERE id > (SELECT min(id) FROM procrastinate_jobs)")
            )
            await session.execute(text("CREATE EXTENSION pgstattuple"))
            await session.commit()
        dead = text(
            "SELECT dead_tuple_count FROM unnest(ARRAY['ballots', 'participations']) AS t, pgstattuple(t::regclass)"
        )
        async with branch.database.session() as session:
            assert min(await session.scalars(dead)) > 0
        assert await runner.run() == 1
        async with branch.database.session() as session:
            assert max(await session.scalars(dead)) == 0
            closed = await attack(session, against=against, cast_order=cast_order)
        linked = {orders: hits for orders, hits in closed.guesses.items() if orders in beyond_chance(closed)}
        print(  # noqa: T201 the figure that is promised
            f"{POLLS} secret polls of {VOTERS} voters: {closed.by_column} ballots linked by a column of any table,"
            f" {closed.by_transaction} by a transaction, {len(linked)} of {len(closed.guesses)} pairs of orders tell"
            f" more than chance ({min(closed.guesses.values())} to {max(closed.guesses.values())} of {POLLS} guessed,"
            f" chance {POLLS // VOTERS}); before the close {open_still.by_transaction} by a transaction"
        )
        assert (closed.by_column, closed.by_transaction) == (0, 0)
        assert {"ctid by cast", "ctid by changes.ctid", "xmin by participations.xmin", "id by cast"} <= set(
            closed.guesses
        )
        assert beyond_chance(closed) == {}
        assert len(beyond_chance(open_still)) > 5


async def test_no_log_line_event_or_answer_holds_a_choice(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, capsys: pytest.CaptureFixture[str]
) -> None:
    secretary = signed_in(world.secretary)
    for secrecy in ("secret", "open"):
        poll_id = await opened_poll(secretary, world.branch_a, secrecy=secrecy)
        await all_cast(signed_in, world, poll_id, "against")
        again: dict[str, Any] = {"json": {"choice": "other"}, "headers": {"Idempotency-Key": str(uuid4())}}
        assert (await signed_in(world.member).put(f"/v1/polls/{poll_id}/ballot", **again)).status_code in {200, 409}
        if secrecy == "open":
            assert (await raised(secretary, poll_id, {world.phoneless: "against"})).status_code == 200
        await stepped(secretary, poll_id, "close")
        await jobs.run()
    async with database.session() as session:
        # Those of the secretary's own writes alone: of a ballot nothing is kept, not even a hash.
        keepers = await session.scalars(text("SELECT DISTINCT account_id FROM idempotency_keys"))
        assert set(keepers) <= {world.secretary.account_id}
        events = (await session.execute(text("SELECT code, data::text FROM events ORDER BY id"))).all()
        written = [
            row
            for table in ("changes", "notifications")
            for row in await session.scalars(text(f"SELECT to_jsonb(t)::text FROM {table} t"))
        ]
    told = capsys.readouterr()
    assert told.out.count("route=/v1/polls/{poll_id}/ballot") == 10
    for choice in ("against", "other", '"for"', "=for"):
        for line in (told.out, told.err, *written, *(row.data for row in events)):
            assert choice not in line
    # A secret ballot leaves no fact at all; an open one says who voted.
    assert Counter(row.code for row in events if row.code.startswith("polls.")) == {
        "polls.drafted": 2,
        "polls.opened": 2,
        "polls.voted": 4,
        "polls.hand_votes_entered": 1,
        "polls.closed": 2,
    }


async def test_ballots_are_written_anew_at_the_close_and_swept_by_a_job(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async def stored() -> tuple[set[UUID], set[UUID], int]:
        async with database.session() as session:
            ids = set(await session.scalars(text("SELECT id FROM ballots")))
            voters = set(await session.scalars(text("SELECT voter FROM participations")))
            jobs = text(
                "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'polls.vacuum' AND queue_name = 'bulk'"
            )
            return ids, voters, await session.scalar(jobs) or 0

    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a, secrecy="secret")
    await all_cast(signed_in, world, poll_id)
    before, voters, none = await stored()
    await stepped(secretary, poll_id, "close")
    after, still, one = await stored()
    assert (len(before), len(after), before & after) == (4, 4, set())
    assert voters == still
    assert len(voters) == 4
    assert (none, one) == (0, 1)
    assert {ballot.version for ballot in before | after} == {4}
    await stepped(secretary, await opened_poll(secretary, world.branch_a, secrecy="secret"), "close")
    assert (await stored())[0] == after  # a poll that nobody voted in has nothing to mix


def test_routes_mix_with_the_systems_randomness_and_the_sweep_also_comes_each_night() -> None:
    assert isinstance(router.CHANCE, SystemRandom)
    assert [task.cron for task in TASKS if task.name == "polls.vacuum"] == ["41 20 * * *"]
