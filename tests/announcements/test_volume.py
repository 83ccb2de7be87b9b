"""The members of a whole province: one announcement, a handful of rows, and everybody has it."""

from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.announcements import drafted, my_announcements, publish
from tests.factories.clock import FakeClock
from tests.factories.crowd import make_crowd
from tests.factories.meetings import SignedIn, inbox
from tests.factories.world import Person, World
from tests.worker import JobRunner

MEMBERS = 75_180
PHONES = 5_000
BRANCHES = 663


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
        await make_crowd(session, commune=world.commune, branches=BRANCHES, members=MEMBERS, phones=PHONES)
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
    assert 0 < await _rows(database) - before <= 24
    for person in people:
        (entry,) = await inbox(signed_in(person))
        assert entry["link"].endswith(announcement_id)

    assert await jobs.run_one()
    assert 0 < len(jobs.sender.tokens()) <= 500
    assert await _rows(database) - before <= 24 + 500 + 1
    reach = (await signed_in(world.officer).get(f"/v1/announcements/{announcement_id}/reach")).json()
    assert reach["addressed_count"] == MEMBERS + 11
