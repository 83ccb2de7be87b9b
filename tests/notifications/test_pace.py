"""How fast pushes leave and whose turn it is: real statements, simulated time, a chunk of 500 at a time."""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Session, transaction
from app.notifications.pace.service import Pace, settle, take_turn
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, awake_phones_of
from tests.factories.telling import add_notification
from tests.factories.world import World
from tests.worker import JobRunner

PER_SECOND = 5_000
EVERYBODY = 75_180
LOOKED = timedelta(seconds=1)
"""How late a worker finds a job whose hour has come, at worst."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A notice to so many phones, whose chunks all come up at an instant."""

    notification_id: UUID
    phones: int
    at: datetime


async def _simulate(
    database: RolledBackDatabase, clock: FakeClock, queue: Sequence[Queued]
) -> list[tuple[datetime, UUID, int]]:
    """Let any number of workers take the chunks, and return when each left, of which notice, and its phones."""
    pace = Pace(per_second=PER_SECOND, clock=clock)
    waiting: list[tuple[datetime, int, UUID, int]] = []
    for queued in queue:
        sizes = [500] * (queued.phones // 500) + [queued.phones % 500]
        waiting += [(queued.at, len(waiting) + n, queued.notification_id, size) for n, size in enumerate(sizes) if size]
    heapq.heapify(waiting)
    left: list[tuple[datetime, UUID, int]] = []
    while waiting:
        at, place, notification_id, size = heapq.heappop(waiting)
        clock.set(at)
        turn = await take_turn(database, pace, notification_id, wanted=500)
        if turn.waits is None:
            await settle(database, turn, used=size)
            left.append((at, notification_id, size))
        else:
            heapq.heappush(waiting, (at + turn.waits + LOOKED, place, notification_id, size))
    return left


def _last(left: Sequence[tuple[datetime, UUID, int]], notification_id: UUID) -> datetime:
    return max(at for at, whose, _ in left if whose == notification_id)


async def test_urgent_notice_of_a_branch_passes_the_bulk_of_all_others(
    world: World, database: RolledBackDatabase, clock: FakeClock
) -> None:
    begins = clock()
    async with transaction(database) as session:
        bulk = await add_notification(session, world.province)
        urgent = await add_notification(session, world.branch_b, urgent=True)
        small = await add_notification(session, world.branch_a)
    comes = begins + timedelta(seconds=4.1)
    left = await _simulate(
        database, clock, [Queued(bulk, EVERYBODY, begins), Queued(urgent, 1_200, comes), Queued(small, 30, comes)]
    )
    assert sum(size for *_, size in left) == EVERYBODY + 1_230
    assert _last(left, urgent) - comes <= timedelta(seconds=2)
    assert _last(left, small) - comes <= timedelta(seconds=2)
    # The bulk was far from through, and nobody waited longer than the pace asks for.
    assert _last(left, bulk) - comes > timedelta(seconds=8)
    assert _last(left, bulk) - begins < timedelta(seconds=(EVERYBODY + 1_230) / PER_SECOND * 1.25)
    for second in range(20):
        until = begins + timedelta(seconds=second)
        sent = sum(size for at, _, size in left if at <= until)
        assert sent <= PER_SECOND * (second + 2) + 500, second


async def test_only_what_is_urgent_may_use_what_is_kept_for_it(
    world: World, database: RolledBackDatabase, clock: FakeClock
) -> None:
    pace = Pace(per_second=PER_SECOND, clock=clock)
    async with transaction(database) as session:
        bulk = await add_notification(session, world.province)
        urgent = await add_notification(session, world.branch_b, urgent=True)
    taken = 0
    while (await take_turn(database, pace, bulk, wanted=500)).waits is None:
        taken += 500
    assert 2 * PER_SECOND * 0.8 < taken < 2 * PER_SECOND
    # Dismissals of an urgent notice are not urgent: they go as far as a fresh organisation's bulk.
    assert (await take_turn(database, pace, urgent, wanted=500, may_hurry=False)).waits is None
    refused = await take_turn(database, pace, urgent, wanted=500, may_hurry=False)
    assert refused.waits is not None
    assert (refused.lane, refused.waits < timedelta(seconds=1)) == ("bulk", True)
    turn = await take_turn(database, pace, urgent, wanted=500)
    assert (turn.waits, turn.lane) == (None, "urgent")


async def test_urgent_notice_to_everybody_leaves_room_for_a_branchs(
    world: World, database: RolledBackDatabase, clock: FakeClock
) -> None:
    begins = clock()
    async with transaction(database) as session:
        call = await add_notification(session, world.province, urgent=True)
        other = await add_notification(session, world.branch_b, urgent=True)
    comes = begins + timedelta(seconds=4.1)
    left = await _simulate(database, clock, [Queued(call, 40_000, begins), Queued(other, 30, comes)])
    assert _last(left, other) - comes <= timedelta(seconds=2)
    assert _last(left, call) - comes > timedelta(seconds=2)


async def test_two_organisations_bulk_goes_side_by_side(
    world: World, database: RolledBackDatabase, clock: FakeClock
) -> None:
    begins = clock()
    async with transaction(database) as session:
        first = await add_notification(session, world.province)
        second = await add_notification(session, world.other_commune)
    later = begins + timedelta(seconds=1)
    left = await _simulate(database, clock, [Queued(first, 60_000, begins), Queued(second, 20_000, later)])
    assert _last(left, second) - later < timedelta(seconds=2 * 20_000 / PER_SECOND * 1.3)
    assert _last(left, first) > _last(left, second)
    sent = Counter[UUID]()
    for at, whose, size in left:
        sent[whose] += size if later + timedelta(seconds=2) < at < later + timedelta(seconds=6) else 0
    assert 0.5 < sent[first] / sent[second] < 2


async def test_even_share_is_the_smaller_the_more_organisations_ask(
    world: World, database: RolledBackDatabase, clock: FakeClock
) -> None:
    """A chunk of 500 is a tenth of a second's tokens, and of the five who ask half a second's of one's share."""
    pace = Pace(per_second=PER_SECOND, clock=clock)
    places = (world.province, world.commune, world.branch_a, world.branch_b, world.far_branch)
    async with transaction(database) as session:
        greedy, *others = [await add_notification(session, place) for place in places]

    async def goes(notification_id: UUID) -> bool:
        return (await take_turn(database, pace, notification_id, wanted=500)).waits is None

    assert all([await goes(one) for one in (*others, others[0])])
    for seconds, is_fresh in ((0.3, False), (0.8, True)):
        clock.advance(seconds=seconds)
        while await goes(greedy):
            pass
        assert await goes(others[0]) is is_fresh


async def test_what_a_chunk_did_not_need_is_there_for_the_next(
    world: World, database: RolledBackDatabase, clock: FakeClock
) -> None:
    """100 branches of 30 phones each are 3,000 pushes, not 100 chunks of 500."""
    pace = Pace(per_second=PER_SECOND, clock=clock)
    async with transaction(database) as session:
        notification_id = await add_notification(session, world.branch_a)
    for _ in range(100):
        turn = await take_turn(database, pace, notification_id, wanted=500)
        assert turn.waits is None
        await settle(database, turn, used=30)


async def test_slowest_pace_lets_a_whole_chunk_through_and_then_pays_for_it(
    world: World, database: RolledBackDatabase, clock: FakeClock
) -> None:
    pace = Pace(per_second=10, clock=clock)
    async with transaction(database) as session:
        notification_id = await add_notification(session, world.branch_a)
    assert (await take_turn(database, pace, notification_id, wanted=500)).waits is None
    for waits in range(47):
        clock.advance(seconds=1)
        assert (await take_turn(database, pace, notification_id, wanted=500)).waits is not None, waits
    clock.advance(seconds=2)
    assert (await take_turn(database, pace, notification_id, wanted=500)).waits is None


async def test_chunk_without_tokens_comes_back_and_is_sent_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    jobs.use_pace(Pace(per_second=PER_SECOND, clock=clock))
    async with database.session() as session:
        await _empty(session, clock)
    await published(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert jobs.sender.tokens() == []
    clock.advance(seconds=1)
    await jobs.run()
    assert sorted(jobs.sender.tokens()) == sorted(awake_phones_of(world))


async def _empty(session: Session, clock: FakeClock) -> None:
    await session.execute(text("UPDATE push_bucket SET tokens = 0, filled_at = :now"), {"now": clock()})
    await session.commit()
