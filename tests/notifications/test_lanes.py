"""Lanes: pauses that FCM asks for, circuits that open and close, and the schedule of retries as a pure function."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.kernel.db import Database, PooledDatabase, transaction
from app.kernel.push import (
    FIRST_DELAY,
    LONGEST_DELAY,
    LaneBusy,
    LaneStopped,
    Message,
    Outcome,
    Outcomes,
    Platform,
    Rejected,
    RetryAfter,
    Sent,
    Target,
    TokenDead,
)
from app.notifications.lanes.circuit import IN_ORDER, OPENS_AFTER, LaneState, judge, report
from app.notifications.lanes.queries import find_lanes
from app.notifications.lanes.service import report_all, report_on, take_probe
from app.notifications.leases import verdicts
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.deliveries import find_deliveries, use_sender
from tests.factories.meetings import SignedIn, announced
from tests.factories.world import World
from tests.fcm.sending import a_target
from tests.worker import CollectingSender, JobRunner

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DOWN = RetryAfter(timedelta(seconds=10), "UNAVAILABLE: away")
MINUTE = timedelta(minutes=1)


class Lanes(CollectingSender):
    """Answers by platform."""

    def __init__(self, **answers: Outcome) -> None:
        super().__init__()
        self.lanes: dict[str, Outcome] = answers

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        del told
        outcomes = await super().send(message, targets, until=until)
        return {target.device_id: self.lanes.get(target.platform, outcomes[target.device_id]) for target in targets}


delays = st.timedeltas(timedelta(), timedelta(days=1))
jitters = st.floats(0, 1, exclude_max=True)


@given(st.lists(st.tuples(delays, jitters, st.booleans()), min_size=1, max_size=40))
def test_no_retry_is_earlier_than_asked_nor_than_ten_seconds(failures: list[tuple[timedelta, float, bool]]) -> None:
    """Whatever FCM asks for in a row, as a pause of the lane or not: 0 retries early, and none late without a cause."""
    now = NOW
    for attempts, (asked, jitter, is_busy) in enumerate(failures, start=1):
        answer = LaneBusy(asked, "QUOTA") if is_busy else RetryAfter(asked, "DOWN")
        verdict = verdicts.judge(answer, attempts=attempts, jitter=jitter, now=now)
        assert verdict.outcome is None
        assert verdict.not_before is not None
        wait = verdict.not_before - now
        doubled = min(FIRST_DELAY * 2 ** min(attempts - 1, 10), LONGEST_DELAY)
        assert wait >= max(asked, doubled)
        assert wait <= max(asked, min(doubled * 1.5, LONGEST_DELAY)) + timedelta(microseconds=1)
        now = verdict.not_before


outcomes = st.lists(
    st.one_of(
        st.builds(Sent, st.none()),
        st.builds(TokenDead, st.just("UNREGISTERED")),
        st.builds(Rejected, st.just("INVALID_ARGUMENT")),
        st.builds(RetryAfter, delays, st.just("UNAVAILABLE")),
        st.builds(LaneBusy, delays, st.just("QUOTA_EXCEEDED")),
        st.builds(LaneStopped, st.just("THIRD_PARTY_AUTH_ERROR")),
    ),
    max_size=5,
)


@given(st.lists(st.tuples(outcomes, st.timedeltas(timedelta(), timedelta(hours=2))), max_size=30))
def test_lane_is_never_freed_before_the_pause_that_was_asked_for(
    rounds: list[tuple[list[Outcome], timedelta]],
) -> None:
    now, state, paused_until = NOW, IN_ORDER, NOW
    for some, later in rounds:
        said = report(some, is_probe=state.lets_probe_through(now))
        state = judge(state, said, now=now)
        pauses = [outcome.delay for outcome in some if isinstance(outcome, LaneBusy)]
        paused_until = max(paused_until, *(now + pause for pause in pauses), now)
        assert state.free_at(now) >= paused_until
        if any(isinstance(outcome, LaneStopped) for outcome in some):
            assert state.free_at(now) >= now + LONGEST_DELAY
        assert not (state.lets_all_through(now) and state.lets_probe_through(now))
        assert state.is_open or state.probe_at is None
        now += later


def _failing(minutes: Sequence[int]) -> LaneState:
    state = IN_ORDER
    for minute in minutes:
        state = judge(state, report([DOWN], is_probe=False), now=NOW + minute * MINUTE)
    return state


def test_circuit_opens_after_sixty_minutes_without_anything_getting_through() -> None:
    assert timedelta(minutes=60) == OPENS_AFTER
    assert not _failing([0, 15, 30, 45, 59]).is_open
    opened = _failing([0, 15, 30, 45, 60])
    assert (opened.opened_at, opened.probe_at) == (NOW + 60 * MINUTE, NOW + 75 * MINUTE)
    assert not _failing([0, 20, 51, 61]).is_open  # half an hour in which nothing was owed: a new trouble
    got_through = judge(_failing([0, 15, 30, 45]), report([DOWN, Sent(None)], is_probe=False), now=NOW + 50 * MINUTE)
    assert got_through == IN_ORDER


def test_only_the_probe_closes_a_circuit() -> None:
    opened = judge(IN_ORDER, report([LaneStopped("THIRD_PARTY_AUTH_ERROR")], is_probe=False), now=NOW)
    late = judge(opened, report([Sent(None)], is_probe=False), now=NOW + MINUTE)
    assert late == opened
    at = NOW + LONGEST_DELAY
    assert (opened.lets_probe_through(at - MINUTE), opened.lets_probe_through(at)) == (False, True)
    again = judge(opened, report([LaneStopped("THIRD_PARTY_AUTH_ERROR")], is_probe=True), now=at)
    assert (again.opened_at, again.probe_at) == (NOW, at + LONGEST_DELAY)
    assert judge(opened, report([TokenDead("x")], is_probe=True), now=at).probe_at == at  # the next one may try at once
    assert judge(opened, report([Sent(None)], is_probe=True), now=at) == IN_ORDER


async def _lane(database: Database, platform: Platform) -> LaneState:
    async with transaction(database) as session:
        return (await find_lanes(session))[platform]


async def test_pause_of_one_platform_holds_every_notice_to_it_and_no_other(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    clock.advance(hours=8)  # nobody sleeps
    sender = Lanes(ios=LaneBusy(timedelta(minutes=10), "QUOTA_EXCEEDED: slowly"))
    use_sender(jobs, sender)
    secretary = signed_in(world.secretary)
    for count in (1, 2):
        await announced(secretary, world.branch_a)
        await jobs.run()
        assert sender.tokens().count(world.away.push_token) == 1  # the second notice is not even tried
        assert sender.tokens().count(world.member.push_token) == count
    sender.lanes.clear()
    clock.advance(minutes=9, seconds=59)
    await jobs.run()
    assert sender.tokens().count(world.away.push_token) == 1
    clock.advance(seconds=1)
    await jobs.run()
    assert sender.tokens().count(world.away.push_token) == 3
    assert {row["outcome"] for row in (await find_deliveries(database)).values()} == {"sent"}
    assert await _lane(database, Platform.ios) == IN_ORDER


async def test_refused_apple_keys_stop_the_iphones_until_a_probe_gets_through(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    clock.advance(hours=8)
    iphones = {world.away.push_token, world.minute_taker.push_token, world.secretary.push_token}
    async with database.session() as session:
        await session.execute(
            text("UPDATE devices SET platform = 'ios' WHERE push_token = ANY(:tokens)"), {"tokens": list(iphones)}
        )
        await session.commit()
    sender = Lanes(ios=LaneStopped("THIRD_PARTY_AUTH_ERROR: Auth error from APNS"))
    use_sender(jobs, sender)
    with structlog.testing.capture_logs() as logs:
        await announced(signed_in(world.secretary), world.branch_a)
        await jobs.run()
    (alert,) = [line for line in logs if line["log_level"] == "error"]
    assert (alert["event"], alert["platform"], alert["reason"]) == ("push_lane_opened", "ios", "THIRD_PARTY_AUTH_ERROR")

    def tries() -> int:
        return sum(token in iphones for token in sender.tokens())

    assert tries() == 3
    assert sender.tokens().count(world.member.push_token) == 1
    clock.advance(minutes=14)
    await jobs.run()
    assert tries() == 3
    for probes in (1, 2):
        clock.advance(minutes=1 if probes == 1 else 15)
        await jobs.run()
        assert tries() == 3 + probes  # one phone asks for all
    sender.lanes.clear()
    clock.advance(minutes=15)
    await jobs.run()
    clock.advance(minutes=1)
    await jobs.run()
    assert {row["outcome"] for row in (await find_deliveries(database)).values()} == {"sent"}
    assert await _lane(database, Platform.ios) == IN_ORDER


async def test_outage_leaves_messages_waiting_until_their_event_is_past(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    clock.advance(hours=8)
    sender = Lanes(android=DOWN, ios=DOWN)
    use_sender(jobs, sender)
    await announced(signed_in(world.secretary), world.branch_a)

    async def look_every(minutes: int, *, hours: int) -> int:
        for _ in range(hours * 60 // minutes):
            await jobs.run()
            clock.advance(minutes=minutes)
        return len(sender.pushes)

    tried = await look_every(5, hours=3)
    assert (await _lane(database, Platform.android)).is_open
    # Once the circuits are open: a probe a quarter of an hour on each lane, instead of every phone.
    assert await look_every(5, hours=1) - tried <= 2 * 4
    await look_every(30, hours=20)
    await jobs.run()
    assert {(row["outcome"], row["reason"]) for row in (await find_deliveries(database)).values()} == {
        ("withdrawn", "expired")
    }


async def test_what_was_not_begun_counts_as_no_try(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    jobs.sender.answers[world.member.push_token] = None
    await announced(signed_in(world.secretary), world.branch_a)
    assert await jobs.run_one()
    assert await jobs.run_one()
    row = (await find_deliveries(database))[world.member.push_token]
    assert (row["outcome"], row["attempts"], row["fence"], row["not_before"]) == (None, 0, 1, None)


async def test_of_two_workers_one_probes_and_both_reports_count(live_database_url: str, clock: FakeClock) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=10_000)
    stopped = report([LaneStopped("THIRD_PARTY_AUTH_ERROR")], is_probe=False)
    async with transaction(database) as session:
        await report_on(session, Platform.ios, stopped)
    clock.advance(minutes=15)
    async with transaction(database) as first, transaction(database) as second:
        assert await take_probe(first, Platform.ios, answered_within=MINUTE)
        assert not await take_probe(second, Platform.ios, answered_within=MINUTE)
    async with transaction(database) as session:
        assert not await take_probe(session, Platform.ios, answered_within=MINUTE)
        await report_on(session, Platform.ios, replace(stopped, stopped_by=None, got_through=True, is_probe=True))
    assert await _lane(database, Platform.ios) == IN_ORDER
    await database.close()


async def test_failures_among_what_got_through_wait_for_no_other_workers_report(
    live_database_url: str, clock: FakeClock
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        await report_on(session, Platform.android, report([DOWN, Sent(None)], is_probe=False))
    targets = [a_target(), a_target()]
    results: dict[UUID, Outcome] = {targets[0].device_id: DOWN, targets[1].device_id: Sent(None)}
    async with transaction(database) as slow, transaction(database) as other:
        await slow.execute(text("SELECT FROM push_lanes FOR UPDATE"))
        await other.execute(text("SET LOCAL lock_timeout = '100ms'"))
        await report_all(other, targets, results, await find_lanes(other))
    assert await _lane(database, Platform.android) == IN_ORDER
    await database.close()


@pytest.mark.parametrize("platform", Platform)
async def test_lane_nobody_has_spoken_of_is_in_order(database: RolledBackDatabase, platform: Platform) -> None:
    assert await _lane(database, platform) == IN_ORDER
