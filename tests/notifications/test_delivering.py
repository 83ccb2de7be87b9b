"""Leases, outcomes, retries: what becomes of each delivery, whatever happens on the way."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.identity.queries import find_actor
from app.kernel.clock import system_clock
from app.kernel.db import Database, PooledDatabase, transaction
from app.kernel.push import Message, Outcome, Outcomes, PushMessage, Rejected, RetryAfter, Sent, Target, TokenDead
from app.meetings.schemas import MeetingCreate
from app.meetings.service import announce_meeting, schedule_meeting
from app.notifications.dispatch.service import deliver
from app.notifications.leases.service import Chunk
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock, OneClockDatabase
from tests.factories.deliveries import find_deliveries, only_chunk, use_sender
from tests.factories.meetings import MEETING, SignedIn, announced, awake_phones_of, phones_of
from tests.factories.world import World, make_world
from tests.worker import CollectingSender, JobRunner


async def _sql(database: Database, statement: str, **values: object) -> None:
    async with database.session() as session:
        await session.execute(text(statement), values)
        await session.commit()


class Breaking(CollectingSender):
    """Sends, and falls over before it can say what became of it."""

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        del told
        await super().send(message, targets, until=until)
        raise ConnectionResetError


class Slow(CollectingSender):
    """Sends when the gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        del told
        self.begun.set()
        await self.gate.wait()
        return await super().send(message, targets, until=until)


class Halting(CollectingSender):
    """Says at once what became of all but the last, of which it hears nothing for a long time."""

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        await super().send(message, targets[:-1], until=until, told=told)
        await asyncio.Event().wait()
        return {}


class Hurried(CollectingSender):
    """Runs out of time after two targets, the first time."""

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        del told
        first = targets if self.pushes else targets[:2]
        return await super().send(message, first, until=until)


async def test_sent_is_stored_once_and_a_rerun_sends_nothing(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    rows = await find_deliveries(database)
    sent = rows[world.member.push_token]
    assert (sent["outcome"], sent["attempts"], sent["fence"], sent["leased_until"]) == ("sent", 1, 1, None)
    assert sent["finished_at"] == clock()
    assert rows[world.away.push_token]["attempts"] == 0
    clock.advance(seconds=30)
    for _ in range(2):
        await deliver(jobs.office, await only_chunk(database))
    again = await find_deliveries(database)
    assert again == rows
    assert sorted(jobs.sender.tokens()) == sorted(awake_phones_of(world))


async def test_dead_token_is_dropped_and_the_others_are_not(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    jobs.sender.answers[world.member.push_token] = TokenDead("UNREGISTERED")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    rows = await find_deliveries(database)
    dead = rows["Máy của Lê Văn Cường"]
    assert (dead["outcome"], dead["reason"], dead["leased_until"]) == ("token_dead", "UNREGISTERED", None)
    assert rows[world.probationary.push_token]["outcome"] == "sent"
    await announced(signed_in(world.secretary), world.branch_a)
    jobs.sender.pushes.clear()
    await jobs.run()
    assert set(jobs.sender.tokens()) == awake_phones_of(world) - {world.member.push_token}


async def test_token_that_changed_while_it_was_sent_to_stays(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    class Renewing(CollectingSender):
        async def send(
            self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
        ) -> Outcomes:
            del told
            await _sql(
                database,
                "UPDATE devices SET push_token = 'renewed' WHERE push_token = :token",
                token=world.member.push_token,
            )
            return await super().send(message, targets, until=until)

    sender = Renewing()
    sender.answers[world.member.push_token] = TokenDead("UNREGISTERED")
    use_sender(jobs, sender)
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert (await find_deliveries(database))["renewed"]["outcome"] == "token_dead"


async def test_rejected_is_final_and_keeps_the_token(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    jobs.sender.answers[world.member.push_token] = Rejected("INVALID_ARGUMENT: message.data")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    row = (await find_deliveries(database))[world.member.push_token]
    assert (row["outcome"], row["reason"]) == ("rejected", "INVALID_ARGUMENT: message.data")
    assert row["finished_at"] == clock()
    clock.advance(hours=5)
    await jobs.run()
    assert jobs.sender.tokens().count(world.member.push_token) == 1


async def test_push_that_was_not_taken_comes_again_with_growing_pauses_and_then_arrives(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    token = world.member.push_token
    jobs.sender.answers[token] = RetryAfter(timedelta(seconds=15), "UNAVAILABLE")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    for attempt, pause in enumerate((15, 20, 40, 80, 160, 320, 640, 900, 900), start=1):
        row = (await find_deliveries(database))[token]
        assert (row["outcome"], row["attempts"], row["reason"]) == (None, attempt, "UNAVAILABLE")
        assert row["not_before"] == clock() + timedelta(seconds=pause)
        clock.advance(seconds=pause - 1)
        await jobs.run()
        await deliver(jobs.office, await only_chunk(database))  # nor because the chunk runs for another's sake
        assert jobs.sender.tokens().count(token) == attempt
        clock.advance(seconds=1)
        if attempt == 9:
            del jobs.sender.answers[token]
        await jobs.run()
        assert jobs.sender.tokens().count(token) == attempt + 1
    row = (await find_deliveries(database))[token]
    assert (row["outcome"], row["attempts"], row["not_before"], row["reason"]) == ("sent", 10, None, None)
    tags = {message.notification_id for message, target in jobs.sender.pushes if target.token == token}
    assert len(tags) == 1
    assert all(jobs.sender.tokens().count(other) == 1 for other in awake_phones_of(world) - {token})


async def test_longer_wish_of_the_peer_is_obeyed_and_jitter_lengthens_the_pause(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    jobs.sender.answers[world.member.push_token] = RetryAfter(timedelta(hours=1), "QUOTA_EXCEEDED")
    jobs.sender.answers[world.probationary.push_token] = RetryAfter(timedelta(seconds=1), "UNAVAILABLE")
    jobs.office = replace(jobs.office, jitter=lambda: 0.5)
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    rows = await find_deliveries(database)
    assert rows[world.member.push_token]["not_before"] == clock() + timedelta(hours=1)
    assert rows[world.probationary.push_token]["not_before"] == clock() + timedelta(seconds=12.5)


async def test_push_that_is_owed_past_its_hour_is_given_up(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    jobs.sender.answers[world.member.push_token] = RetryAfter(timedelta(minutes=50), "UNAVAILABLE")
    await announced(signed_in(world.secretary), world.branch_a, starts_at="2026-11-22T01:45:00Z", ends_at=...)
    await jobs.run()
    clock.advance(minutes=50)
    await jobs.run()
    rows = await find_deliveries(database)
    assert {rows[person.push_token]["reason"] for person in (world.member, world.away)} == {"expired"}
    assert {row["outcome"] for row in rows.values()} == {"sent", "withdrawn"}
    assert jobs.sender.tokens().count(world.member.push_token) == 1
    clock.advance(days=1)
    assert await jobs.run() == 0


async def test_what_was_not_tried_is_tried_again_at_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    sender = Hurried()
    use_sender(jobs, sender)
    await announced(signed_in(world.secretary), world.branch_a)
    started = clock()
    await jobs.run()
    assert clock() == started
    assert sorted(sender.tokens()) == sorted(awake_phones_of(world))
    assert {row["outcome"] for row in (await find_deliveries(database)).values()} == {"sent", None}


async def test_crash_between_send_and_store_sends_again_with_the_same_tag_when_the_lease_is_over(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    broken = Breaking()
    use_sender(jobs, broken)
    await announced(signed_in(world.secretary), world.branch_a)
    with pytest.RaisesGroup(ConnectionResetError, allow_unwrapped=True):
        await jobs.run()
    rows = await find_deliveries(database)
    held = [rows[token] for token in awake_phones_of(world)]
    assert {(row["outcome"], row["fence"], row["attempts"]) for row in held} == {(None, 1, 1)}
    assert all(row["leased_until"] > system_clock() + timedelta(seconds=50) for row in held)

    use_sender(jobs, jobs.sender)
    chunk = await only_chunk(database)
    await deliver(jobs.office, chunk)
    assert jobs.sender.tokens() == []  # the lease of the one that died still holds
    await _sql(database, "UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second'")
    await deliver(jobs.office, chunk)
    assert sorted(jobs.sender.tokens()) == sorted(awake_phones_of(world)) == sorted(broken.tokens())
    tags = {message.notification_id for message, _ in (*broken.pushes, *jobs.sender.pushes)}
    assert tags == {chunk.notification_id}
    rows = await find_deliveries(database)
    assert {(rows[token]["outcome"], rows[token]["fence"]) for token in awake_phones_of(world)} == {("sent", 2)}


async def test_lease_outlasts_the_last_send_its_answer_and_the_pause_that_the_peer_wants_after_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    """Whoever takes over from a dead worker cannot know what the peer answered it, nor when it read the request."""
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert jobs.sender.until == clock() + jobs.office.lease - jobs.office.timeout - timedelta(seconds=20)


async def test_job_of_a_worker_that_died_finds_the_lease_and_comes_back_when_it_is_over(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    use_sender(jobs, Breaking())
    await announced(signed_in(world.secretary), world.branch_a)
    with pytest.RaisesGroup(ConnectionResetError, allow_unwrapped=True):
        await jobs.run()
    use_sender(jobs, jobs.sender)
    await jobs.run()
    async with database.session() as session:
        next_at = await session.scalar(text("SELECT scheduled_at FROM procrastinate_jobs"))
    leased = {row["leased_until"] for row in (await find_deliveries(database)).values() if row["leased_until"]}
    berlin = clock().replace(hour=5)
    assert next_at == min(*leased, berlin)
    assert jobs.sender.tokens() == []


async def test_job_that_its_worker_did_not_live_to_strike_off_hands_over_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    """Each such death left one job more for the same devices, until they kept all workers busy."""
    jobs.sender.answers = {phone: RetryAfter(timedelta(seconds=10), "UNAVAILABLE") for phone in awake_phones_of(world)}
    await announced(signed_in(world.secretary), world.branch_a)
    for _ in range(5):
        await jobs.run(times_each=2)
        clock.advance(minutes=10)
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 1
    assert len(jobs.sender.tokens()) == 5 * len(awake_phones_of(world))


async def test_lease_that_died_with_its_worker_does_not_lengthen_the_pause_after_a_refusal(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    use_sender(jobs, Breaking())
    await announced(signed_in(world.secretary), world.branch_a)
    for _ in range(5):
        with pytest.RaisesGroup(ConnectionResetError, allow_unwrapped=True):
            await jobs.run()
        await _sql(database, "UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second'")
    use_sender(jobs, jobs.sender)
    token = world.member.push_token
    jobs.sender.answers[token] = RetryAfter(timedelta(seconds=10), "UNAVAILABLE")
    await jobs.run()
    row = (await find_deliveries(database))[token]
    assert (row["attempts"], row["fence"], row["not_before"]) == (1, 6, clock() + timedelta(seconds=10))


async def test_what_is_answered_is_stored_while_the_slowest_of_its_part_is_waited_for(
    live_database_url: str, clock: FakeClock
) -> None:
    database, world, jobs = await _announced_for_good(live_database_url, clock)
    chunk = await _prepared(jobs)
    halting = Halting()
    halting.answers = {phone: TokenDead("UNREGISTERED") for phone in awake_phones_of(world)}
    running = asyncio.create_task(deliver(replace(jobs.office, sender=halting), chunk))

    async def outcomes() -> list[str]:
        await asyncio.sleep(0.05)  # another process may look at any time
        rows = await find_deliveries(database)
        return sorted(str(row["outcome"]) for row in rows.values() if row["leased_until"] or row["outcome"])

    expected = ["None", *["token_dead"] * (len(awake_phones_of(world)) - 1)]
    async with asyncio.timeout(30):
        while await outcomes() != expected:
            assert not running.done()
    running.cancel()
    await asyncio.wait({running})
    async with database.session() as session:
        kept = await session.scalars(
            text("SELECT push_token FROM devices WHERE push_token = ANY (:awake)"),
            {"awake": list(awake_phones_of(world))},
        )
        assert len(kept.all()) == 1
    await database.close()


async def test_late_result_under_an_old_fence_is_ignored(live_database_url: str, clock: FakeClock) -> None:
    """The first worker stalls past its lease; the second has sent and stored when it comes back."""
    database, world, jobs = await _announced_for_good(live_database_url, clock)
    chunk = await _prepared(jobs)
    slow, quick = Slow(), CollectingSender()
    slow.answers[world.member.push_token] = Rejected("from the dead")
    stalled = asyncio.create_task(deliver(replace(jobs.office, sender=slow), chunk))
    await slow.begun.wait()
    await _sql(database, "UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second'")
    await deliver(replace(jobs.office, sender=quick), chunk)
    after = await find_deliveries(database)
    assert after[world.member.push_token]["fence"] == 2
    slow.gate.set()
    await stalled
    assert await find_deliveries(database) == after
    assert after[world.member.push_token]["outcome"] == "sent"
    await database.close()


async def test_late_result_does_not_end_the_lease_of_who_came_after(live_database_url: str, clock: FakeClock) -> None:
    database, world, jobs = await _announced_for_good(live_database_url, clock)
    chunk = await _prepared(jobs)
    first, second = Slow(), Slow()
    runs = []
    for sender in (first, second):
        runs.append(asyncio.create_task(deliver(replace(jobs.office, sender=sender), chunk)))
        await sender.begun.wait()
        if sender is first:
            await _sql(database, "UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second'")
    first.answers[world.member.push_token] = RetryAfter(timedelta(hours=1), "late")
    first.gate.set()
    await runs[0]
    row = (await find_deliveries(database))[world.member.push_token]
    assert (row["outcome"], row["fence"], row["not_before"]) == (None, 2, None)
    assert row["leased_until"] is not None
    second.gate.set()
    await runs[1]
    row = (await find_deliveries(database))[world.member.push_token]
    assert (row["outcome"], row["reason"]) == ("sent", None)
    await database.close()


async def test_two_workers_on_one_chunk_reach_each_phone_once(live_database_url: str, clock: FakeClock) -> None:
    database, world, jobs = await _announced_for_good(live_database_url, clock)
    chunk = await _prepared(jobs)
    slow = Slow()
    office = replace(jobs.office, sender=slow)
    runs = [asyncio.create_task(deliver(office, chunk)) for _ in range(4)]
    await slow.begun.wait()
    done, waiting = await asyncio.wait(runs, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert done
    slow.gate.set()
    await asyncio.gather(*waiting)
    assert sorted(slow.tokens()) == sorted(awake_phones_of(world))
    rows = await find_deliveries(database)
    assert {(rows[token]["outcome"], rows[token]["fence"]) for token in awake_phones_of(world)} == {("sent", 1)}
    await database.close()


async def test_many_rounds_of_two_workers_lose_nothing_and_double_nothing(
    live_database_url: str, clock: FakeClock
) -> None:
    """Each phone is refused twice before it is taken, and two workers race through it all."""
    database, world, jobs = await _announced_for_good(live_database_url, clock)
    chunk = await _prepared(jobs)
    await _sql(database, "UPDATE devices SET time_zone = 'UTC'")
    clock.advance(hours=8)
    tries: dict[str, int] = {}

    class Stubborn(CollectingSender):
        async def send(
            self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
        ) -> Outcomes:
            del told
            del until
            outcomes: dict[UUID, Outcome] = {}
            for target in targets:
                await asyncio.sleep(0)
                tries[target.token] = tries.get(target.token, 0) + 1
                done = tries[target.token] > 2
                if done and isinstance(message, PushMessage):
                    self.pushes.append((message, target))
                outcomes[target.device_id] = Sent(None) if done else RetryAfter(timedelta(seconds=10), "x")
            return outcomes

    sender = Stubborn()
    office = replace(jobs.office, sender=sender)
    for _ in range(4):
        await asyncio.gather(deliver(office, chunk), deliver(office, chunk))
        clock.advance(minutes=1)
    assert tries == dict.fromkeys(phones_of(world), 3)
    assert sorted(sender.tokens()) == sorted(phones_of(world))
    assert {row["outcome"] for row in (await find_deliveries(database)).values()} == {"sent"}
    await database.close()


async def _announced_for_good(url: str, clock: FakeClock) -> tuple[PooledDatabase, World, JobRunner]:
    """A world with an announced meeting, committed where other connections see it."""
    database = OneClockDatabase(url, clock=clock, pool_size=6, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
    async with transaction(database) as session:
        secretary = await find_actor(
            session, session_id=world.secretary.session_id, account_id=world.secretary.account_id
        )
        assert secretary is not None
        meeting = await schedule_meeting(session, secretary, world.branch_a, MeetingCreate.model_validate(MEETING))
        await announce_meeting(session, secretary, meeting.id)
    return database, world, JobRunner(database, clock)


async def _prepared(jobs: JobRunner) -> Chunk:
    """Expand the fact; its chunk is left to the test."""
    assert await jobs.run_one()
    return await only_chunk(jobs.office.database)


def _uuid(written: str | None) -> UUID | None:
    return UUID(written) if written else None
