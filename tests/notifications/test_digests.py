"""More than five notices within ten minutes are one line on a phone; the inbox has them all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.kernel.push import RetryAfter
from app.notifications.dispatch.service import deliver
from app.notifications.leases.service import Chunk
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.deliveries import use_sender
from tests.factories.meetings import SignedIn, announced, inbox
from tests.factories.world import Person, World
from tests.notifications.test_delivering import Breaking
from tests.worker import JobRunner

MORNING = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
"""06:00 in Berlin, four hours after the clock's beginning."""


async def _tell(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, *, count: int, minutes: float = 1
) -> None:
    for number in range(count):
        await published(signed_in(world.secretary), world.branch_a, title=f"số {number}")
        await jobs.run()
        clock.advance(minutes=minutes)


def _shown(jobs: JobRunner, person: Person) -> list[tuple[str, int | None]]:
    return [
        (message.type, message.digest_count)
        for message, target in jobs.sender.pushes
        if target.token == person.push_token
    ]


PLAIN = ("announcement_published", None)


async def test_sixth_notice_within_ten_minutes_and_those_after_it_are_one_line(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _tell(world, signed_in, jobs, clock, count=7)
    assert _shown(jobs, world.member) == [PLAIN] * 5 + [("digest", 6), ("digest", 7)]
    digests = [message for message, _ in jobs.sender.pushes if message.digest_count == 7]
    assert {message.tag for message in digests} == {"digest"}  # the later replaces the earlier on the screen
    assert {message.link for message in digests} == {"http://sotay.test/m/inbox"}
    assert {(message.body.vi, message.body.en) for message in digests} == {("Có 7 thông báo mới", "7 new notices")}
    assert len(await inbox(signed_in(world.member))) == 7
    clock.advance(minutes=10)
    await _tell(world, signed_in, jobs, clock, count=1)
    assert _shown(jobs, world.member)[-1] == PLAIN


async def test_notices_that_come_slowly_are_each_shown(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _tell(world, signed_in, jobs, clock, count=8, minutes=2.5)
    assert _shown(jobs, world.member) == [PLAIN] * 8


async def test_what_the_night_held_comes_as_one_line_in_the_morning(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _tell(world, signed_in, jobs, clock, count=7, minutes=30)
    await announced(signed_in(world.secretary), world.branch_a)  # urgent: never gathered, and counts for nothing
    await jobs.run()
    assert _shown(jobs, world.away) == []
    read = (await inbox(signed_in(world.away)))[-1]
    await signed_in(world.away).put(f"/v1/me/notifications/{read['id']}/read")
    clock.set(MORNING)
    await jobs.run()
    assert sorted(_shown(jobs, world.away), key=str) == [("digest", 6), ("meeting_announced", None)]
    async with database.session() as session:
        rows = await session.execute(
            text("""
                SELECT outcome, reason, count(*) AS times FROM deliveries JOIN devices ON devices.id = device_id
                WHERE push_token = :token GROUP BY 1, 2 ORDER BY 1, 2
            """),
            {"token": world.away.push_token},
        )
        assert [tuple(row) for row in rows] == [
            ("sent", None, 2),
            ("withdrawn", "gathered", 5),
            ("withdrawn", "no longer owed", 1),
        ]
    told = await signed_in(world.administrator).get(
        f"/v1/organisations/{world.commune}/deliveries?outcome=withdrawn&limit=100"
    )
    assert "gathered" in _reasons(told.json()["items"])
    clock.advance(hours=2)
    await jobs.run()
    assert len(_shown(jobs, world.away)) == 2


def _reasons(items: Sequence[dict[str, str]]) -> set[str]:
    return {item["reason_code"] for item in items}


async def test_push_that_may_be_on_the_phone_already_does_not_come_again_as_a_digest(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    """Its worker died before it could say that it was taken over; under the digest's tag it would be shown twice."""
    broken = Breaking()
    use_sender(jobs, broken)
    with pytest.RaisesGroup(ConnectionResetError, allow_unwrapped=True):
        await _tell(world, signed_in, jobs, clock, count=1)
    use_sender(jobs, jobs.sender)
    await _tell(world, signed_in, jobs, clock, count=6)
    async with database.session() as session:
        await session.execute(
            text("UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second' WHERE outcome IS NULL")
        )
        await session.commit()
    first = next(message.notification_id for message, _ in broken.pushes)
    await deliver(jobs.office, Chunk(first, after=None, through=None))
    again = [message.tag for message, _ in jobs.sender.pushes if message.notification_id == first]
    assert set(again) == {str(first)}


async def test_digest_that_was_not_taken_over_is_owed_until_it_is(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _tell(world, signed_in, jobs, clock, count=7, minutes=30)
    clock.set(MORNING)
    jobs.sender.answers[world.away.push_token] = RetryAfter(timedelta(seconds=10), "INTERNAL")
    await jobs.run()
    jobs.sender.answers.clear()
    clock.advance(minutes=30)
    await jobs.run()
    assert _shown(jobs, world.away) == [("digest", 7)] * 2  # the one that was refused, and that which was taken
