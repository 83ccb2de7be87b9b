"""Live screens on a real server: they hear at once, end politely without the database, and hold up no stop.

Its log is read here too: no address of a calendar, which is a secret, may stand in it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from httpx import AsyncClient

from app.kernel.tokens import TokenKeys
from tests.faults.harness import Place, Program, announce, free_port, sql

pytestmark = pytest.mark.begins_first(10)

Report = Callable[..., None]
SECRET = "x" * 43


@pytest.fixture
def keys(tmp_path: Path) -> TokenKeys:
    """Where the server looks for them."""
    return TokenKeys(tmp_path / "keys", issuer="http://sotay.test")


async def is_up(program: Program) -> None:
    while "Uvicorn running" not in program.log:
        assert program.process.poll() is None, program.log
        await asyncio.sleep(0.05)


async def next_poke(lines: AsyncIterator[str]) -> str:
    async with asyncio.timeout(30):
        return await anext(line async for line in lines if line.startswith("data:"))


async def rest(lines: AsyncIterator[str]) -> list[str]:
    async with asyncio.timeout(30):
        return [line async for line in lines if line.startswith("data:")]


async def test_screens_hear_of_changes_within_two_seconds_and_end_without_the_database_and_at_the_stop(
    place: Place, api: AsyncClient, tmp_path: Path, report: Report
) -> None:
    meeting_id = await announce(api, place)
    headers = place.headers(place.world.secretary)
    environment = {
        "SOTAY_DATABASE_URL": place.url,
        "SOTAY_DATA_DIR": str(tmp_path),
        "SOTAY_PUBLIC_URL": place.keys.issuer,
    }
    port = free_port()
    path = f"/v1/meetings/{meeting_id}/events"
    with Program(tmp_path / "log", "api", "--port", str(port), **environment) as server:
        async with (
            AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30, trust_env=False) as client,
            AsyncExitStack() as open_streams,
        ):
            await is_up(server)

            async def watch(count: int) -> list[AsyncIterator[str]]:
                answers = [await open_streams.enter_async_context(client.stream("GET", path)) for _ in range(count)]
                assert [answer.status_code for answer in answers] == [200] * count
                screens = [answer.aiter_lines() for answer in answers]
                for screen in screens:
                    await next_poke(screen)
                return screens

            calendar = await client.get(f"/v1/calendars/{SECRET}.ics?{SECRET}")
            assert calendar.status_code == 404

            screens = await watch(2)
            # Changes made by another process: this one.
            heard = []
            for step in ("start", "end"):
                began = time.monotonic()
                answer = await api.post(f"/v1/meetings/{meeting_id}/{step}", headers=headers)
                assert answer.status_code == 200, answer.text
                await asyncio.gather(*(next_poke(screen) for screen in screens))
                heard.append(time.monotonic() - began)

            # PostgreSQL throws everybody out for a moment: the screens end, and come back when they ask again.
            backends = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            sql(place.url, f"SELECT pg_terminate_backend(pid) {backends}")
            assert await asyncio.gather(*(rest(screen) for screen in screens)) == [[], []]

            screens = await watch(2)
            began = time.monotonic()
            ending = asyncio.create_task(asyncio.to_thread(server.end))
            assert await asyncio.gather(*(rest(screen) for screen in screens)) == [[], []]
            code = await ending
            stopped = time.monotonic() - began
    assert code == 0, server.log
    assert "Traceback" not in server.log, server.log
    assert "/v1/calendars/{secret}.ics" in server.log
    assert SECRET not in server.log
    assert min(heard) < 2  # once: a machine may be busy
    assert "timeout graceful shutdown exceeded" not in server.log  # what holds up a stop is cut off, and this logged
    report(heard_after=[round(each, 2) for each in heard], stopped_within=f"{stopped:.2f} s")
