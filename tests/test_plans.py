"""What the home screen costs the database: as many rows as it shows, however many there are of others."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Literal
from sqlalchemy import Connection, event, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.identity.models import Device
from app.notifications.models import Notification
from app.notifications.owing import owe
from app.notifications.service import CHUNK_SIZE
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.crowd import make_crowd, make_history
from tests.factories.meetings import SignedIn, announced
from tests.factories.world import World
from tests.worker import JobRunner

OTHERS = 4_000
MOST_ROWS = 400
"""That any step of a plan may look at: the branch's own, and some more of a table that is small."""
HOME_SCREEN = ("/v1/me/meetings", "/v1/me/notifications", "/v1/me/announcements", "/v1/me/tasks", "/v1/changes")

_INBOXES = """
INSERT INTO inbox_entries (member_id, notification_id, created_at)
SELECT accounts.member_id, told.id, now()
FROM accounts CROSS JOIN (SELECT id FROM notifications ORDER BY id DESC LIMIT 5) AS told
WHERE accounts.member_id <> :me ON CONFLICT DO NOTHING
"""

Plan = dict[str, Any]  # Any: what EXPLAIN says


def steps(plan: Plan) -> Iterator[Plan]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from steps(inner)


def seen_by(step: Plan) -> float:
    """How many rows of a table the step looked at."""
    if "Relation Name" not in step and "Index Name" not in step:
        return 0
    removed = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
    return float((step["Actual Rows"] + removed) * step["Actual Loops"])


@contextmanager
def explaining(engine: AsyncEngine) -> Iterator[list[tuple[str, Plan]]]:
    """Collect the plan of each query, made on its own connection, so with its own rights and settings."""
    plans: list[tuple[str, Plan]] = []
    is_ours = False

    def explain(connection: Connection, _1: Any, statement: str, parameters: Any, *_: Any) -> None:
        # Any: SQLAlchemy's own.
        nonlocal is_ours
        if is_ours or not statement.lstrip().startswith(("SELECT", "WITH", "(SELECT")):
            return
        is_ours = True
        said = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
        is_ours = False
        plans.append((statement, (json.loads(said) if isinstance(said, str) else said)[0]["Plan"]))

    event.listen(engine.sync_engine, "before_cursor_execute", explain)
    yield plans
    event.remove(engine.sync_engine, "before_cursor_execute", explain)


async def explained(database: RolledBackDatabase) -> list[tuple[str, Plan]]:
    """The plans of the questions that were asked, made as in service: once for all values."""
    plans = []
    async with database.session() as session:
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        await driver.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        for question, values in database.asked:
            await driver.execute(f"PREPARE asked AS {question.sql}")
            given = SQL(", ").join(map(Literal, values))
            explain = SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({})").format(given)
            row = await (await driver.execute(explain)).fetchone()
            assert row is not None
            plans.append((question.sql, row[0][0]["Plan"]))
            await driver.execute("DEALLOCATE asked")
    return plans


@pytest.mark.parametrize("path", HOME_SCREEN)
async def test_home_screen_looks_at_few_rows(
    path: str, world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, engine: AsyncEngine
) -> None:
    secretary = signed_in(world.secretary)
    await announced(secretary, world.branch_a)
    await published(secretary, world.branch_a)
    await jobs.run()
    async with database.session() as session:
        # A branch a hundred times, so that none of the tables is small.
        await make_crowd(session, commune=world.commune, branches=OTHERS // 10, members=OTHERS, phones=OTHERS)
        author = world.sister_secretary.member_id
        await make_history(session, commune=world.commune, author=author, begin=0, until=OTHERS, each=10)
        await session.execute(text(_INBOXES), {"me": world.member.member_id})
        await session.execute(text("ANALYZE inbox_entries"))
        await session.commit()
    with explaining(engine) as plans:
        answer = await signed_in(world.member).get(path)
    assert answer.status_code == 200, answer.text
    plans += await explained(database)
    assert plans
    for statement, plan in plans:
        for step in steps(plan):
            assert seen_by(step) <= MOST_ROWS, f"{step}\n{statement}"


async def test_chunk_of_a_notice_to_thousands_does_not_go_through_everybodys_inboxes(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, engine: AsyncEngine
) -> None:
    """The notice is new to the planner's statistics: it may not take its inboxes for few and go through all of them."""
    for _ in range(2):
        await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    everybody = "SELECT member_id, :notice, now() FROM accounts ON CONFLICT DO NOTHING"
    async with database.session() as session:
        await make_crowd(session, commune=world.commune, branches=1, members=OTHERS, phones=OTHERS)
        for notification in await session.scalars(select(Notification).order_by(Notification.id)):
            await session.execute(text("ANALYZE devices, accounts, inbox_entries"))
            await session.execute(
                text(f"INSERT INTO inbox_entries (member_id, notification_id, created_at) {everybody}"),
                {"notice": notification.id},
            )
        some = select(Device.id).where(Device.push_token.is_not(None)).order_by(Device.id).limit(CHUNK_SIZE)
        phones = (await session.scalars(some)).all()
        with explaining(engine) as plans:
            owed = await owe(
                session,
                notification,
                after=UUID(int=phones[0].int - 1),
                through=phones[-1],
                held_for=timedelta(minutes=1),
                may_leave=lambda _: True,
            )
    assert len(owed.held) > 0.9 * CHUNK_SIZE  # the branch had been told already
    assert plans
    # All accounts once, to join them, and of the rest what the chunk has.
    for statement, plan in plans:
        assert sum(map(seen_by, steps(plan))) <= 2.5 * OTHERS, f"{plan}\n{statement}"
