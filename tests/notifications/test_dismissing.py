"""What was read, or no longer holds, is taken off the phones that show it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.kernel.push import LaneBusy, TokenDead, TokenRefused
from app.notifications.pace.service import Pace
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published, remove
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox, phones_of, took
from tests.factories.world import Person, World
from tests.notifications.test_broad import DEVICES
from tests.worker import JobRunner

CANCEL = {"reason": "Mưa bão"}


async def _sql(database: RolledBackDatabase, statement: str, **values: object) -> None:
    async with database.session() as session:
        await session.execute(text(statement), values)
        await session.commit()


async def _more_phones(database: RolledBackDatabase, person: Person, count: int) -> set[str]:
    await _sql(database, DEVICES, account=person.account_id, count=count)
    return {f"bulk-{number}" for number in range(1, count + 1)}


def _dismissed(jobs: JobRunner) -> list[str]:
    return sorted(token for _, token in jobs.sender.dismissals)


async def test_notice_that_is_read_leaves_the_members_other_phones_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    others = await _more_phones(database, world.member, 2)
    await announced(signed_in(world.secretary), world.branch_a)
    await published(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    member = signed_in(world.member)
    newest, older = await inbox(member)
    for _ in range(2):
        await member.put(f"/v1/me/notifications/{older['id']}/read")
        await jobs.run()
        assert _dismissed(jobs) == sorted(others)
        assert {str(notification_id) for notification_id, _ in jobs.sender.dismissals} == {older["id"]}
    await member.post("/v1/me/notifications/mark-read", json={"through": newest["id"]})
    await jobs.run()
    assert _dismissed(jobs) == sorted([*others, *others])
    assert {str(notification_id) for notification_id, _ in jobs.sender.dismissals} == {older["id"], newest["id"]}
    # Who has one phone only took it away there by reading.
    only = signed_in(world.probationary)
    await only.post("/v1/me/notifications/mark-read", json={"through": newest["id"]})
    assert await jobs.run() == 0


async def test_dismissal_whose_worker_did_not_live_to_strike_its_job_off_hands_over_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    under_way = "UPDATE deliveries SET outcome = NULL, leased_until = clock_timestamp() + interval '1 hour'"
    await _sql(database, under_way)
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    for _ in range(4):
        await jobs.run(times_each=2)
        async with database.session() as session:
            waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.dismiss'"
            assert await session.scalar(text(waiting)) == 1
        clock.advance(hours=2)


async def test_cancelled_meeting_leaves_the_phones_that_were_told_of_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    await jobs.run()
    assert _dismissed(jobs) == sorted(awake_phones_of(world))  # Berlin's phone never had it
    clock.advance(hours=20)
    await jobs.run()
    assert _dismissed(jobs) == sorted(awake_phones_of(world))


async def test_dismissal_makes_no_sound_and_so_does_not_wait_for_the_morning(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    clock.set(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    clock.set(datetime(2026, 11, 22, 22, 0, tzinfo=UTC))  # 23:00 in Berlin, 05:00 in Hà Nội
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    await jobs.run()
    assert jobs.sender.tokens("meeting_cancelled") == []
    assert _dismissed(jobs) == sorted(phones_of(world))


async def test_dismissal_of_a_notice_to_many_goes_on_until_the_last_phone(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    many = await _more_phones(database, world.member, 1_100)
    announcement_id = await published(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await remove(signed_in(world.secretary), announcement_id)
    await jobs.run()
    assert _dismissed(jobs) == sorted(many | awake_phones_of(world))


async def test_push_that_was_on_its_way_is_taken_away_when_it_has_arrived(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    token = world.member.push_token
    mine = "device_id = (SELECT id FROM devices WHERE push_token = :token)"
    leased = "outcome = NULL, leased_until = clock_timestamp() + interval '50 seconds'"
    await _sql(database, f"UPDATE deliveries SET {leased} WHERE {mine}", token=token)
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    await jobs.run()
    assert token not in _dismissed(jobs)
    sent = "outcome = 'sent', leased_until = NULL"
    await _sql(database, f"UPDATE deliveries SET {sent} WHERE {mine} AND outcome IS NULL", token=token)
    clock.advance(seconds=51)
    await jobs.run()
    assert _dismissed(jobs) == sorted(awake_phones_of(world))


async def test_refused_dismissal_is_not_tried_again_and_says_what_any_push_would(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    jobs.sender.answers = {
        world.member.push_token: TokenDead("UNREGISTERED"),
        world.secretary.push_token: TokenRefused("SENDER_ID_MISMATCH", is_foreign=True),
        world.probationary.push_token: LaneBusy(timedelta(minutes=1), "QUOTA_EXCEEDED"),
    }
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    while not jobs.sender.dismissals:  # the dismissal is the first job: its answers are taken for what they say
        await jobs.run_one()
    async with database.session() as session:
        aside = await session.scalars(text("SELECT quarantined_token FROM devices WHERE quarantined_token IS NOT NULL"))
        assert list(aside) == [world.secretary.push_token]
        busy = await session.scalar(text("SELECT reason FROM push_lanes WHERE busy_until > :now"), {"now": clock()})
        assert busy == "QUOTA_EXCEEDED"
        left = await session.scalar(
            text("SELECT count(*) FROM devices WHERE push_token = :token"), {"token": world.member.push_token}
        )
        assert left == 0
    jobs.sender.answers = {}
    told = len(jobs.sender.dismissals)
    clock.advance(minutes=2)
    await jobs.run()
    assert len(jobs.sender.dismissals) == told
    assert world.member.push_token not in jobs.sender.tokens("meeting_cancelled")


async def test_dismissal_waits_its_turn(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    jobs.use_pace(Pace(per_second=5_000, clock=clock))
    await _sql(database, "UPDATE push_bucket SET tokens = 900, filled_at = :now", now=clock())
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    await jobs.run()
    assert set(jobs.sender.tokens("meeting_cancelled")) == awake_phones_of(world)
    assert _dismissed(jobs) == []
    clock.advance(seconds=2)
    await jobs.run()
    assert _dismissed(jobs) == sorted(awake_phones_of(world))
