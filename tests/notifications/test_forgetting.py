"""Deliveries are kept thirteen months, and dropped by whole partitions; the inbox keeps what it has."""

from datetime import UTC, datetime

from sqlalchemy import text

from app.kernel.ids import new_id
from app.worker import purge_old_rows
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced
from tests.factories.world import World
from tests.worker import JobRunner


async def _partitions(database: RolledBackDatabase) -> set[str]:
    async with database.session() as session:
        rows = await session.scalars(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'deliveries'::regclass")
        )
        return set(rows)


async def test_months_past_their_keeping_are_dropped_and_no_other(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    kept_before = await _partitions(database)
    old = {
        "deliveries_2025_08": new_id(datetime(2025, 8, 31, 23, 59, 59, tzinfo=UTC)),
        "deliveries_2025_09": new_id(datetime(2025, 9, 30, 23, 59, 59, tzinfo=UTC)),
        "deliveries_2025_10": new_id(datetime(2025, 10, 1, tzinfo=UTC)),
        "deliveries_other": new_id(datetime(2025, 7, 1, tzinfo=UTC)),
    }
    async with database.session() as session:
        await session.execute(text("SELECT ensure_month_partitions('2025-08-01', 3)"))
        for one in old.values():
            await session.execute(
                text("INSERT INTO deliveries (notification_id, device_id, outcome) VALUES (:id, :id, 'sent')"),
                {"id": one},
            )
        found = await session.scalars(text("SELECT tableoid::regclass::text FROM deliveries ORDER BY notification_id"))
        assert set(found) >= old.keys()
        await session.commit()

    # November: September and what was before go, October is the thirteenth month before.
    await purge_old_rows(jobs.office, timestamp=0)
    assert await _partitions(database) == kept_before | {"deliveries_2025_10"}
    async with database.session() as session:
        ids = set(await session.scalars(text("SELECT DISTINCT notification_id FROM deliveries")))
        assert ids & set(old.values()) == {old["deliveries_2025_10"]}
        assert len(ids) == 2

    clock.advance(days=500)
    await purge_old_rows(jobs.office, timestamp=0)
    assert {"deliveries_2025_10", "deliveries_2026_11"}.isdisjoint(await _partitions(database))
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM deliveries")) == 0
        assert await session.scalar(text("SELECT count(*) FROM inbox_entries")) > 0
