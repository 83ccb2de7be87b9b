"""More than five notices within ten minutes are one line on a phone; the inbox has them all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.kernel.push import Message, Outcomes, PushMessage, Rejected, RetryAfter, Target, TokenDead
from app.notifications.dispatch.service import deliver
from app.notifications.leases.service import Chunk
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published, remove
from tests.factories.clock import FakeClock
from tests.factories.deliveries import use_sender
from tests.factories.meetings import Json, SignedIn, announced, inbox
from tests.factories.members import transfer
from tests.factories.world import Person, World
from tests.notifications.test_delivering import Breaking
from tests.worker import CollectingSender, JobRunner

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
REFUSED = Rejected("INVALID_ARGUMENT: Invalid value at 'message.android'")


class RefusingDigests(CollectingSender):
    """Finds fault with every digest, and with nothing else."""

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        is_digest = isinstance(message, PushMessage) and message.digest_count is not None
        self.answers = dict.fromkeys([target.token for target in targets], REFUSED) if is_digest else {}
        return await super().send(message, targets, until=until, told=told)


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
                SELECT outcome, split_part(reason, ':', 1), count(*) AS times
                FROM deliveries JOIN devices ON devices.id = device_id
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


@pytest.mark.parametrize("tries", [1, 2])
async def test_digest_waits_for_a_phone_as_long_as_the_last_of_its_notices_holds(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, tries: int
) -> None:
    soon = (MORNING + timedelta(minutes=10)).isoformat()
    await published(signed_in(world.secretary), world.branch_a, expires_at=soon)
    await jobs.run()
    await _tell(world, signed_in, jobs, clock, count=5, minutes=30)
    last = clock() - timedelta(minutes=30) + timedelta(hours=24)
    clock.set(MORNING)
    if tries > 1:
        jobs.sender.answers[world.away.push_token] = RetryAfter(timedelta(seconds=10), "INTERNAL")
        await jobs.run()
        jobs.sender.answers.clear()
        clock.advance(minutes=1)
    await jobs.run()
    digests = [message for message, _ in jobs.sender.pushes if message.type == "digest"]
    assert [(message.digest_count, message.expires_at) for message in digests] == [(6, last)] * tries


async def _refused(world: World, jobs: JobRunner, clock: FakeClock) -> UUID:
    """Let the morning's digest be refused for now, and return the notice that carries it."""
    clock.set(MORNING)
    jobs.sender.answers[world.away.push_token] = RetryAfter(timedelta(seconds=10), "INTERNAL")
    await jobs.run()
    jobs.sender.answers.clear()
    ((carrier, _),) = [one for one in jobs.sender.pushes if one[1].token == world.away.push_token]
    assert carrier.type == "digest"
    jobs.sender.pushes.clear()
    clock.advance(minutes=30)
    return carrier.notification_id


async def _subject(database: RolledBackDatabase, notification_id: UUID) -> str:
    async with database.session() as session:
        said = text("SELECT subject_id::text FROM notifications WHERE id = :id")
        return str(await session.scalar(said, {"id": notification_id}))


@pytest.mark.parametrize("how", ["withdrawn", "expired", "read"])
async def test_what_was_gathered_into_a_digest_that_ended_unsent_is_owed_again(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase, how: str
) -> None:
    await _tell(world, signed_in, jobs, clock, count=6, minutes=30)
    carrier = await _refused(world, jobs, clock)
    if how == "withdrawn":
        await remove(signed_in(world.secretary), await _subject(database, carrier))
    elif how == "read":
        await signed_in(world.away).put(f"/v1/me/notifications/{carrier}/read")
    else:
        async with database.session() as session:
            await session.execute(
                text("UPDATE notifications SET expires_at = :now WHERE id = :id"), {"now": clock(), "id": carrier}
            )
            await session.commit()
    await jobs.run()
    assert _shown(jobs, world.away) == [PLAIN] * 5
    shown = {message.notification_id for message, _ in jobs.sender.pushes}
    assert carrier not in shown
    assert len(shown) == 5
    clock.advance(hours=2)
    assert await jobs.run() == 0


async def test_digest_whose_worker_died_before_it_was_sent_leaves_the_others_owed_once_it_is_withdrawn(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _tell(world, signed_in, jobs, clock, count=7, minutes=30)
    clock.set(MORNING)
    jobs.sender.pushes.clear()
    broken = Breaking()
    use_sender(jobs, broken)
    with pytest.RaisesGroup(ConnectionResetError, allow_unwrapped=True):
        await jobs.run()
    use_sender(jobs, jobs.sender)
    ((carrier, _),) = broken.pushes
    await remove(signed_in(world.secretary), await _subject(database, carrier.notification_id))
    async with database.session() as session:
        await session.execute(
            text("UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second' WHERE outcome IS NULL")
        )
        await session.commit()
    await jobs.run()
    assert _shown(jobs, world.away) == [("digest", 6)]


async def test_what_a_digest_stood_for_that_a_later_one_gathered_is_owed_again_with_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _tell(world, signed_in, jobs, clock, count=6, minutes=30)
    jobs.sender.answers[world.away.push_token] = RetryAfter(timedelta(hours=1), "INTERNAL")
    clock.set(MORNING)
    await jobs.run()
    await _tell(world, signed_in, jobs, clock, count=1)
    digests = [message for message, _ in jobs.sender.pushes if message.type == "digest"]
    assert [message.digest_count for message in digests] == [6, 7]
    jobs.sender.pushes.clear()
    jobs.sender.answers.clear()
    for carrier in digests:
        await remove(signed_in(world.secretary), await _subject(database, carrier.notification_id))
    clock.advance(hours=2)
    await jobs.run()
    assert _shown(jobs, world.away) == [PLAIN] * 5


async def test_digest_of_a_branch_that_was_left_gives_back_what_those_above_had_said(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _tell(world, signed_in, jobs, clock, count=1, minutes=30)
    for number in range(5):
        await published(signed_in(world.officer), world.commune, title=f"xã {number}")
        await jobs.run()
    carrier = await _refused(world, jobs, clock)
    async with database.session() as session:
        await transfer(session, world.away, to=world.branch_b)
        await session.commit()
    await jobs.run()
    assert _shown(jobs, world.away) == [PLAIN] * 5
    assert carrier not in {message.notification_id for message, _ in jobs.sender.pushes}


async def test_digest_that_is_refused_as_a_message_is_told_as_the_notices_it_stood_for(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    jobs.sender = RefusingDigests()
    use_sender(jobs, jobs.sender)
    await _tell(world, signed_in, jobs, clock, count=7, minutes=30)
    clock.set(MORNING)
    await jobs.run()
    assert _shown(jobs, world.away) == [("digest", 7), *[PLAIN] * 7]
    assert len({message.notification_id for message, _ in jobs.sender.pushes}) == 7
    clock.advance(hours=2)
    assert await jobs.run() == 0


async def test_reach_tells_of_each_notice_of_a_digest_that_it_was_refused(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _tell(world, signed_in, jobs, clock, count=6, minutes=30)
    jobs.sender.answers[world.away.push_token] = REFUSED
    clock.set(MORNING)
    await jobs.run()
    assert _shown(jobs, world.away) == [("digest", 6), *[PLAIN] * 6]
    for reach in await _reaches(world, signed_in):
        assert [(one["reason_code"], one["count"]) for one in reach["failures"]] == [("message_refused", 1)]


async def _reaches(world: World, signed_in: SignedIn) -> list[Json]:
    secretary = signed_in(world.secretary)
    items = (await secretary.get(f"/v1/organisations/{world.branch_a}/announcements")).json()["items"]
    return [(await secretary.get(f"/v1/announcements/{item['id']}/reach")).json() for item in items]


async def _counts(world: World, signed_in: SignedIn) -> set[tuple[int, ...]]:
    names = ("on_a_phone_count", "waiting_count", "failed_count", "no_device_count", "inbox_only_count")
    reaches = await _reaches(world, signed_in)
    assert len(reaches) >= 6
    return {tuple(reach[name] for name in names) for reach in reaches}


async def test_each_notice_of_a_digest_has_come_as_far_as_the_digest(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _tell(world, signed_in, jobs, clock, count=6, minutes=30)
    clock.set(MORNING)
    jobs.sender.answers[world.away.push_token] = RetryAfter(timedelta(hours=1), "INTERNAL")
    await jobs.run()
    assert _shown(jobs, world.away) == [("digest", 6)]
    assert await _counts(world, signed_in) == {(4, 1, 0, 1, 0)}
    await _tell(world, signed_in, jobs, clock, count=1)  # it gathers the digest that waits
    assert _shown(jobs, world.away) == [("digest", 6), ("digest", 7)]
    assert await _counts(world, signed_in) == {(4, 1, 0, 1, 0)}
    jobs.sender.answers.clear()
    clock.advance(hours=2)
    await jobs.run()
    assert _shown(jobs, world.away)[2:] == [("digest", 7)]
    assert await _counts(world, signed_in) == {(5, 0, 0, 1, 0)}


async def test_each_notice_of_a_digest_for_a_phone_without_the_app_has_failed(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _tell(world, signed_in, jobs, clock, count=6, minutes=30)
    clock.set(MORNING)
    jobs.sender.answers[world.away.push_token] = TokenDead("UNREGISTERED: gone")
    await jobs.run()
    assert await _counts(world, signed_in) == {(4, 0, 1, 1, 0)}
    for reach in await _reaches(world, signed_in):
        assert [(one["reason_code"], one["count"]) for one in reach["failures"]] == [("app_removed", 1)]
