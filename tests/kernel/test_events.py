"""Facts: one row, its change rows and its job, together; kept by month."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from app.kernel.db import Database, Session, commit
from app.kernel.events import EXPAND_TASK, Event, record
from app.kernel.jobs import Lane, defer
from app.kernel.models import EventRow
from app.kernel.scopes import Change, Op
from tests.factories.clock import FakeClock

SCOPE, OTHER = UUID(int=7), UUID(int=8)


class GateOpened(Event):
    """A fact of these tests only."""

    code = "test.gate_opened"
    subject_type = "gate"
    lane = Lane.urgent

    width: int
    keeper: UUID | None = None

    def changes(self) -> tuple[Change, ...]:
        return (Change(SCOPE, "gate", self.subject_id, version=3), Change(OTHER, "gate", self.subject_id, version=3))


class GatePainted(Event):
    """A fact nobody is told of, and no phone fetches."""

    code = "test.gate_painted"
    subject_type = "gate"


def opened(subject: UUID | None = None) -> GateOpened:
    return GateOpened(
        organisation_id=SCOPE, subject_id=subject or uuid4(), actor_member_id=uuid4(), width=2, keeper=uuid4()
    )


async def partition_of(session: Session, event_id: UUID) -> str:
    found = await session.scalar(text("SELECT tableoid::regclass::text FROM events WHERE id = :id"), {"id": event_id})
    assert isinstance(found, str)
    return found


async def test_a_fact_is_one_row_with_its_changes_and_its_job(database: Database) -> None:
    fact = opened()
    async with database.session() as session:
        event_id = await record(session, fact)
        await commit(session)

        row = (await session.execute(select(EventRow.__table__).where(EventRow.id == event_id))).mappings().one()
        jobs = (await session.execute(text("SELECT task_name, queue_name, args FROM procrastinate_jobs"))).all()
        changes = (
            await session.execute(text("SELECT scope_id, object_type, object_id, counter, version, op FROM changes"))
        ).all()

    assert GateOpened.from_row(row) == fact
    assert row["occurred_at"] == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    assert (row["code"], row["subject_type"]) == ("test.gate_opened", "gate")
    assert jobs == [(EXPAND_TASK, "urgent", {"event_id": str(event_id)})]
    assert set(changes) == {(scope, "gate", fact.subject_id, 1, 3, "upsert") for scope in (SCOPE, OTHER)}


async def test_a_fact_without_a_lane_defers_nothing_and_touches_no_scope(database: Database) -> None:
    async with database.session() as session:
        await record(session, GatePainted(organisation_id=SCOPE, subject_id=uuid4(), actor_member_id=None))
        await commit(session)

        assert await session.scalar(text("SELECT count(*) FROM events")) == 1
        assert await session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0
        assert await session.scalar(text("SELECT count(*) FROM changes")) == 0


async def test_a_rollback_takes_all_of_it(database: Database) -> None:
    async with database.session() as session:
        await record(session, opened())
        await session.rollback()

    async with database.session() as session:
        for table in ("events", "changes", "scopes", "procrastinate_jobs"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


async def test_an_object_changed_twice_has_one_row_and_the_scope_counts_units_of_work(database: Database) -> None:
    gate = uuid4()
    async with database.session() as session:
        session.changes += [Change(SCOPE, "gate", gate, version=1), Change(SCOPE, "gate", gate, version=2)]
        await commit(session)
        session.changes += [Change(SCOPE, "gate", gate, version=3, op=Op.delete)]
        await commit(session)
        await commit(session)  # nothing changed: nothing counted

        rows = (await session.execute(text("SELECT counter, version, op FROM changes"))).all()
        counter = await session.scalar(text("SELECT counter FROM scopes"))

    assert rows == [(2, 3, "delete")]
    assert counter == 2


async def test_of_two_changes_of_one_object_in_one_unit_the_last_counts(database: Database) -> None:
    gate = uuid4()
    async with database.session() as session:
        session.changes += [
            Change(SCOPE, "gate", gate, version=2, op=Op.delete),
            Change(SCOPE, "gate", gate, version=1),
        ]
        await commit(session)

        assert (await session.execute(text("SELECT version, op FROM changes"))).all() == [(1, "upsert")]


async def test_facts_lie_in_the_partition_of_their_month(database: Database, clock: FakeClock) -> None:
    async with database.session() as session:
        await session.execute(text("SELECT ensure_month_partitions('2026-11-01', 2)"))
        now = await partition_of(session, await record(session, opened()))
    clock.set(datetime(2026, 11, 30, 23, 59, 59, 999000, tzinfo=UTC))
    async with database.session() as session:
        last = await partition_of(session, await record(session, opened()))
    clock.set(datetime(2026, 12, 1, tzinfo=UTC))
    async with database.session() as session:
        first = await partition_of(session, await record(session, opened()))
    clock.set(datetime(2019, 1, 1, tzinfo=UTC))
    async with database.session() as session:
        far = await partition_of(session, await record(session, opened()))

    assert (now, last, first, far) == ("events_2026_11", "events_2026_11", "events_2026_12", "events_other")


async def test_making_partitions_again_makes_none(database: Database) -> None:
    async with database.session() as session:
        made = [
            await session.scalar(text("SELECT ensure_month_partitions('2031-12-15', 3)")),
            await session.scalar(text("SELECT ensure_month_partitions('2031-12-01', 3)")),
            await session.scalar(text("SELECT ensure_month_partitions('2032-01-31', 3)")),
        ]
        names = set(
            await session.scalars(
                text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(events|deliveries)_203[12]'")
            )
        )

    assert made == [6, 0, 2]  # two tables a month
    assert names == {
        f"{table}_{month}"
        for table in ("events", "deliveries")
        for month in ("2031_12", "2032_01", "2032_02", "2032_03")
    }


async def test_jobs_wait_for_their_time_and_carry_their_arguments(database: Database) -> None:
    at = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
    async with database.session() as session:
        await defer(session, "some.task", {"a": 1, "b": None}, {"a": 2, "b": "x"}, lane=Lane.bulk, schedule_at=at)
        await defer(session, "no.task", lane=Lane.bulk)
        rows = (
            await session.execute(
                text("SELECT task_name, queue_name, args, scheduled_at FROM procrastinate_jobs ORDER BY id")
            )
        ).all()

    assert rows == [("some.task", "bulk", {"a": 1, "b": None}, at), ("some.task", "bulk", {"a": 2, "b": "x"}, at)]


async def test_a_fact_keeps_no_field_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="colour"):
        GatePainted.model_validate(
            {"organisation_id": SCOPE, "subject_id": SCOPE, "actor_member_id": None, "colour": "red"}
        )
