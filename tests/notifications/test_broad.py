"""Notices to an audience that is described: no row a member, and yet in every inbox and on every phone."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, transaction
from app.kernel.push import TokenDead
from app.members.models import StandingKind
from app.notices import NOTICES
from app.notifications.models import Notification
from app.notifications.service import read_notification
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published, remove
from tests.factories.clock import FakeClock
from tests.factories.deliveries import use_sender
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox, phones_of
from tests.factories.members import add_standing
from tests.factories.world import World, make_world
from tests.notifications.test_delivering import Breaking
from tests.worker import JobRunner

DEVICES = """
    INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version,
                         updated_at, created_at)
    SELECT gen_random_uuid(), gen_random_uuid(), :account, 'android', 'bulk-' || n, 'vi', 'Asia/Ho_Chi_Minh', '1',
           now(), now()
    FROM generate_series(1, :count) AS n
"""


async def _sql(database: RolledBackDatabase, statement: str, **values: object) -> None:
    async with database.session() as session:
        await session.execute(text(statement), values)
        await session.commit()


async def _count(database: RolledBackDatabase, rows: str) -> int:
    async with database.session() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {rows}")) or 0)


async def _ranges(database: RolledBackDatabase) -> list[tuple[str | None, str | None]]:
    async with database.session() as session:
        rows = await session.scalars(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'notifications.deliver' ORDER BY id")
        )
        return [(args["after"], args["through"]) for args in rows]


async def _mixed(world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, count: int) -> None:
    """Tell of meetings and announcements in turn."""
    for number in range(1, count + 1):
        tell = announced if number % 2 else published
        await tell(signed_in(world.secretary), world.branch_a, title=f"số {number}")
        await jobs.run()
        clock.advance(seconds=1)


async def _unread(client: AsyncClient) -> list[str]:
    return [entry["title"].rsplit(": ")[-1] for entry in await inbox(client) if entry["read_at"] is None]


async def test_inbox_merges_both_kinds_newest_first_in_pages(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _mixed(world, signed_in, jobs, clock, 7)
    member = signed_in(world.member)
    await member.put(
        f"/v1/me/notifications/{(await inbox(member))[3]['id']}/read"
    )  # its row joins those of the meetings
    titles, url, pages = [], "/v1/me/notifications?limit=2", 0
    while url:
        page = await member.get(url)
        titles += [item["title"].rsplit(": ")[-1] for item in page.json()["items"]]
        pages += 1
        url = page.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert (pages, titles) == (4, [f"số {number}" for number in (7, 6, 5, 4, 3, 2, 1)])
    assert (
        await _count(database, "inbox_entries JOIN notifications ON id = notification_id WHERE addressed_on > '1-1-1'")
        == 1
    )


async def test_reading_writes_the_one_row_and_again_changes_nothing(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await published(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert await _count(database, "inbox_entries") == 0
    member = signed_in(world.member)
    (entry,) = await inbox(member)
    for _ in range(2):
        clock.advance(seconds=5)
        assert (await member.put(f"/v1/me/notifications/{entry['id']}/read")).status_code == 204
    assert await inbox(member) == [{**entry, "read_at": "2026-11-22T01:00:05Z"}]
    assert await _count(database, "events WHERE code = 'notifications.read'") == 1
    assert await _unread(signed_in(world.probationary)) == ["Kế hoạch học tập chuyên đề"]
    for stranger in (world.sister_member, world.officer):
        refused = await signed_in(stranger).put(f"/v1/me/notifications/{entry['id']}/read")
        assert (refused.status_code, refused.json()["code"]) == (404, "notification_not_found")


async def test_marking_reads_both_kinds_up_to_a_notice_of_either(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _mixed(world, signed_in, jobs, clock, 6)
    member = signed_in(world.member)
    for through, left in ((4, ["số 6", "số 5"]), (5, ["số 6"]), (6, [])):
        notice = (await inbox(member))[6 - through]["id"]
        assert (await member.post("/v1/me/notifications/mark-read", json={"through": notice})).status_code == 204
        assert await _unread(member) == left
    again = await member.post("/v1/me/notifications/mark-read", json={"through": notice})
    assert again.status_code == 204
    assert len(await _unread(signed_in(world.probationary))) == 6
    changed = f"changes WHERE scope_id = '{world.member.member_id}' AND object_type = 'notification' AND version = 2"
    assert await _count(database, changed) == 6
    unknown = await member.post("/v1/me/notifications/mark-read", json={"through": str(uuid4())})
    assert unknown.status_code == 404


async def test_who_joins_later_has_not_what_was_said_before_and_who_moves_on_keeps_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await published(signed_in(world.secretary), world.branch_a, title="số 1")
    await jobs.run()
    (old,) = await inbox(signed_in(world.member))
    async with database.session() as session:  # the stranger comes as a guest, the member is transferred to branch B
        tomorrow = clock().date().replace(day=23)
        await add_standing(
            session, world.stranger.member_id, world.branch_a, StandingKind.temporary_guest, starts_on=tomorrow
        )
        for kind, where in ((StandingKind.transferred, world.branch_a), (StandingKind.official, world.branch_b)):
            await add_standing(session, world.member.member_id, where, kind, starts_on=tomorrow)
        await session.execute(
            text("UPDATE members SET organisation_id = :branch WHERE id = :id"),
            {"branch": world.branch_b, "id": world.member.member_id},
        )
        await session.commit()
    clock.advance(days=1)
    await published(signed_in(world.secretary), world.branch_a, title="số 2")
    await jobs.run()
    assert await _unread(signed_in(world.stranger)) == ["số 2"]
    assert await _unread(signed_in(world.member)) == ["số 1"]
    refused = await signed_in(world.stranger).put(f"/v1/me/notifications/{old['id']}/read")
    assert refused.status_code == 404


async def test_wish_not_to_be_pushed_an_early_reader_and_a_closed_account_get_no_push(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    wish = {"kind": "announcement", "channel": "push", "enabled": False}
    await signed_in(world.member).put("/v1/me/notification-preferences", json={"items": [wish]})
    await _sql(database, "UPDATE accounts SET disabled_at = now() WHERE id = :id", id=world.minute_taker.account_id)
    await published(signed_in(world.secretary), world.branch_a)
    assert await jobs.run_one()  # the notice is written, and nobody's phone has been pushed to
    early = signed_in(world.probationary)
    await early.put(f"/v1/me/notifications/{(await inbox(early))[0]['id']}/read")
    await jobs.run()
    assert jobs.sender.tokens() == [world.secretary.push_token]
    assert len(await inbox(signed_in(world.member))) == 1


async def test_night_is_waited_for_and_what_was_read_or_withdrawn_meanwhile_stays_away(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    for title in ("được đọc", "được rút", "còn lại"):
        announcement_id = await published(signed_in(world.secretary), world.branch_a, title=title)
        await jobs.run()
        assert world.away.push_token not in jobs.sender.tokens()
        if title == "được đọc":
            abroad = signed_in(world.away)
            await abroad.put(f"/v1/me/notifications/{(await inbox(abroad))[0]['id']}/read")
        if title == "được rút":
            await remove(signed_in(world.secretary), announcement_id)
    clock.set(datetime(2026, 11, 22, 4, 59, 59, tzinfo=UTC))
    assert await jobs.run() == 0
    clock.advance(seconds=1)
    await jobs.run()
    assert jobs.sender.tokens().count(world.away.push_token) == 1
    assert await _count(database, "deliveries WHERE outcome = 'withdrawn'") == 2
    assert await _count(database, "deliveries WHERE outcome IS NULL") == 0


@pytest.mark.parametrize(("devices", "ranges"), [(5, 1), (501, 1), (1_001, 2), (2_600, 4)])
async def test_ranges_meet_and_each_job_takes_500_and_hands_on_the_rest(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    clock: FakeClock,
    database: RolledBackDatabase,
    devices: int,
    ranges: int,
) -> None:
    await _sql(database, DEVICES, account=world.member.account_id, count=devices - 5)
    clock.advance(hours=5)
    await published(signed_in(world.secretary), world.branch_a)
    assert await jobs.run_one()
    found = await _ranges(database)
    assert len(found) == ranges
    assert [after for after, _ in found] == [None, *(through for _, through in found[:-1])]
    assert found[-1][1] is None
    assert await _count(database, "deliveries") == 0

    rows = 0
    while await jobs.run_one():
        more = await _count(database, "deliveries") - rows
        assert more <= 500
        rows += more
        assert len(await _ranges(database)) <= ranges
    assert sorted(jobs.sender.tokens()) == sorted({*phones_of(world), *(f"bulk-{n}" for n in range(1, devices - 4))})
    assert await _count(database, "deliveries WHERE outcome = 'sent'") == devices


async def test_phones_that_come_late_are_reached_if_their_range_is_still_to_come(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await published(signed_in(world.secretary), world.branch_a)
    await jobs.run_one()
    await _sql(database, DEVICES, account=world.member.account_id, count=700)
    await jobs.run()
    assert len(jobs.sender.tokens()) == len(set(jobs.sender.tokens())) == len(awake_phones_of(world)) + 700


async def test_crash_between_send_and_store_repeats_with_the_same_tag_and_loses_nobody(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _sql(database, DEVICES, account=world.member.account_id, count=1_200)
    clock.advance(hours=5)
    await published(signed_in(world.secretary), world.branch_a)
    await jobs.run_one()
    broken = Breaking()
    use_sender(jobs, broken)
    with pytest.raises(BaseExceptionGroup) as crash:
        await jobs.run()
    assert {type(error) for error in crash.value.exceptions} == {ConnectionResetError}
    held, other, rest = await _ranges(database)
    assert (held[0], held[1], rest[1], other[1]) == (None, rest[0], other[0], None)  # what was held is a job of its own
    jobs.sender.answers["bulk-1"] = TokenDead("UNREGISTERED")
    use_sender(jobs, jobs.sender)
    # The job is given back at once, and finds the lease, which holds up nobody behind it; then the lease is over.
    await jobs.run()
    assert len(jobs.sender.tokens()) == len(phones_of(world)) + 1_200 - 500
    assert len(await _ranges(database)) == 1
    await _sql(
        database, "UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second' WHERE outcome IS NULL"
    )
    await _sql(database, "UPDATE procrastinate_jobs SET scheduled_at = NULL")
    await jobs.run()
    reached = jobs.sender.tokens()
    assert len(reached) == len(set(reached)) == len(phones_of(world)) + 1_200
    assert len({message.notification_id for message, _ in (*broken.pushes, *jobs.sender.pushes)}) == 1
    assert await _count(database, "deliveries WHERE outcome IS NULL") == 0


async def test_crash_after_the_chunk_repeats_nothing(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    """The job had ended its chunk and deferred the next when its worker died: both run, and once is enough."""
    await _sql(database, DEVICES, account=world.member.account_id, count=2_600)
    clock.advance(hours=5)
    await published(signed_in(world.secretary), world.branch_a)
    await jobs.run_one()
    await _sql(
        database,
        """
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status)
        SELECT queue_name, task_name, priority, args, 'todo' FROM procrastinate_jobs
        """,
    )
    await jobs.run()
    assert len(jobs.sender.tokens()) == len(set(jobs.sender.tokens())) == len(phones_of(world)) + 2_600


async def test_audience_without_a_phone_has_no_job(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await _sql(database, "UPDATE devices SET push_token = NULL")
    await published(signed_in(world.secretary), world.branch_a)
    assert await jobs.run() == 1
    assert await _ranges(database) == []
    assert len(await inbox(signed_in(world.member))) == 1


async def test_two_requests_at_once_read_a_broad_notice_once(live_database_url: str, clock: FakeClock) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=4, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
        notice = Notification(
            id=session.new_id(),
            event_id=session.new_id(),
            type="announcement_published",
            channel=NOTICES[0].channel,
            organisation_id=world.commune,
            subject_type="announcement",
            subject_id=uuid4(),
            params={},
            urgent=False,
            breaks_quiet_hours=False,
            created_at=session.now(),
            expires_at=session.now(),
            audience_organisation_id=world.commune,
            audience_part="everyone",
            audience_post_kinds=[],
            addressed_on=session.today(),
        )
        session.add(notice)
    async with database.session() as session:
        member = await find_actor(session, session_id=world.member.session_id, account_id=world.member.account_id)
    assert member is not None
    actor, identifier = member, notice.id

    async def read() -> None:
        async with transaction(database) as session:
            await read_notification(session, actor, identifier)

    await asyncio.gather(*(read() for _ in range(4)))
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM events")) == 1
        assert await session.scalar(text("SELECT count(*) FROM inbox_entries WHERE read_at IS NOT NULL")) == 1
    await database.close()
