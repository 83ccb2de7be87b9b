"""Sixteen writers and a phone that asks all the while, on a database that really commits."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event, text
from sqlalchemy.engine import Connection

from app.kernel.db import PooledDatabase, transaction
from app.kernel.passwords import Passwords
from app.kernel.scopes import Change
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from app.meetings.models import Meeting, MeetingKind, MeetingStatus
from tests.changes.phones import Phone, announce_world, fresh
from tests.factories.clock import FakeClock
from tests.factories.world import HANOI, Person, World, make_world

WRITERS, ROUNDS = 16, 8


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=WRITERS + 2, statement_timeout_ms=10_000)
    yield database
    await database.close()


@pytest.fixture
async def branch(live: PooledDatabase) -> World:
    async with transaction(live) as session:
        return await make_world(session)


@pytest.fixture
def asking(
    live: PooledDatabase, keys: TokenKeys, passwords: Passwords, clock: FakeClock, tmp_path: Path
) -> Callable[[Person], AsyncClient]:
    settings = Settings(data_dir=tmp_path, public_url="http://sotay.test")
    app = create_app(Parts(settings=settings, database=live, passwords=passwords, keys=keys))

    def client_of(person: Person) -> AsyncClient:
        token = keys.issue(account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=clock())
        headers = {"Authorization": f"Bearer {token}"}
        return AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test", headers=headers)

    return client_of


@pytest.fixture
async def member(branch: World, asking: Callable[[Person], AsyncClient]) -> AsyncIterator[AsyncClient]:
    async with asking(branch.member) as client:
        yield client


async def test_a_secretary_whose_phones_start_at_once_leaves_one_trace_on_each_record(
    live: PooledDatabase, branch: World, asking: Callable[[Person], AsyncClient]
) -> None:
    await announce_world(live)
    answers = await asyncio.gather(*(asking(branch.secretary).get("/v1/changes?limit=200") for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    async with live.session() as session:
        seen = text("SELECT count(*) FROM record_views WHERE member_id = :member")
        assert await session.scalar(seen, {"member": branch.member.member_id}) == 1


async def test_a_phone_that_asks_while_sixteen_write_misses_nothing(
    live: PooledDatabase, branch: World, member: AsyncClient
) -> None:
    written: set[str] = set()

    async def write(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 repeatable chance, no secret
        for _ in range(ROUNDS):
            scopes = chance.sample((branch.branch_a, branch.commune, branch.member.member_id), chance.randint(1, 3))
            async with transaction(live) as session:
                meeting = Meeting(
                    id=session.new_id(),
                    organisation_id=branch.branch_a,
                    kind=MeetingKind.regular,
                    status=MeetingStatus.announced,
                    title="Sinh hoạt thường kỳ",
                    starts_at=session.now(),
                    time_zone=HANOI,
                    created_by=branch.secretary.member_id,
                    created_at=session.now(),
                )
                session.add(meeting)
                await session.execute(text("SELECT pg_sleep(:s)"), {"s": chance.uniform(0, 0.003)})
                session.changes += [Change(scope, "meeting", meeting.id, version=1) for scope in scopes]
            written.add(str(meeting.id))

    phone = Phone()
    writers = asyncio.gather(*(write(seed) for seed in range(WRITERS)))
    while not writers.done():
        await phone.ask_once(member, limit=7)
    await writers
    while await phone.ask_once(member, limit=7):
        pass

    told = [item["id"] for item in phone.told]
    assert set(phone.of("meeting")) == written
    assert len(told) == len(set(told)) == WRITERS * ROUNDS
    assert phone.held == (await fresh(member)).held


async def test_all_that_a_page_is_made_of_is_of_one_instant(live: PooledDatabase, member: AsyncClient) -> None:
    levels: list[object] = []

    def keep(connection: Connection, *_: object) -> None:
        levels.append(connection.get_isolation_level())

    event.listen(live.engine.sync_engine, "before_cursor_execute", keep)
    await fresh(member)
    event.remove(live.engine.sync_engine, "before_cursor_execute", keep)

    assert len(levels) >= 3
    assert set(levels) == {"REPEATABLE READ"}
    async with live.session() as session:
        assert await session.scalar(text("SHOW transaction_isolation")) == "read committed"


async def test_a_scope_nobody_wrote_to_is_told_from_its_first_change(
    live: PooledDatabase, branch: World, member: AsyncClient
) -> None:
    phone = await fresh(member)
    assert phone.held == {}
    async with transaction(live) as session:
        session.changes.append(Change(branch.province, "organisation", branch.province, version=1))

    await phone.catch_up(member)

    assert [UUID(identifier) for identifier in phone.of("organisation")] == [branch.province]
