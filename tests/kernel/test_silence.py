"""A database whose host is gone without a word: it is given up, and asked again once it is back."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.kernel.db import NOTICING_SILENCE, PooledDatabase, Question
from app.kernel.queue import QueueConnector
from tests.factories.clock import FakeClock

ONE = Question(sql="SELECT 1", names=())


def pooled(url: str, clock: FakeClock) -> PooledDatabase:
    return PooledDatabase(url, clock=clock, pool_size=1, statement_timeout_ms=2_000)


def known(parameters: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(parameters[name]) for name in NOTICING_SILENCE}


async def test_every_connection_notices_that_its_server_is_silent(live_database_url: str, clock: FakeClock) -> None:
    database = pooled(live_database_url, clock)
    async with database.session() as session:
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        assert known(driver.info.get_parameters()) == NOTICING_SILENCE
    async with database._readers.one() as reader:  # noqa: SLF001 nobody else is given the connection
        assert known(reader.info.get_parameters()) == NOTICING_SILENCE
    await database.close()
    queue = QueueConnector(live_database_url)
    await queue.open_async()
    async with queue.pool.connection() as connection:
        assert known(connection.info.get_parameters()) == NOTICING_SILENCE
    await queue.close_async()


class Line:
    """What lies between a client and the database: carries everything, or keeps it to itself for a while."""

    def __init__(self, database: URL) -> None:
        directory, port = str(database.query["host"]), database.query.get("port", "5432")
        self._socket = f"{directory}/.s.PGSQL.{port}"
        self._database = database
        self.carries = asyncio.Event()
        self.carries.set()
        self.url = ""
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Line"]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        here = self._database.set(host="127.0.0.1", port=port, query={})
        self.url = here.render_as_string(hide_password=False)
        try:
            yield self
        finally:
            server.close()
            for writer in self._open:
                writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, there = await asyncio.open_unix_connection(self._socket)
        self._open |= {writer, there}
        await asyncio.gather(self._pass_on(reader, there), self._pass_on(back, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self.carries.wait()
            writer.write(data)
        writer.close()


async def test_read_is_refused_while_every_reader_waits_for_a_silent_server_and_answered_once_it_speaks(
    live_database_url: str, clock: FakeClock
) -> None:
    async with Line(make_url(live_database_url)).laid() as line:
        database = pooled(line.url, clock)
        database._readers._patience = 0.05  # noqa: SLF001 nobody waits 5 s in a test
        assert await database.read(ONE, {}) == (1,)
        line.carries.clear()
        *held, late = [asyncio.create_task(database.read(ONE, {})) for _ in range(5)]
        with pytest.raises(PoolTimeout):
            await late
        line.carries.set()
        assert await asyncio.gather(*held) == [(1,)] * 4
        assert await database.read(ONE, {}) == (1,)
        await database.close()
