"""Text messages to members without the app: whom, when, once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.kernel.push import Rejected, RetryAfter
from app.kernel.security import PostKind
from app.members.models import StandingKind
from app.notifications.texting import text_people
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, put_meeting, took
from tests.factories.members import add_standing, give_post, transfer
from tests.factories.world import World
from tests.notifications.test_figures import counted
from tests.sms import CollectingSmsSender
from tests.worker import JobRunner

PHONE = "+84905555555"
WHERE = "Dia diem, chi tiet: hoi bi thu chi bo."


async def sql(database: RolledBackDatabase, statement: str, **values: object) -> list[dict[str, Any]]:  # Any: columns
    async with database.session() as session:
        done = await session.execute(text(statement), values)
        rows = [dict(row) for row in done.mappings()] if done.returns_rows else []  # type: ignore[attr-defined]
        await session.commit()
        return rows


async def deliveries(database: RolledBackDatabase) -> list[dict[str, Any]]:
    return await sql(database, "SELECT * FROM sms_deliveries ORDER BY notification_id, member_id")


Give = Callable[[str], Awaitable[None]]


@pytest.fixture
async def give_phone(database: RolledBackDatabase, world: World) -> Give:
    async def give(phone: str) -> None:
        member = world.phoneless.member_id
        await sql(database, "UPDATE members SET phone = :phone WHERE id = :id", phone=phone, id=member)

    return give


@pytest.fixture
async def texts(jobs: JobRunner, give_phone: Give) -> CollectingSmsSender:
    """What is sent, once the member without the app has a telephone."""
    await give_phone(PHONE)
    sender = CollectingSmsSender()
    jobs.office = replace(jobs.office, texts=sender)
    return sender


async def test_member_without_the_app_is_texted_each_call_and_the_cancellation_and_nobody_else_is(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    texts: CollectingSmsSender,
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a, title="Kỷ luật đồng chí Cường")
    await jobs.run()
    moved = await put_meeting(secretary, meeting_id, place="Trụ sở xã")
    assert moved.status_code == 200, moved.text
    await jobs.run()
    await took(secretary, meeting_id, "postpone", {"starts_at": "2026-12-06T12:30:00Z", "reason": "Mưa bão"})
    await jobs.run()
    await took(secretary, meeting_id, "cancel", {"reason": "Mưa bão"})
    await jobs.run()
    assert {one.phone for one in texts.sent} == {PHONE}
    assert [one.text for one in texts.sent] == [
        f"So tay dang vien: moi dong chi sinh hoat chi bo luc 19:30 ngay 04/12/2026 (gio Viet Nam). {WHERE}",
        f"So tay dang vien: lich sinh hoat chi bo thay doi, hop luc 19:30 ngay 04/12/2026 (gio Viet Nam). {WHERE}",
        f"So tay dang vien: sinh hoat chi bo hoan den 19:30 ngay 06/12/2026 (gio Viet Nam). {WHERE}",
        f"So tay dang vien: HUY buoi sinh hoat chi bo luc 19:30 ngay 06/12/2026 (gio Viet Nam). {WHERE}",
    ]
    rows = await deliveries(database)
    assert {(row["member_id"], row["outcome"], row["attempts"]) for row in rows} == {
        (world.phoneless.member_id, "sent", 1)
    }
    assert {row["finished_at"] for row in rows} == {clock()}
    assert len({one.reference for one in texts.sent}) == len(rows) == 4
    for row in rows:
        await text_people(jobs.office, texts, row["notification_id"])
    assert len(texts.sent) == 4
    assert set(jobs.sender.tokens("meeting_announced")) == awake_phones_of(world)


async def test_who_has_a_seat_in_the_committee_is_texted_that_the_committee_meets(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, texts: CollectingSmsSender
) -> None:
    await give_post(database, world.phoneless, PostKind.committee_member, world.branch_a)
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a, kind="committee")
    await jobs.run()
    await took(secretary, meeting_id, "cancel", {"reason": "Mưa bão"})
    await jobs.run()
    assert [one.text for one in texts.sent] == [
        f"So tay dang vien: moi dong chi hop chi uy luc 19:30 ngay 04/12/2026 (gio Viet Nam). {WHERE}",
        f"So tay dang vien: HUY buoi hop chi uy luc 19:30 ngay 04/12/2026 (gio Viet Nam). {WHERE}",
    ]


async def test_reminder_is_no_call(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, texts: CollectingSmsSender
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    texts.sent.clear()
    clock.advance(days=11, hours=12)
    await jobs.sweep()
    assert jobs.sender.tokens("meeting_reminder")
    assert texts.sent == []


async def test_without_a_gateway_nothing_is_owed(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, give_phone: Give
) -> None:
    await give_phone(PHONE)
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert await deliveries(database) == []
    assert await jobs.run() == 0


async def test_fixed_line_whoever_has_left_and_whoever_has_an_app_are_not_texted(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    texts: CollectingSmsSender,
    give_phone: Give,
) -> None:
    await give_phone("+842293555555")
    await sql(database, "UPDATE devices SET push_token = NULL")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await give_phone(PHONE)
    clock.set(clock().replace(hour=16))
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    (owed,) = await deliveries(database)
    assert owed["outcome"] is None
    async with database.session() as session:
        await add_standing(session, world.phoneless.member_id, world.branch_a, StandingKind.deceased)
        await session.commit()
    clock.advance(hours=12)
    await jobs.run()
    (row,) = await deliveries(database)
    assert (row["outcome"], row["reason"], row["attempts"]) == ("withdrawn", "no longer owed", 0)
    assert texts.sent == []


async def test_guest_whose_stay_ends_overnight_is_not_texted(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    texts: CollectingSmsSender,
) -> None:
    async with database.session() as session:
        guest = StandingKind.temporary_guest
        last_day = session.today()
        await add_standing(session, world.phoneless.member_id, world.branch_b, guest, ends_on=last_day)
        await session.commit()
    clock.set(clock().replace(hour=15, minute=30))  # 22:30 in Hà Nội
    await announced(signed_in(world.sister_secretary), world.branch_b)
    await jobs.run()
    (owed,) = await deliveries(database)
    assert owed["outcome"] is None
    clock.advance(hours=7, minutes=30)
    await jobs.run()
    (row,) = await deliveries(database)
    assert (row["outcome"], row["reason"]) == ("withdrawn", "no longer owed")
    assert texts.sent == []


async def test_who_is_transferred_before_the_morning_is_not_texted(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    texts: CollectingSmsSender,
) -> None:
    """One whose text is held, and, of the second call, one whose text was not even owed: the worker was away."""
    clock.set(clock().replace(hour=15, minute=30))  # 22:30 in Hà Nội
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await announced(signed_in(world.secretary), world.branch_a)
    assert await jobs.run_one()  # the fact is expanded
    clock.advance(minutes=30)
    async with database.session() as session:
        await transfer(session, world.phoneless, to=world.branch_b)
        await session.commit()
    clock.advance(hours=7)
    await jobs.run()
    assert [row["outcome"] for row in await deliveries(database)] == ["withdrawn"]
    assert texts.sent == []


async def test_text_waits_for_the_morning_and_stays_away_when_the_call_no_longer_holds(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    texts: CollectingSmsSender,
) -> None:
    clock.set(clock().replace(hour=16))  # 23:00 in Hà Nội
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await jobs.run()
    await took(secretary, meeting_id, "cancel", {"reason": "Mưa bão"})
    await jobs.run()
    assert texts.sent == []
    clock.advance(hours=6, minutes=59)
    await jobs.run()
    assert texts.sent == []
    clock.advance(minutes=1)
    await jobs.run()
    assert [one.text.split()[4] for one in texts.sent] == ["HUY"]
    assert {row["outcome"] for row in await deliveries(database)} == {"withdrawn", "sent"}


async def test_same_days_cancellation_does_not_wait(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, texts: CollectingSmsSender
) -> None:
    soon = "2026-11-22T16:30:00Z"
    meeting_id = await announced(signed_in(world.secretary), world.branch_a, starts_at=soon, ends_at=...)
    await jobs.run()
    clock.set(clock().replace(hour=15, minute=30))  # 22:30 in Hà Nội
    await took(signed_in(world.secretary), meeting_id, "cancel", {"reason": "Mưa bão"})
    await jobs.run()
    assert [one.text.split()[4] for one in texts.sent] == ["moi", "HUY"]


async def test_text_that_was_not_taken_comes_again_and_one_that_was_refused_does_not(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    texts: CollectingSmsSender,
) -> None:
    texts.answers = [RetryAfter(timedelta(seconds=15), "HTTP 503"), None, RetryAfter(timedelta(), "HTTP 500")]
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    (row,) = await deliveries(database)
    assert (row["outcome"], row["reason"], row["not_before"]) == (None, "HTTP 503", clock() + timedelta(seconds=15))
    clock.advance(seconds=14)
    await jobs.run()
    assert len(texts.sent) == 1
    clock.advance(seconds=1)
    await jobs.run()  # first no time is left for it, then it is tried at once
    (row,) = await deliveries(database)
    assert row["not_before"] == clock() + timedelta(seconds=40)
    texts.answers = [Rejected("HTTP 422")]
    clock.advance(seconds=40)
    await jobs.run()
    clock.advance(hours=1)
    assert await jobs.run() == 0
    (row,) = await deliveries(database)
    assert (row["outcome"], row["reason"], row["attempts"], row["fence"]) == ("rejected", "HTTP 422", 4, 4)
    assert len({one.reference for one in texts.sent}) == 1


async def test_text_whose_worker_did_not_live_to_strike_its_job_off_hands_over_once(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    texts: CollectingSmsSender,
) -> None:
    texts.answers = [RetryAfter(timedelta(seconds=15), "HTTP 503")] * 4
    await announced(signed_in(world.secretary), world.branch_a)
    for tries in range(1, 5):
        await jobs.run(times_each=2)
        assert len(texts.sent) == tries
        of_texts = "SELECT id FROM procrastinate_jobs WHERE task_name = 'notifications.text'"
        assert len(await sql(database, of_texts)) == 1
        clock.advance(minutes=10)


async def test_secretary_and_operators_see_what_became_of_a_text(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, texts: CollectingSmsSender
) -> None:
    secretary = signed_in(world.secretary)
    texts.answers = [RetryAfter(timedelta(seconds=15), "HTTP 503"), Rejected("HTTP 422")]
    meeting_id = await announced(secretary, world.branch_a)

    async def reach() -> tuple[int, int, int, int, list[str]]:
        seen = (await secretary.get(f"/v1/meetings/{meeting_id}/reach")).json()
        counts = (seen[f"{name}_count"] for name in ("by_text", "waiting", "failed", "no_device"))
        return (*counts, [one["reason_code"] for one in seen["failures"]])

    in_berlin = 1
    await jobs.run()
    assert await reach() == (0, 1 + in_berlin, 0, 0, [])
    clock.advance(minutes=1)
    await jobs.run()
    assert await reach() == (0, in_berlin, 1, 0, ["text_refused"])
    seen = (await secretary.get(f"/v1/meetings/{meeting_id}/reach")).json()
    assert world.phoneless.full_name in [one["full_name"] for one in seen["to_ring_up"]]

    moved = await put_meeting(secretary, meeting_id, place="Trụ sở xã")
    assert moved.status_code == 200, moved.text
    await jobs.run()
    assert await reach() == (1, in_berlin, 0, 0, [])
    seen = (await secretary.get(f"/v1/meetings/{meeting_id}/reach")).json()
    assert world.phoneless.full_name not in [one["full_name"] for one in seen["to_ring_up"]]
    results = counted(jobs.office.meters, "sotay_sms_outcomes_total")
    assert results == {
        ("retried", "meeting_announced"): 1,
        ("rejected", "meeting_announced"): 1,
        ("sent", "meeting_moved"): 1,
    }


async def test_after_a_crash_it_goes_again_under_the_same_reference_once_the_lease_is_over(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, texts: CollectingSmsSender
) -> None:
    texts.answers = [ConnectionResetError()]
    await announced(signed_in(world.secretary), world.branch_a)
    with pytest.raises(ConnectionResetError):
        await jobs.run()
    (row,) = await deliveries(database)
    notification_id: UUID = row["notification_id"]
    await text_people(jobs.office, texts, notification_id)
    assert len(texts.sent) == 1  # the lease holds
    await sql(database, "UPDATE sms_deliveries SET leased_until = clock_timestamp() - interval '1 second'")
    await text_people(jobs.office, texts, notification_id)
    (row,) = await deliveries(database)
    assert (row["outcome"], row["attempts"], row["leased_until"]) == ("sent", 2, None)
    assert texts.sent[0] == texts.sent[1]


async def test_result_of_a_lease_that_was_taken_over_is_not_taken(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, texts: CollectingSmsSender
) -> None:
    class Overtaken(CollectingSmsSender):
        async def send(self, *arguments: Any, **named: Any) -> Any:  # Any: as they come
            await sql(database, "UPDATE sms_deliveries SET fence = fence + 1")
            return await super().send(*arguments, **named)

    jobs.office = replace(jobs.office, texts=Overtaken())
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    (row,) = await deliveries(database)
    assert row["outcome"] is None
    assert row["leased_until"] is not None
    assert texts.sent == []


async def test_many_are_texted_fifty_at_a_time(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, texts: CollectingSmsSender
) -> None:
    await sql(
        database,
        """
        WITH made AS (
            INSERT INTO members (id, organisation_id, full_name, sort_key, search_key, phone, created_at)
            SELECT gen_random_uuid(), :branch, 'Cao Thị Uyên', 'uyen', 'uyen', '+8490700' || (1000 + n), now()
            FROM generate_series(1, 59) AS n
            RETURNING id
        )
        INSERT INTO standings (id, member_id, organisation_id, kind, starts_on)
        SELECT gen_random_uuid(), id, :branch, 'official', '2001-05-19' FROM made
        """,
        branch=world.branch_a,
    )
    await announced(signed_in(world.secretary), world.branch_a)
    texts.answers = [None] * 50
    await jobs.run()
    assert len(texts.sent) == 110
    assert len({one.phone for one in texts.sent}) == 60
    assert [row["outcome"] for row in await deliveries(database)] == ["sent"] * 60
