"""A store that stands still keeps nobody waiting but who asked it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from obstore.store import MemoryStore

from app.documents.store import ContentMissing, DocumentStore
from app.kernel.db import PooledDatabase, transaction
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.world import Person, World


class StillStore(DocumentStore):
    """Gives nothing until it is let go, and then has lost it."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()

    async def stream(self, key: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        del start, end
        self.asked.set()
        await self.let_go.wait()
        raise ContentMissing(key)


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    """With one connection: whoever holds it is alone."""
    database = PooledDatabase(live_database_url, clock=clock, pool_size=1, statement_timeout_ms=10_000)
    yield database
    await database.close()


async def test_who_waits_for_a_file_holds_no_connection(
    built: FastAPI, live: PooledDatabase, people: World, client_of: Callable[[Person], AsyncClient]
) -> None:
    async with transaction(live) as session:
        document = await put_document(session, people.branch_a, people.secretary)
    built.state.documents = store = StillStore()
    client = client_of(people.member)
    waiting = asyncio.create_task(client.get(f"/v1/documents/{document}/content"))
    await store.asked.wait()
    async with asyncio.timeout(5):
        assert (await client.get(f"/v1/documents/{document}")).status_code == 200
    store.let_go.set()
    assert (await waiting).json()["code"] == "document_content_unavailable"
