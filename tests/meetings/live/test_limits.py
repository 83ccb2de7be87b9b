"""How many live screens are held at once: four an account, and a process no more than it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.kernel.db import PooledDatabase
from app.kernel.pokes import STREAMS_AN_ACCOUNT, Pokes
from tests.factories.meetings import announced
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve on a port of the system's choice, over real connections: the ASGI transport reads whole answers only."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            app.state.pokes.close()
            server.should_exit = True
            await serving


async def next_poke(lines: AsyncIterator[str]) -> str:
    return await anext(line async for line in lines if line.startswith("data:"))


async def rest_of(lines: AsyncIterator[str]) -> list[str]:
    return [line async for line in lines if line.startswith("data:")]


class Screens:
    """Opens live screens of a meeting, each over a connection of its own, and keeps them open."""

    def __init__(self, url: str, path: str, held: AsyncExitStack, client_of: SignedIn) -> None:
        self._url = url
        self._path = path
        self._held = held
        self._client_of = client_of

    async def ask(self, person: Person) -> Response:
        headers = {"Authorization": self._client_of(person).headers["Authorization"]}
        caller = await self._held.enter_async_context(
            AsyncClient(base_url=self._url, headers=headers, timeout=30, trust_env=False)
        )
        return await self._held.enter_async_context(caller.stream("GET", self._path))

    async def open(self, person: Person) -> AsyncIterator[str]:
        answer = await self.ask(person)
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        await next_poke(lines)
        return lines


async def test_fifth_screen_of_an_account_ends_its_first_and_nobody_elses(
    people: World, client_of: SignedIn, live: PooledDatabase, built: FastAPI
) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await announced(secretary, people.branch_a)
    ticks = asyncio.Semaphore(0)

    async def pause() -> None:
        await ticks.acquire()

    built.state.pokes = Pokes(live, pause=pause)
    async with served(built) as url, AsyncExitStack() as held:
        screens = Screens(url, f"/v1/meetings/{meeting_id}/events", held, client_of)
        others = await screens.open(people.away)
        first, *rest = [await screens.open(people.member) for _ in range(STREAMS_AN_ACCOUNT + 1)]
        started = await secretary.post(f"/v1/meetings/{meeting_id}/start")
        assert started.status_code == 200, started.text
        ticks.release()
        assert await rest_of(first) == []
        heard = {await next_poke(screen) for screen in (others, *rest)}
        assert len(heard) == 1


@pytest.mark.parametrize("most", [1, STREAMS_AN_ACCOUNT])
async def test_screens_beyond_what_the_process_holds_are_refused_until_one_ends(
    people: World, client_of: SignedIn, live: PooledDatabase, built: FastAPI, most: int
) -> None:
    meeting_id = await announced(client_of(people.secretary), people.branch_a)
    ticks = asyncio.Semaphore(0)

    async def pause() -> None:
        await ticks.acquire()

    built.state.pokes = Pokes(live, pause=pause, longest=1, most=most)
    async with served(built) as url, AsyncExitStack() as held:
        screens = Screens(url, f"/v1/meetings/{meeting_id}/events", held, client_of)
        opened = [await screens.open(people.member) for _ in range(most)]
        refused = await screens.ask(people.away)
        assert refused.status_code == 503
        await refused.aread()
        assert refused.json()["code"] == "streams_busy"
        assert int(refused.headers["Retry-After"]) > 0
        if most == STREAMS_AN_ACCOUNT:  # in the place of one of their own
            opened.append(await screens.open(people.member))
        ticks.release()
        for screen in opened:
            assert await rest_of(screen) == []
        await screens.open(people.away)
