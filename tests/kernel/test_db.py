"""Commit at the edge: an answer leaves after the commit, and a commit that fails is no success."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.kernel.db import DbSession, PooledDatabase, independently, transaction
from app.kernel.errors import Conflict
from app.kernel.events import Event, record
from app.kernel.jobs import Lane
from app.kernel.passwords import Passwords
from app.kernel.scopes import Change
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from tests.factories.clock import FakeClock

SCOPE = UUID(int=7)


class BellRung(Event):
    """A fact of these tests only; nobody looks it up by its code."""

    code = "test.bell_rung"
    subject_type = "bell"
    lane = Lane.bulk

    def changes(self) -> tuple[Change, ...]:
        return (Change(SCOPE, "bell", self.subject_id, version=1),)


def rung() -> BellRung:
    return BellRung(organisation_id=SCOPE, subject_id=uuid4(), actor_member_id=None)


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=5, statement_timeout_ms=2_000)
    async with database.session() as session:
        await session.execute(text("CREATE TABLE bells (name text UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        await session.commit()
    yield database
    await database.close()


@pytest.fixture
async def caller(
    live: PooledDatabase, settings: Settings, keys: TokenKeys, passwords: Passwords
) -> AsyncIterator[AsyncClient]:
    app: FastAPI = create_app(Parts(settings=settings, database=live, passwords=passwords, keys=keys))

    async def ring(session: DbSession, name: str, fail: str = "") -> dict[str, str]:
        await session.execute(text("INSERT INTO bells VALUES (:name)"), {"name": name})
        await record(session, rung())
        if fail == "refusal":
            raise Conflict
        if fail == "crash":
            raise RuntimeError("after record()")
        return {"name": name}

    async def count(request: Request, session: DbSession) -> None:
        await session.execute(text("INSERT INTO bells VALUES ('mine')"))
        async with independently(request) as apart:
            await apart.execute(text("INSERT INTO bells VALUES ('apart')"))
        raise Conflict

    app.add_api_route("/test/ring", ring, methods=["POST"], status_code=201)
    app.add_api_route("/test/count", count, methods=["POST"])
    async with AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test") as caller:
        yield caller


async def stored(live: PooledDatabase) -> dict[str, int]:
    """Count what one ring leaves: its row, its fact, its change row, its counter, its job."""
    tables = ("bells", "events", "changes", "scopes", "procrastinate_jobs")
    async with live.session() as session:
        return {table: (await session.scalar(text(f"SELECT count(*) FROM {table}"))) or 0 for table in tables}


async def test_a_committed_request_leaves_all_of_it(caller: AsyncClient, live: PooledDatabase) -> None:
    assert (await caller.post("/test/ring?name=a")).status_code == 201

    assert await stored(live) == {"bells": 1, "events": 1, "changes": 1, "scopes": 1, "procrastinate_jobs": 1}


async def test_a_commit_that_fails_is_no_201_and_leaves_nothing(caller: AsyncClient, live: PooledDatabase) -> None:
    assert (await caller.post("/test/ring?name=a")).status_code == 201

    failed = await caller.post("/test/ring?name=a")  # the constraint is checked by the commit itself

    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert await stored(live) == {"bells": 1, "events": 1, "changes": 1, "scopes": 1, "procrastinate_jobs": 1}


@pytest.mark.parametrize(("fail", "status"), [("refusal", 409), ("crash", 500)])
async def test_a_failure_after_record_leaves_nothing(
    fail: str, status: int, caller: AsyncClient, live: PooledDatabase
) -> None:
    assert (await caller.post(f"/test/ring?name=a&fail={fail}")).status_code == status

    assert await stored(live) == {"bells": 0, "events": 0, "changes": 0, "scopes": 0, "procrastinate_jobs": 0}


async def test_what_is_done_independently_survives_the_refusal(caller: AsyncClient, live: PooledDatabase) -> None:
    assert (await caller.post("/test/count")).status_code == 409

    async with live.session() as session:
        assert list(await session.scalars(text("SELECT name FROM bells"))) == ["apart"]


async def test_a_unit_of_work_outside_a_request_commits_at_its_end_or_not_at_all(live: PooledDatabase) -> None:
    async with transaction(live) as session:
        await record(session, rung())
    with pytest.raises(RuntimeError, match="stop"):  # noqa: PT012 the block is the unit of work
        async with transaction(live) as session:
            await record(session, rung())
            raise RuntimeError("stop")

    left = await stored(live)
    assert (left["events"], left["changes"], left["procrastinate_jobs"]) == (1, 1, 1)


async def test_one_unit_of_work_has_one_instant_and_rising_ids(live: PooledDatabase, clock: FakeClock) -> None:
    async with live.session() as session:
        clock.advance(minutes=5)
        ids = [session.new_id() for _ in range(500)]
        assert session.now() == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)

    assert ids == sorted(ids)
    assert len(set(ids)) == 500


async def test_a_statement_is_stopped_at_the_timeout_and_the_zone_is_utc(
    live_database_url: str, clock: FakeClock
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=1, statement_timeout_ms=50)
    async with database.session() as session:
        assert await session.scalar(text("SHOW timezone")) == "UTC"
        with pytest.raises(Exception, match="statement timeout"):
            await session.execute(text("SELECT pg_sleep(5)"))
    await database.close()


async def test_errors_do_not_quote_parameters(live: PooledDatabase) -> None:
    async with live.session() as session:
        with pytest.raises(Exception, match="bell_rings") as failed:
            await session.execute(text("INSERT INTO bell_rings VALUES (:phone)"), {"phone": "+84900000001"})

    assert "+84900000001" not in str(failed.value)


async def test_vacuum_runs_outside_a_transaction_and_takes_what_is_dead(live: PooledDatabase) -> None:
    async with transaction(live) as session:
        await session.execute(text("CREATE EXTENSION pgstattuple"))
        await session.execute(text("INSERT INTO bells VALUES ('a'), ('b')"))
    async with transaction(live) as session:
        await session.execute(text("DELETE FROM bells"))
    dead = text("SELECT dead_tuple_count FROM pgstattuple('bells')")
    async with live.session() as session:
        assert await session.scalar(dead) == 2

    await live.vacuum("bells", "scopes")

    async with live.session() as session:
        assert await session.scalar(dead) == 0
