"""Sixteen writers at once: no change is lost, no counter has a gap, nobody waits in a ring."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.kernel.db import PooledDatabase, transaction
from app.kernel.scopes import Change
from tests.factories.clock import FakeClock

WRITERS, ROUNDS = 16, 12
SCOPES = [UUID(int=number) for number in (11, 5, 9, 2)]


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=WRITERS + 2, statement_timeout_ms=10_000)
    yield database
    await database.close()


async def test_a_reader_who_polls_by_counter_sees_every_change_of_sixteen_writers_once(live: PooledDatabase) -> None:
    written: set[tuple[UUID, UUID]] = set()
    seen: list[tuple[UUID, UUID]] = []
    cursors = dict.fromkeys(SCOPES, 0)
    counters: dict[UUID, list[int]] = {scope: [] for scope in SCOPES}

    async def write(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 repeatable chance, no secret
        for _ in range(ROUNDS):
            scopes = chance.sample(SCOPES, chance.randint(1, 4))  # in any order: opposite ones meet
            async with transaction(live) as session:
                await session.execute(text("SELECT pg_sleep(:s)"), {"s": chance.uniform(0, 0.003)})
                changes = [Change(scope, "thing", uuid4(), version=1) for scope in scopes]
                session.changes += changes
            written.update((change.scope_id, change.object_id) for change in changes)

    async def read() -> None:
        async with live.session() as session:
            rows = await session.execute(
                text("SELECT scope_id, object_id, counter FROM changes ORDER BY scope_id, counter")
            )
            news = [row for row in rows if row.counter > cursors[row.scope_id]]
        for row in news:
            seen.append((row.scope_id, row.object_id))
            counters[row.scope_id].append(row.counter)
            cursors[row.scope_id] = row.counter

    writers = asyncio.gather(*(write(seed) for seed in range(WRITERS)))
    while not writers.done():
        await read()
    await writers  # a deadlock or a lost lock would be raised here
    await read()

    assert len(seen) == len(set(seen))
    assert set(seen) == written
    for scope, counted in counters.items():
        assert counted == list(range(1, len(counted) + 1)), scope


async def test_opposite_orders_never_wait_for_each_other(live: PooledDatabase) -> None:
    async def write(scopes: list[UUID]) -> None:
        for _ in range(10):
            async with transaction(live) as session:
                session.changes += [Change(scope, "thing", uuid4(), version=1) for scope in scopes]

    await asyncio.gather(*(write(SCOPES if number % 2 else SCOPES[::-1]) for number in range(8)))

    async with live.session() as session:
        counters = (await session.execute(text("SELECT counter FROM scopes"))).scalars().all()
    assert counters == [80] * 4


async def test_a_rolled_back_writer_leaves_no_gap(live: PooledDatabase) -> None:
    async def write() -> None:
        async with transaction(live) as session:
            session.changes.append(Change(SCOPES[0], "thing", uuid4(), version=1))

    await write()
    with pytest.raises(RuntimeError):  # noqa: PT012 the block is the unit of work
        async with transaction(live) as session:
            session.changes.append(Change(SCOPES[0], "thing", uuid4(), version=1))
            raise RuntimeError
    await write()

    async with live.session() as session:
        assert sorted(await session.scalars(text("SELECT counter FROM changes"))) == [1, 2]
