import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from app.identity.queries import find_actor
from app.kernel.db import transaction
from app.kernel.events import EXPAND_TASK
from app.kernel.ids import new_id
from app.meetings.errors import MeetingAlreadyExists
from app.meetings.schemas import Cancellation, MeetingCreate
from app.meetings.service import announce_meeting, cancel_meeting, schedule_meeting
from app.members.models import StandingKind
from app.notices import NOTICES
from app.notifications.service import expand
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock, OneClockDatabase
from tests.factories.meetings import (
    MEETING,
    Json,
    SignedIn,
    announced,
    awake_phones_of,
    drafted,
    inbox,
    phones_of,
    put_meeting,
    said,
    took,
)
from tests.factories.members import add_standing
from tests.factories.world import World, make_world
from tests.worker import JobRunner


async def test_announced_meeting_reaches_every_phone_of_the_branch_and_no_other(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await drafted(signed_in(world.secretary), world.branch_a)
    assert await jobs.run() == 0
    assert (await took(signed_in(world.secretary), meeting_id, "announce"))["status"] == "announced"
    await jobs.run()
    assert sorted(jobs.sender.tokens()) == sorted(awake_phones_of(world))
    clock.advance(hours=4)  # 06:00 in Berlin
    await jobs.run()
    assert sorted(jobs.sender.tokens("meeting_announced")) == sorted(phones_of(world))


async def test_everybody_convened_finds_it_in_the_inbox_with_the_time_of_the_place(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    said_here = "19:30 thứ Sáu, 04/12/2026 tại Nhà văn hóa thôn Đông, hoặc họp trực tuyến"
    for person in (world.secretary, world.minute_taker, world.member, world.probationary):
        (entry,) = await inbox(signed_in(person))
        assert entry.pop("id")
        assert entry == {
            "type": "meeting_announced",
            "title": "Lịch sinh hoạt: Sinh hoạt chi bộ thường kỳ tháng 12",
            "body": said_here,
            "link": f"http://sotay.test/m/{meeting_id}",
            "created_at": "2026-11-22T01:00:00Z",
            "read_at": None,
        }
    (abroad,) = await inbox(signed_in(world.away))
    assert abroad["body"] == (
        "19:30 thứ Sáu, 04/12/2026 (13:30 thứ Sáu theo giờ Berlin) tại Nhà văn hóa thôn Đông, hoặc họp trực tuyến"
    )
    for person in (world.sister_secretary, world.sister_member, world.officer, world.stranger, world.administrator):
        assert await inbox(signed_in(person)) == []


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"online_url": ...}, "19:30 thứ Sáu, 04/12/2026 tại Nhà văn hóa thôn Đông"),
        ({"place": ...}, "19:30 thứ Sáu, 04/12/2026, họp trực tuyến"),
        (
            {"place": "Nhà {title} 100%", "online_url": ...},
            "19:30 thứ Sáu, 04/12/2026 tại Nhà {title} 100%",
        ),
    ],
    ids=["place", "online", "braces"],
)
async def test_inbox_says_where(world: World, signed_in: SignedIn, jobs: JobRunner, changes: Json, body: str) -> None:
    await announced(signed_in(world.secretary), world.branch_a, title="Họp {tháng}", **changes)
    await jobs.run()
    (entry,) = await inbox(signed_in(world.member))
    assert (entry["title"], entry["body"]) == ("Lịch sinh hoạt: Họp {tháng}", body)


async def test_push_says_nothing_that_google_should_not_read(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    secret = {"title": "Kỷ luật đồng chí Cường", "agenda": [{"title": "Xem xét kỷ luật"}], "place": "Trụ sở xã"}
    meeting_id = await announced(signed_in(world.secretary), world.branch_a, **secret)
    await jobs.run()
    message, _ = jobs.sender.pushes[0]
    texts = (message.title, message.body)
    shown = " ".join([*(one.vi for one in texts), *(one.en for one in texts), message.type, message.link])
    for word in ("Cường", "kỷ luật", "Kỷ luật", "Trụ sở", "An", "04/12", "thôn Đông"):
        assert word not in shown
    assert (message.title_loc_key, message.body_loc_key) == ("meeting_announced_title", "meeting_announced_body")
    assert (message.link, str(message.subject_id)) == (f"http://sotay.test/m/{meeting_id}", meeting_id)
    assert message.expires_at.isoformat() == "2026-11-23T01:00:00+00:00"
    assert message.urgent


async def test_member_without_a_phone_has_it_in_the_inbox_alone(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    async with database.session() as session:
        entries = set(await session.scalars(text("SELECT member_id FROM inbox_entries")))
        owed = await session.scalar(text("SELECT count(*) FROM deliveries"))
    assert entries == {person.member_id for person in world.branch_members}
    assert owed == len(phones_of(world))


async def test_exempt_and_suspended_are_told_and_who_left_is_not(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for person, kind in (
            (world.member, StandingKind.exempt),
            (world.probationary, StandingKind.suspended),
            (world.minute_taker, StandingKind.removed),
            (world.stranger, StandingKind.candidate),
        ):
            await add_standing(session, person.member_id, world.branch_a, kind)
        await session.commit()
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    async with database.session() as session:
        told = set(await session.scalars(text("SELECT member_id FROM inbox_entries")))
    people = (world.secretary, world.member, world.away, world.probationary, world.phoneless)
    assert told == {person.member_id for person in people}
    assert world.former.push_token not in jobs.sender.tokens()
    assert world.minute_taker.push_token not in jobs.sender.tokens()


async def test_committee_meeting_is_told_to_the_committee(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    await announced(signed_in(world.secretary), world.branch_a, kind="committee")
    await jobs.run()
    assert jobs.sender.tokens() == [world.secretary.push_token]
    assert await inbox(signed_in(world.member)) == []


async def test_moved_meeting_is_told_to_all_who_have_not_refused(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    await said(signed_in(world.probationary), meeting_id, "attending")
    await jobs.run()
    for changes, body in (
        ({"starts_at": "2026-12-04T13:00:00Z"}, "20:00 thứ Sáu, 04/12/2026 tại Nhà văn hóa thôn Đông, hoặc họp"),
        ({"place": "Hội trường xã"}, "20:00 thứ Sáu, 04/12/2026 tại Hội trường xã, hoặc họp trực tuyến"),
        ({"online_url": ...}, "20:00 thứ Sáu, 04/12/2026 tại Hội trường xã"),
    ):
        jobs.sender.pushes.clear()
        clock.advance(seconds=1)
        await put_meeting(signed_in(world.secretary), meeting_id, **changes)
        await jobs.run()
        assert set(jobs.sender.tokens("meeting_moved")) == awake_phones_of(world) - {world.member.push_token}
        newest = (await inbox(signed_in(world.probationary)))[0]
        assert newest["title"] == "Đổi giờ hoặc địa điểm: Sinh hoạt chi bộ thường kỳ tháng 12"
        assert newest["body"].startswith(body)
    assert [entry["type"] for entry in await inbox(signed_in(world.member))] == ["meeting_announced"]


@pytest.mark.parametrize("is_postponed", [True, False], ids=["postponed", "moved"])
async def test_who_could_not_come_on_another_day_is_told_each_move_of_this_one_until_they_refuse_it_too(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    *,
    is_postponed: bool,
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await announced(secretary, world.branch_a)
    await said(member, meeting_id, "absent", "Đi công tác")
    starts_at = "2026-12-10T12:30:00Z"
    if is_postponed:
        await took(secretary, meeting_id, "postpone", {"starts_at": starts_at, "reason": "Bão"})
    else:
        await put_meeting(secretary, meeting_id, starts_at=starts_at, ends_at=...)
    await jobs.run()

    async def told_of(**changes: str) -> set[str]:
        jobs.sender.pushes.clear()
        answer = await put_meeting(secretary, meeting_id, **changes, ends_at=...)
        assert answer.status_code == 200, answer.text
        await jobs.run()
        return set(jobs.sender.tokens("meeting_moved"))

    everybody = awake_phones_of(world)
    assert await told_of(starts_at="2026-12-10T13:00:00Z") == everybody
    assert await told_of(place="Hội trường xã") == everybody
    await said(member, meeting_id, "absent", "Chưa về")
    for place in ("Sân kho", "Nhà văn hóa thôn Đông"):
        assert await told_of(place=place) == everybody - {world.member.push_token}


async def test_correction_of_a_postponement_that_was_held_at_night_reaches_who_could_not_come_before(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    await jobs.run()
    clock.set(datetime(2026, 11, 22, 15, 30, tzinfo=UTC))  # 22:30 in Hà Nội
    later = {"starts_at": "2026-12-04T13:30:00Z", "reason": "Trùng lịch"}  # the same day, but told to everybody
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    await jobs.run()
    clock.advance(minutes=15)
    await put_meeting(signed_in(world.secretary), meeting_id, starts_at="2026-12-04T13:00:00Z")
    await jobs.run()
    jobs.sender.pushes.clear()
    clock.set(datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
    await jobs.run()
    pushed = [message.type for message, target in jobs.sender.pushes if target.token == world.member.push_token]
    assert pushed == ["meeting_moved"]


async def test_other_changes_of_an_announced_meeting_tell_nobody(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    cosmetic: list[Json] = [{"title": "Tên khác"}, {"agenda": []}, {"ends_at": ...}, {}]
    for changes in cosmetic:
        answer = await put_meeting(signed_in(world.secretary), meeting_id, **changes)
        assert answer.status_code == 200, answer.text
        assert await jobs.run() == 0
    assert len(await inbox(signed_in(world.member))) == 1


async def test_postponed_and_cancelled_are_told_to_everybody_with_the_reason(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a, online_url=...)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    later = {"starts_at": "2026-12-06T12:30:00Z", "reason": "Trùng lịch"}
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    await took(signed_in(world.secretary), meeting_id, "cancel", {"reason": "Mưa bão"})
    await jobs.run()
    # What was overtaken before anybody was told of it stays unsaid.
    assert set(jobs.sender.tokens("meeting_cancelled")) == awake_phones_of(world)
    assert set(jobs.sender.tokens()) == awake_phones_of(world)
    (entry,) = await inbox(signed_in(world.member))
    assert entry["title"] == "Hủy họp: Sinh hoạt chi bộ thường kỳ tháng 12"
    assert entry["body"] == ("Không họp lúc 19:30 Chủ nhật, 06/12/2026 tại Nhà văn hóa thôn Đông. Lý do: Mưa bão")


async def test_postponed_meeting_says_the_new_time(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a, online_url=...)
    await jobs.run()
    clock.advance(seconds=1)
    later = {"starts_at": "2026-12-06T12:30:00Z", "reason": "Trùng lịch"}
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    await jobs.run()
    assert set(jobs.sender.tokens("meeting_postponed")) == awake_phones_of(world)
    newest = (await inbox(signed_in(world.member), **{"Accept-Language": "en"}))[0]
    assert newest["title"] == "Meeting postponed: Sinh hoạt chi bộ thường kỳ tháng 12"
    assert newest["body"] == ("New time: 19:30 Sunday, 06/12/2026 at Nhà văn hóa thôn Đông. Reason: Trùng lịch")


async def test_cancellation_after_the_hour_is_found_in_the_inbox(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(
        signed_in(world.secretary), world.branch_a, starts_at="2026-11-22T02:00:00Z", ends_at=...
    )
    await jobs.run()
    jobs.sender.pushes.clear()
    clock.advance(minutes=70)
    await took(signed_in(world.secretary), meeting_id, "cancel", {"reason": "Không đủ người"})
    await jobs.run()
    assert jobs.sender.tokens() == []
    assert (await inbox(signed_in(world.member)))[0]["type"] == "meeting_cancelled"


async def test_announcement_that_is_read_too_late_tells_nobody(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    """The worker was away until the meeting had begun."""
    await announced(signed_in(world.secretary), world.branch_a)
    clock.advance(days=13)
    assert await jobs.run() == 1
    assert jobs.sender.tokens() == []
    assert await inbox(signed_in(world.member)) == []


async def test_announcement_that_is_rolled_back_leaves_nothing_to_send(
    live_database_url: str, clock: FakeClock
) -> None:
    database = OneClockDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
    body = MeetingCreate.model_validate(MEETING)
    async with database.session() as session:
        secretary = await find_actor(
            session, session_id=world.secretary.session_id, account_id=world.secretary.account_id
        )
        assert secretary is not None
        draft = await schedule_meeting(session, secretary, world.branch_a, body)
        await announce_meeting(session, secretary, draft.id)
        jobs = await session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
        await session.rollback()
    runner = JobRunner(database, clock)
    assert jobs == 1
    assert await runner.run() == 0
    async with database.session() as session:
        for table in ("procrastinate_jobs", "events", "changes", "scopes", "meetings", "meeting_reminders"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    await database.close()


async def test_two_phones_cannot_both_take_an_id_nor_two_organisers_announce_twice(
    live_database_url: str, clock: FakeClock
) -> None:
    database = OneClockDatabase(live_database_url, clock=clock, pool_size=4, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
    async with database.session() as session:
        found = await find_actor(session, session_id=world.secretary.session_id, account_id=world.secretary.account_id)
    assert found is not None
    secretary = found
    body = MeetingCreate.model_validate({**MEETING, "id": str(new_id(clock()))})
    assert body.id is not None
    meeting_id = body.id

    async def schedule() -> None:
        async with transaction(database) as session:
            await schedule_meeting(session, secretary, world.branch_a, body)

    async def announce() -> None:
        async with transaction(database) as session:
            await announce_meeting(session, secretary, meeting_id)

    scheduled = await asyncio.gather(*(schedule() for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in scheduled) == [
        *[MeetingAlreadyExists.__name__] * 3,
        "NoneType",
    ]
    told = await asyncio.gather(*(announce() for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in told) == [*["MeetingNotDraft"] * 3, "NoneType"]
    async with database.session() as session:
        jobs = (await session.execute(text("SELECT task_name, args FROM procrastinate_jobs"))).all()
    assert [job.task_name for job in jobs] == [EXPAND_TASK]

    # A cancellation that comes while the notice is being written waits for it, and withdraws it.
    async def cancel() -> None:
        async with transaction(database) as session:
            await cancel_meeting(session, secretary, meeting_id, Cancellation(reason="Mưa bão"))

    async with transaction(database) as session:
        await expand(session, UUID(jobs[0].args["event_id"]), notices=NOTICES)
        behind = asyncio.create_task(cancel())
        done, _ = await asyncio.wait({behind}, timeout=0.3)
        assert not done
    await behind
    runner = JobRunner(database, clock)
    await runner.run()
    assert set(runner.sender.tokens()) == set(runner.sender.tokens("meeting_cancelled")) == awake_phones_of(world)
    await database.close()
