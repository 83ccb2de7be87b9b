from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.kernel.push import RetryAfter
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox, phones_of, put_meeting, took
from tests.factories.world import World
from tests.worker import JobRunner

MORNING = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
"""06:00 in Berlin, four hours after the clock's beginning."""


async def _outcomes(database: RolledBackDatabase) -> dict[str, tuple[str | None, str | None]]:
    async with database.session() as session:
        rows = await session.execute(
            text("SELECT push_token, outcome, reason FROM deliveries JOIN devices ON devices.id = device_id")
        )
        return {row.push_token: (row.outcome, row.reason) for row in rows}


async def test_push_waits_for_the_morning_of_the_phone_and_leaves_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert world.away.push_token not in jobs.sender.tokens()
    assert [entry["type"] for entry in await inbox(signed_in(world.away))] == ["meeting_announced"]

    clock.set(MORNING.replace(hour=4, minute=59, second=59))
    assert await jobs.run() == 0
    clock.set(MORNING)
    assert await jobs.run() == 1
    assert jobs.sender.tokens().count(world.away.push_token) == 1
    assert sorted(jobs.sender.tokens()) == sorted(phones_of(world))  # and nobody else's again
    clock.advance(hours=20)
    assert await jobs.run() == 0


async def test_quiet_begins_at_ten_and_ends_at_six(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    for at, goes in (
        (datetime(2026, 11, 22, 20, 59, 59, tzinfo=UTC), True),  # 21:59:59 in Berlin, 03:59:59 in Hà Nội
        (datetime(2026, 11, 22, 21, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 4, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 5, 0, tzinfo=UTC), True),
    ):
        clock.set(at)
        jobs.sender.pushes.clear()
        await announced(signed_in(world.secretary), world.branch_a)
        await jobs.run()
        newest = jobs.sender.pushes[-1][0].notification_id if jobs.sender.pushes else None
        reached = {target.token for message, target in jobs.sender.pushes if message.notification_id == newest}
        assert (world.away.push_token in reached) is goes, at


async def test_cancellation_on_the_day_wakes_whoever_sleeps(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    meeting_id = await announced(
        signed_in(world.secretary), world.branch_a, starts_at="2026-11-22T12:30:00Z", ends_at=...
    )
    await jobs.run()
    await took(signed_in(world.secretary), meeting_id, "cancel", {"reason": "Mưa bão"})
    await jobs.run()
    assert set(jobs.sender.tokens("meeting_cancelled")) == phones_of(world)
    assert set(jobs.sender.tokens("meeting_announced")) == awake_phones_of(world)


async def test_cancellation_of_another_day_waits(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    # 00:30 tomorrow in Hà Nội; in Berlin and UTC it is still the 22nd.
    meeting_id = await announced(
        signed_in(world.secretary), world.branch_a, starts_at="2026-11-22T17:30:00Z", ends_at=...
    )
    await jobs.run()
    await took(signed_in(world.secretary), meeting_id, "cancel", {"reason": "Mưa bão"})
    await jobs.run()
    assert set(jobs.sender.tokens("meeting_cancelled")) == awake_phones_of(world)
    clock.set(MORNING)
    await jobs.run()
    assert set(jobs.sender.tokens("meeting_cancelled")) == phones_of(world)
    # The announcement that was held with it is not worth telling any more.
    assert world.away.push_token not in jobs.sender.tokens("meeting_announced")
    async with database.session() as session:
        left = await session.scalar(text("SELECT count(*) FROM deliveries WHERE outcome IS NULL"))
    assert left == 0


async def test_held_push_stays_away_when_the_notice_was_read(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    abroad = signed_in(world.away)
    (entry,) = await inbox(abroad)
    await abroad.put(f"/v1/me/notifications/{entry['id']}/read")
    clock.set(MORNING)
    await jobs.run()
    assert world.away.push_token not in jobs.sender.tokens()
    assert (await _outcomes(database))[world.away.push_token] == ("withdrawn", "no longer owed")


async def test_held_push_stays_away_when_the_meeting_was_moved_and_the_newer_one_comes(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await put_meeting(signed_in(world.secretary), meeting_id, place="Hội trường xã")
    await jobs.run()
    clock.set(MORNING)
    await jobs.run()
    pushed = [message.type for message, target in jobs.sender.pushes if target.token == world.away.push_token]
    assert pushed == ["meeting_moved"]


async def test_held_push_stays_away_when_the_meeting_was_opened_or_its_time_came(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    opened = await announced(signed_in(world.secretary), world.branch_a)
    await announced(signed_in(world.secretary), world.branch_a, starts_at="2026-11-22T04:30:00Z", ends_at=...)
    await jobs.run()
    await took(signed_in(world.secretary), opened, "start")
    clock.set(MORNING)
    await jobs.run()
    assert world.away.push_token not in jobs.sender.tokens()
    async with database.session() as session:
        reasons = await session.scalars(text("SELECT reason FROM deliveries WHERE outcome = 'withdrawn'"))
        assert sorted(reasons) == ["expired", "withdrawn"]


async def test_retry_that_falls_into_the_night_waits_for_the_morning(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(
            text("UPDATE devices SET time_zone = 'Pacific/Auckland' WHERE push_token = :token"),
            {"token": world.member.push_token},
        )
        await session.commit()
    clock.set(datetime(2026, 11, 22, 8, 59, 55, tzinfo=UTC))  # five seconds before ten at night in Auckland
    jobs.sender.answers[world.member.push_token] = RetryAfter(timedelta(seconds=10), "QUOTA_EXCEEDED")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    jobs.sender.answers.clear()
    clock.advance(seconds=30)
    await jobs.run()
    assert jobs.sender.tokens().count(world.member.push_token) == 1  # the one that was not taken
    clock.set(datetime(2026, 11, 22, 17, 0, tzinfo=UTC))
    await jobs.run()
    assert jobs.sender.tokens().count(world.member.push_token) == 2
