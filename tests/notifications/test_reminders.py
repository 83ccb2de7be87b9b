from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import text

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, transaction
from app.kernel.ids import new_id
from app.meetings.reminders import due_times
from app.meetings.schemas import MeetingCreate
from app.meetings.service import announce_meeting, schedule_meeting, send_due_reminders
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import MEETING, SignedIn, announced, inbox, phones_of, put_meeting, said, took
from tests.factories.world import World, make_world
from tests.worker import JobRunner

STARTS_AT = datetime(2026, 12, 4, 12, 30, tzinfo=UTC)
KIND = "meeting_reminder"


def _before(**by: float) -> datetime:
    return STARTS_AT - timedelta(**by)


def _by(hours: float) -> datetime:
    """When a reminder of so many hours before has come for certain: they are spread over five minutes each way."""
    return _before(hours=hours) + timedelta(minutes=5)


async def _told_at(jobs: JobRunner, clock: FakeClock, at: datetime) -> list[str]:
    """The tokens reminded by a sweep at the instant, and not before or again."""
    clock.set(at)
    jobs.sender.pushes.clear()
    await jobs.sweep()
    found = jobs.sender.tokens(KIND)
    jobs.sender.pushes.clear()
    await jobs.sweep()
    assert jobs.sender.tokens() == []
    return sorted(found)


async def test_reminders_come_at_their_hours_and_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    home = sorted(phones_of(world) - {world.away.push_token})
    away = [world.away.push_token]
    await _told_at(jobs, clock, _before(hours=73))
    for hours, told in ((72, away), (24, sorted([*home, *away])), (1, home)):
        assert await _told_at(jobs, clock, _before(hours=hours, minutes=5, seconds=1)) == [], hours
        assert await _told_at(jobs, clock, _by(hours)) == told, hours
    assert await _told_at(jobs, clock, STARTS_AT) == []


async def test_reminder_says_when_and_where_and_how_to_join(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a, place=...)
    await jobs.run()
    clock.set(_by(24))
    await jobs.sweep()
    for person, body in (
        (world.member, "19:30 thứ Sáu, 04/12/2026, họp trực tuyến"),
        (
            world.away,
            "19:30 thứ Sáu, 04/12/2026 (13:30 thứ Sáu theo giờ Berlin), họp trực tuyến. Mở ứng dụng để vào phòng họp",
        ),
    ):
        newest = (await inbox(signed_in(person)))[0]
        assert newest["title"] == "Nhắc họp: Sinh hoạt chi bộ thường kỳ tháng 12"
        assert (newest["body"], newest["link"]) == (body, f"http://sotay.test/m/{meeting_id}")
    message, _ = jobs.sender.pushes[-1]
    assert (message.type, message.channel) == (KIND, "meeting_reminder")


async def test_who_refused_is_not_reminded_and_who_comes_or_is_silent_is(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    await said(signed_in(world.probationary), meeting_id, "attending")
    await said(signed_in(world.away), meeting_id, "absent", "Ca đêm")
    expected = sorted(phones_of(world) - {world.member.push_token, world.away.push_token})
    assert await _told_at(jobs, clock, _by(72)) == []
    assert await _told_at(jobs, clock, _by(24)) == expected


async def test_who_refused_is_not_reminded_of_another_hall_or_hour_of_that_day(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    await put_meeting(signed_in(world.secretary), meeting_id, place="Hội trường xã")
    await put_meeting(signed_in(world.secretary), meeting_id, starts_at="2026-12-04T12:45:00Z")
    told = await _told_at(jobs, clock, _by(24) + timedelta(minutes=15))
    assert told == sorted(phones_of(world) - {world.member.push_token})


async def test_reminders_move_with_the_meeting(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await put_meeting(signed_in(world.secretary), meeting_id, starts_at="2026-12-09T12:30:00Z", ends_at=...)
    assert await _told_at(jobs, clock, _by(24)) == []
    assert len(await _told_at(jobs, clock, _by(24) + timedelta(days=5))) == len(phones_of(world))
    # Once reminded, and moved again: reminded again, of the new hour.
    later = {"starts_at": "2026-12-14T12:30:00Z", "reason": "Trùng lịch"}
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    await jobs.run()
    assert await _told_at(jobs, clock, _by(1) + timedelta(days=5)) == []
    assert await _told_at(jobs, clock, _by(72) + timedelta(days=10)) == [world.away.push_token]


async def test_change_that_moves_nothing_leaves_the_reminders_alone(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    assert len(await _told_at(jobs, clock, _by(24))) == len(phones_of(world))
    await put_meeting(signed_in(world.secretary), meeting_id, title="Tên khác")
    assert await _told_at(jobs, clock, _by(23)) == []
    assert len(await _told_at(jobs, clock, _by(1))) == len(phones_of(world)) - 1


async def test_nothing_follows_a_cancellation_or_the_opening(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    cancelled = await announced(signed_in(world.secretary), world.branch_a)
    await took(signed_in(world.secretary), cancelled, "cancel", {"reason": "Mưa bão"})
    opened = await announced(signed_in(world.secretary), world.branch_a)
    await took(signed_in(world.secretary), opened, "start")
    for hours in (72, 24, 1):
        assert await _told_at(jobs, clock, _by(hours)) == []


async def test_after_a_standstill_only_the_latest_goes_out(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    clock.set(_before(minutes=30))
    await jobs.sweep()
    for person in (world.member, world.away):
        kinds = [entry["type"] for entry in await inbox(signed_in(person))]
        assert kinds == [KIND, "meeting_announced"]
    clock.advance(minutes=1)
    await jobs.sweep()
    assert jobs.sender.tokens(KIND).count(world.member.push_token) == 1


async def test_after_a_standstill_past_the_start_none_goes_out(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    assert await _told_at(jobs, clock, STARTS_AT) == []
    assert await _told_at(jobs, clock, STARTS_AT + timedelta(days=1)) == []


async def test_meeting_announced_within_the_hours_has_only_the_reminders_still_ahead(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    clock.set(_before(hours=10))
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert await _told_at(jobs, clock, _before(hours=9)) == []
    assert sorted([world.away.push_token, *await _told_at(jobs, clock, _by(1))]) == sorted(phones_of(world))
    clock.set(_before(minutes=50))
    await announced(signed_in(world.secretary), world.branch_a, title="Gấp")
    await jobs.run()
    assert await _told_at(jobs, clock, _before(minutes=1)) == []


async def test_reminder_that_is_due_in_berlins_night_comes_in_its_morning(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    # 08:00 in Hà Nội on the 4th: a day before, it is 02:00 in Berlin.
    await announced(signed_in(world.secretary), world.branch_a, starts_at="2026-12-04T01:00:00Z", ends_at=...)
    await jobs.run()
    due = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)
    clock.set(due - timedelta(days=2) + timedelta(hours=9))
    await jobs.sweep()  # the one of 72 hours before, held to its morning as well
    assert jobs.sender.tokens(KIND) == [world.away.push_token]
    jobs.sender.pushes.clear()
    assert world.away.push_token not in await _told_at(jobs, clock, due + timedelta(minutes=5))
    clock.set(due + timedelta(hours=4) - timedelta(seconds=1))
    await jobs.run()
    assert jobs.sender.tokens() == []
    clock.advance(seconds=1)
    await jobs.run()
    assert jobs.sender.tokens(KIND) == [world.away.push_token]


async def test_reminder_that_was_due_before_a_move_is_not_told_after_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    """The sweep found it; the meeting moved before the job ran."""
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    clock.set(_by(24))
    async with database.session() as session:
        before = await session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
    assert await jobs.find_due_reminders() == 2
    await put_meeting(signed_in(world.secretary), meeting_id, starts_at="2026-12-08T12:30:00Z", ends_at=...)
    await jobs.run()
    assert before == 1  # the Berlin phone's morning
    assert jobs.sender.tokens(KIND) == []
    assert world.member.push_token in jobs.sender.tokens("meeting_moved")


async def test_standstill_over_more_meetings_than_one_sweep_takes_tells_each_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    """520 reminders of 260 meetings are overdue; what the first sweep leaves is no second reminder of the same."""
    model = await announced(signed_in(world.secretary), world.branch_a)
    async with database.session() as session:
        ids = [uuid4() for _ in range(259)]
        await session.execute(
            text("""
                INSERT INTO meetings (id, organisation_id, kind, status, title, starts_at, time_zone, place, version,
                                      schedule_version, created_by, created_at)
                SELECT made, organisation_id, kind, status, title, starts_at, time_zone, place, version,
                       schedule_version, created_by, created_at
                FROM meetings, unnest(CAST(:ids AS uuid[])) AS made WHERE id = CAST(:model AS uuid)
            """),
            {"ids": ids, "model": model},
        )
        await session.execute(
            text("""
                INSERT INTO meeting_reminders (meeting_id, audience, hours_before, due_at)
                SELECT made, audience, hours_before, due_at
                FROM meeting_reminders, unnest(CAST(:ids AS uuid[])) AS made
                WHERE meeting_id = CAST(:model AS uuid)
            """),
            {"ids": ids, "model": model},
        )
        await session.commit()
    clock.set(_before(minutes=30))
    found = 0
    for _ in range(4):
        found += await jobs.find_due_reminders()
    assert found == 2 * 260
    async with database.session() as session:
        told = await session.execute(
            text("""
                SELECT data ->> 'audience' AS audience, data ->> 'hours_before' AS hours, count(*) AS times
                FROM events WHERE code = 'meetings.reminder_due' GROUP BY 1, 2 ORDER BY 1
            """)
        )
        assert [tuple(row) for row in told] == [("away", "24", 260), ("home", "1", 260)]


def test_reminders_of_one_hour_are_spread_and_keep_away_from_the_quarter_hours() -> None:
    """1,000 branches that meet at the same minute; the same meeting always at the same one."""
    now = _before(days=30)
    for starts_at in (STARTS_AT, STARTS_AT + timedelta(minutes=7)):
        minutes: Counter[datetime] = Counter()
        for _ in range(1_000):
            meeting_id = new_id(now, count=0)
            times = list(due_times(meeting_id, starts_at, now=now))
            assert times == list(due_times(meeting_id, starts_at, now=now))
            for _audience, hours, due_at in times:
                assert abs(due_at - (starts_at - timedelta(hours=hours))) <= timedelta(minutes=5)
                assert due_at.minute % 15 not in {14, 0, 1}
                minutes[due_at] += hours == 1
        assert max(minutes.values()) < 1_000 / 5


def test_reminder_whose_hour_is_over_does_not_follow_the_announcement() -> None:
    for minutes in range(-10, 11):
        now = _before(hours=1) + timedelta(minutes=minutes)
        for _ in range(20):
            ahead = [due_at for _, hours, due_at in due_times(uuid4(), STARTS_AT, now=now) if hours == 1]
            assert all(due_at > now for due_at in ahead)
            assert ahead == [] if minutes >= 0 else minutes > -6 or len(ahead) == 1


async def test_two_workers_share_the_sweep_and_double_nothing(live_database_url: str, clock: FakeClock) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=4, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
    async with transaction(database) as session:
        secretary = await find_actor(
            session, session_id=world.secretary.session_id, account_id=world.secretary.account_id
        )
        assert secretary is not None
        for _ in range(3):
            meeting = await schedule_meeting(session, secretary, world.branch_a, MeetingCreate.model_validate(MEETING))
            await announce_meeting(session, secretary, meeting.id)
    clock.set(_before(minutes=30))
    jobs = JobRunner(database, clock)
    async with transaction(database) as session:
        first = await send_due_reminders(session)
        second = await jobs.find_due_reminders()  # it skips what the first holds, and does not wait for it
    assert (first, second) == (6, 0)
    assert await jobs.find_due_reminders() == 0
    await database.close()


async def test_who_refused_the_old_date_is_reminded_of_the_new_one(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    later = {"starts_at": "2026-12-10T12:30:00Z", "reason": "Bão"}
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    moved_by = datetime(2026, 12, 10, 12, 30, tzinfo=UTC) - STARTS_AT
    assert world.member.push_token in await _told_at(jobs, clock, _by(24) + moved_by)


async def test_refusal_that_waited_in_a_phone_does_not_silence_the_reminders_of_a_date_it_never_showed(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    later = {"starts_at": "2026-12-10T12:30:00Z", "reason": "Bão"}
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    waited = {"reply": "absent", "reason": "Đi công tác", "schedule_version": 1}
    assert (await signed_in(world.member).put(f"/v1/meetings/{meeting_id}/reply", json=waited)).status_code == 200
    moved_by = datetime(2026, 12, 10, 12, 30, tzinfo=UTC) - STARTS_AT
    assert world.member.push_token in await _told_at(jobs, clock, _by(24) + moved_by)
