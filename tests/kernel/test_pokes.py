"""One query a second for all listeners of a process, and streams that end."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import PooledDatabase
from app.kernel.pokes import HEARTBEAT_TICKS, Pokes, closed_at_stop
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock

SCOPE = UUID(int=7)
OTHER = UUID(int=8)
WHO = UUID(int=9)


async def bump(database: RolledBackDatabase, scope: UUID) -> None:
    async with database.session() as session:
        await session.execute(
            text("INSERT INTO scopes VALUES (:id, 1) ON CONFLICT (id) DO UPDATE SET counter = scopes.counter + 1"),
            {"id": scope},
        )
        await session.commit()


def steps(*work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """A pause in which the next thing happens."""
    left = list(work)

    async def pause() -> None:
        if left:
            await left.pop(0)()
        else:
            await asyncio.sleep(0)

    return pause


async def test_listener_hears_the_counter_at_once_and_each_rise_of_its_own_scope(database: RolledBackDatabase) -> None:
    await bump(database, SCOPE)
    pause = steps(lambda: bump(database, OTHER), lambda: bump(database, SCOPE), lambda: bump(database, SCOPE))
    pokes = Pokes(database, pause=pause, longest=5)
    assert [seq async for seq in pokes.watch(SCOPE, by=WHO)] == [1, 2, 3]


async def test_still_stream_gives_signs_of_life_and_ends(database: RolledBackDatabase) -> None:
    pokes = Pokes(database, pause=steps(), longest=2 * HEARTBEAT_TICKS + 1)
    assert [seq async for seq in pokes.watch(SCOPE, by=WHO)] == [0, None, None]


async def test_all_listeners_share_one_question(database: RolledBackDatabase) -> None:
    asked = 0

    async def counted() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)

    pokes = Pokes(database, pause=counted, longest=10)
    async with aclosing(pokes.watch(SCOPE, by=WHO)) as first, aclosing(pokes.watch(OTHER, by=WHO)) as second:
        assert [await anext(first), await anext(second)] == [0, 0]
        heard = await asyncio.gather(*(drain(stream) for stream in (first, second)))
    assert heard == [[], []]
    assert 10 <= asked <= 12


async def drain(stream: object) -> list[object]:
    return [seq async for seq in stream]  # type: ignore[attr-defined] # an async generator


async def test_closing_ends_every_stream(database: RolledBackDatabase) -> None:
    asleep = asyncio.Event()

    async def pause() -> None:
        asleep.set()
        await asyncio.Event().wait()

    pokes = Pokes(database, pause=pause)
    stream = pokes.watch(SCOPE, by=WHO)
    assert await anext(stream) == 0
    rest = asyncio.create_task(drain(stream))
    await asleep.wait()
    pokes.close()
    assert await rest == []
    assert [seq async for seq in pokes.watch(SCOPE, by=WHO)] == [0]


async def test_signal_to_stop_closes_the_streams_and_is_passed_on(database: RolledBackDatabase) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    pokes = Pokes(database, pause=steps())
    try:
        with closed_at_stop(pokes):
            stream = pokes.watch(SCOPE, by=WHO)
            await anext(stream)
            os.kill(os.getpid(), signal.SIGTERM)
            assert [seq async for seq in stream if seq is not None] == []
        assert heard == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is not before
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_stream_ends_when_the_database_cannot_be_asked_and_the_next_begins_anew(
    live_database_url: str, clock: FakeClock
) -> None:
    live = PooledDatabase(live_database_url, clock=clock, pool_size=1, statement_timeout_ms=2_000)

    async def rename(before: str, after: str) -> None:
        async with live.session() as session:
            await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))
            await session.commit()

    pokes = Pokes(live, pause=steps(lambda: rename("scopes", "gone")), longest=HEARTBEAT_TICKS)
    assert [seq async for seq in pokes.watch(SCOPE, by=WHO)] == [0]
    assert [seq async for seq in pokes.watch(SCOPE, by=WHO)] == []
    await rename("gone", "scopes")
    assert [seq async for seq in pokes.watch(SCOPE, by=WHO)] == [0, None]
    await live.close()
