from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox, phones_of, put_meeting, took
from tests.factories.members import transfer
from tests.factories.world import World
from tests.worker import JobRunner

CANCEL = {"reason": "Mưa bão"}


async def _states(database: RolledBackDatabase) -> dict[str, bool]:
    """Each type of notice, and whether its pushes were withdrawn."""
    async with database.session() as session:
        rows = await session.execute(text("SELECT type, withdrawn_at IS NOT NULL AS gone FROM notifications"))
        return {row.type: row.gone for row in rows}


async def test_each_later_word_withdraws_the_earlier_and_the_inbox_keeps_both(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert await _states(database) == {"meeting_announced": False}
    clock.advance(seconds=1)
    await put_meeting(signed_in(world.secretary), meeting_id, place="Hội trường xã")
    await jobs.run()
    assert await _states(database) == {"meeting_announced": True, "meeting_moved": False}
    clock.advance(seconds=1)
    later = {"starts_at": "2026-12-06T12:30:00Z", "reason": "Trùng lịch"}
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    await jobs.run()
    clock.advance(seconds=1)
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    await jobs.run()
    assert await _states(database) == {
        "meeting_announced": True,
        "meeting_moved": True,
        "meeting_postponed": True,
        "meeting_cancelled": False,
    }
    assert [entry["type"] for entry in await inbox(signed_in(world.away))] == [
        "meeting_cancelled",
        "meeting_postponed",
        "meeting_moved",
        "meeting_announced",
    ]


async def test_meetings_of_others_are_not_touched(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    other = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await took(signed_in(world.secretary), other, "cancel", CANCEL)
    async with database.session() as session:
        gone = await session.scalars(text("SELECT subject_id::text FROM notifications WHERE withdrawn_at IS NOT NULL"))
        assert list(gone) == [other]


async def test_change_that_moves_nothing_withdraws_nothing(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await put_meeting(signed_in(world.secretary), meeting_id, title="Tên khác")
    assert await _states(database) == {"meeting_announced": False}


async def test_push_that_has_not_left_is_withdrawn_at_once(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    """The notice is written, its chunk not delivered, when the meeting is called off."""
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run_one()
    await took(signed_in(world.secretary), meeting_id, "cancel", CANCEL)
    await jobs.run()
    assert set(jobs.sender.tokens()) == set(jobs.sender.tokens("meeting_cancelled")) != set()


async def test_phone_of_an_account_that_was_closed_or_changed_hands_gets_nothing(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    async with database.session() as session:
        await session.execute(text("UPDATE devices SET time_zone = 'Europe/Berlin'"))
        await session.commit()
    await jobs.run()
    assert jobs.sender.tokens() == []
    async with database.session() as session:
        await session.execute(
            text("UPDATE accounts SET disabled_at = now() WHERE id = :id"), {"id": world.member.account_id}
        )
        await session.execute(
            text("UPDATE devices SET push_token = NULL WHERE push_token = :token"),
            {"token": world.minute_taker.push_token},
        )
        # A phone is handed on: who signs in on it now is of another branch.
        await session.execute(
            text("UPDATE devices SET account_id = :theirs WHERE push_token = :token"),
            {"theirs": world.stranger.account_id, "token": world.probationary.push_token},
        )
        await session.commit()
    clock.advance(hours=4)
    await jobs.run()
    assert sorted(jobs.sender.tokens()) == sorted([world.secretary.push_token, world.away.push_token])
    async with database.session() as session:
        reasons = await session.scalars(text("SELECT reason FROM deliveries WHERE outcome = 'withdrawn'"))
        assert list(reasons) == ["no longer owed"] * 3


async def test_held_push_stays_away_from_whoever_has_left_the_branch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    """One listed in the inboxes, one to a described audience; an officer above never belonged, and is still told."""
    async with database.session() as session:
        await session.execute(text("UPDATE devices SET time_zone = 'Europe/Berlin'"))
        await session.commit()
    await announced(signed_in(world.secretary), world.branch_a)
    await published(signed_in(world.secretary), world.branch_a)
    await jobs.run_one()
    async with database.session() as session:
        await session.execute(
            text("""
                INSERT INTO inbox_entries (member_id, notification_id, created_at)
                SELECT :officer, id, created_at FROM notifications WHERE type = 'meeting_announced'
            """),
            {"officer": world.officer.member_id},
        )
        await session.commit()
    await jobs.run()
    assert jobs.sender.tokens() == []
    async with database.session() as session:
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    clock.advance(hours=4)
    await jobs.run()
    staying = phones_of(world) - {world.member.push_token}
    assert set(jobs.sender.tokens("announcement_published")) == staying
    assert set(jobs.sender.tokens("meeting_announced")) == staying | {world.officer.push_token}
    async with database.session() as session:
        gone = await session.scalars(
            text("""
                SELECT push_token FROM deliveries JOIN devices ON devices.id = device_id
                WHERE outcome = 'withdrawn' AND reason = 'no longer owed'
            """)
        )
        assert list(gone) == [world.member.push_token] * 2


async def test_first_push_that_leaves_late_stays_away_from_whoever_has_left_the_branch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    """The worker was away, or the chunks before it many: nothing of them is written down yet."""
    await announced(signed_in(world.secretary), world.branch_a)
    await published(signed_in(world.secretary), world.branch_a)
    for _ in range(2):
        assert await jobs.run_one()  # the facts are expanded
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM deliveries")) == 0
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    clock.advance(minutes=2)
    await jobs.run()
    staying = awake_phones_of(world) - {world.member.push_token}
    assert set(jobs.sender.tokens("announcement_published")) == staying
    assert set(jobs.sender.tokens("meeting_announced")) == staying
