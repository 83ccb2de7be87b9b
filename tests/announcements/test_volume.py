"""The members of a whole province: one announcement, a handful of rows, and everybody has it."""

from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.announcements import drafted, my_announcements, publish
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, inbox
from tests.factories.world import Person, World
from tests.worker import JobRunner

MEMBERS = 75_180
PHONES = 5_000
BRANCHES = 663

PEOPLE = (
    """
    INSERT INTO organisations (id, parent_id, path, kind, name, time_zone, valid_from, version, created_at)
    SELECT id, :commune, (SELECT path FROM organisations WHERE id = :commune) || id, 'branch', 'Chi bộ',
           'Asia/Ho_Chi_Minh', '2025-07-01', 1, now()
    FROM (SELECT uuidv5(n) AS id FROM generate_series(1, :branches) AS n) AS made
    """,
    """
    INSERT INTO members (id, organisation_id, full_name, sort_key, search_key, version, created_at)
    SELECT uuidv5(1000000 + n), uuidv5(1 + n % :branches), 'Đảng viên', 'x', 'x', 1, now()
    FROM generate_series(1, :members) AS n
    """,
    """
    INSERT INTO standings (id, member_id, organisation_id, kind, starts_on)
    SELECT uuidv5(2000000 + n), uuidv5(1000000 + n), uuidv5(1 + n % :branches), 'official', '2001-05-19'
    FROM generate_series(1, :members) AS n
    """,
    """
    INSERT INTO accounts (id, member_id, password_hash, created_at)
    SELECT uuidv5(3000000 + n), uuidv5(1000000 + n), 'x', now() FROM generate_series(1, :phones) AS n
    """,
    """
    INSERT INTO sessions (id, account_id, installation_id, platform, last_used_at, expires_at, created_at)
    SELECT uuidv5(4000000 + n), uuidv5(3000000 + n), uuidv5(5000000 + n), 'android', now(), '2027-06-01', now()
    FROM generate_series(1, :phones) AS n
    """,
    """
    INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version,
                         updated_at, created_at)
    SELECT uuidv5(6000000 + n), uuidv5(5000000 + n), uuidv5(3000000 + n), 'android', 'bulk-' || n, 'vi',
           'Asia/Ho_Chi_Minh', '1', now(), now()
    FROM generate_series(1, :phones) AS n
    """,
    "ANALYZE organisations, members, standings, accounts, devices",
)


async def _rows(database: RolledBackDatabase) -> int:
    """Count the rows of every table; partitions are counted in what they are parts of."""
    async with database.session() as session:
        tables = await session.scalars(
            text(
                "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
                "AND relnamespace = 'public'::regnamespace"
            )
        )
        counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        return int(await session.scalar(text(f"SELECT {counts}")) or 0)


async def test_announcement_to_75180_members_writes_a_handful_of_rows_and_is_in_every_list_at_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    del clock
    async with database.session() as session:
        await session.execute(
            text(
                "CREATE FUNCTION pg_temp.uuidv5(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS "
                "$$ SELECT md5(n::text)::uuid $$"
            )
        )
        for statement in PEOPLE:
            await session.execute(
                text(statement.replace("uuidv5(", "pg_temp.uuidv5(")),
                {"commune": world.commune, "branches": BRANCHES, "members": MEMBERS, "phones": PHONES},
            )
        people = [
            Person(
                member_id=row.member_id,
                organisation_id=row.organisation_id,
                full_name="Đảng viên",
                phone=None,
                account_id=row.account_id,
                session_id=row.session_id,
            )
            for row in await session.execute(
                text("""
                    SELECT members.id AS member_id, organisation_id, account_id, sessions.id AS session_id
                    FROM sessions JOIN accounts ON accounts.id = account_id JOIN members ON members.id = member_id
                    WHERE members.full_name = 'Đảng viên' ORDER BY members.id LIMIT 3
                """)
            )
        ]
        await session.commit()
    before = await _rows(database)

    announcement_id = await drafted(signed_in(world.officer), world.commune)
    await publish(signed_in(world.officer), announcement_id)
    for person in people:
        assert [one["id"] for one in await my_announcements(signed_in(person))] == [announcement_id]
    assert await jobs.run_one()  # the notice; what is left are jobs that push
    assert 0 < await _rows(database) - before <= 20
    for person in people:
        (entry,) = await inbox(signed_in(person))
        assert entry["link"].endswith(announcement_id)

    assert await jobs.run_one()
    assert 0 < len(jobs.sender.tokens()) <= 500
    assert await _rows(database) - before <= 20 + 500 + 1
    reach = (await signed_in(world.officer).get(f"/v1/announcements/{announcement_id}/reach")).json()
    assert reach["addressed_count"] == MEMBERS + 11
