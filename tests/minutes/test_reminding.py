"""Reminders that minutes are due: a day before, at the limit, once each, and none once they are published."""

from app.kernel.db import transaction
from app.kernel.security import PostKind
from app.minutes.service import remind_of_minutes
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, inbox, took
from tests.factories.members import give_post
from tests.factories.minutes import over, stepped
from tests.factories.rolls import begun
from tests.factories.world import Person, World
from tests.worker import JobRunner


async def sweep(database: RolledBackDatabase, jobs: JobRunner) -> int:
    async with transaction(database) as session:
        count = await remind_of_minutes(session)
    await jobs.run()
    return count


async def due(signed_in: SignedIn, person: Person) -> list[Json]:
    return [entry for entry in await inbox(signed_in(person)) if entry["type"] == "minutes_due"]


async def test_writers_are_reminded_a_day_before_and_at_the_limit_once_each(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await over(world, signed_in, clock)
    clock.advance(hours=23, minutes=59)
    assert await sweep(database, jobs) == 0
    clock.advance(minutes=1)
    assert (await sweep(database, jobs), await sweep(database, jobs)) == (1, 0)
    clock.advance(hours=24)
    assert (await sweep(database, jobs), await sweep(database, jobs)) == (1, 0)
    clock.advance(hours=48)
    assert await sweep(database, jobs) == 0

    for person in (world.secretary, world.minute_taker):
        assert [entry["body"] for entry in await due(signed_in, person)] == [
            "Đã đến hạn công bố biên bản cuộc họp ngày 22/11/2026",
            "Còn 24 giờ để công bố biên bản cuộc họp ngày 22/11/2026",
        ]
    assert await due(signed_in, world.member) == []


async def test_after_a_standstill_only_the_latest_goes_out(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await over(world, signed_in, clock)
    clock.advance(hours=49)
    assert (await sweep(database, jobs), await sweep(database, jobs)) == (1, 0)
    (only,) = await due(signed_in, world.secretary)
    assert only["body"].startswith("Đã đến hạn")


async def test_published_minutes_are_not_reminded_of(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock)
    clock.advance(hours=24)
    async with transaction(database) as session:
        assert await remind_of_minutes(session) == 1
    await stepped(signed_in(world.secretary), meeting_id, "approve", "publish")
    await jobs.run()  # what was due is overtaken before it is told
    clock.advance(hours=24)
    assert await sweep(database, jobs) == 0
    assert await due(signed_in, world.secretary) == []


async def test_minutes_of_long_ago_are_left_in_peace(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await over(world, signed_in, clock)
    clock.advance(days=10)
    assert await sweep(database, jobs) == 0


async def test_who_was_named_to_take_the_minutes_is_reminded_while_they_can_open_them(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await give_post(database, world.away, PostKind.deputy_secretary, world.branch_a)
    for named in (world.away, world.member):
        meeting_id = await begun(signed_in(world.secretary), world.branch_a, {"minute_taker_id": str(named.member_id)})
        await took(signed_in(world.secretary), meeting_id, "end")
    clock.advance(hours=48)
    await sweep(database, jobs)
    reminded = {person.full_name: len(await due(signed_in, person)) for person in (world.away, world.member)}
    assert reminded == {world.away.full_name: 1, world.member.full_name: 1}
    assert len(await due(signed_in, world.secretary)) == 2
