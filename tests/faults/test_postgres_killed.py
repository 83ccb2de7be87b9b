"""PostgreSQL dies under the whole service; what was promised holds, and the rest is refused politely."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from app.kernel.postgres import EmbeddedPostgres
from app.kernel.tokens import TokenKeys
from tests.faults.harness import (
    Place,
    Program,
    a_meeting,
    announce,
    descendants,
    free_port,
    is_alive,
    push_settings,
    seed,
    sql,
    wait_until,
)
from tests.fcm import LoopbackFcm, answers

pytestmark = pytest.mark.begins_first(15)

Report = Callable[..., None]
WRITERS = 4


class Writer:
    """Drafts and announces meetings for as long as it is let; keeps every answer."""

    def __init__(self, client: httpx.AsyncClient, place: Place) -> None:
        self._client = client
        self._place = place
        self.drafted: set[UUID] = set()
        self.announced: set[UUID] = set()
        self.refused: list[httpx.Response] = []
        self.slowest = 0.0
        self.going = True

    async def write(self) -> None:
        while self.going:
            meeting = uuid4()
            path = f"/v1/organisations/{self._place.world.branch_a}/meetings"
            if await self._post(path, a_meeting(meeting)):
                self.drafted.add(meeting)
                if await self._post(f"/v1/meetings/{meeting}/announce"):
                    self.announced.add(meeting)
            await asyncio.sleep(0.05)

    async def _post(self, path: str, body: object = None) -> bool:
        began = time.monotonic()
        headers = self._place.headers(self._place.world.secretary)
        answer = await self._client.post(path, json=body, headers=headers)
        self.slowest = max(self.slowest, time.monotonic() - began)
        if answer.is_success:
            return True
        self.refused.append(answer)
        return False


async def until(true: Callable[[], bool], what: str, *, seconds: float = 20) -> float:
    return await asyncio.to_thread(wait_until, true, what, seconds=seconds)


async def ready(client: httpx.AsyncClient, *, seconds: float) -> float:
    began = time.monotonic()
    while True:
        try:
            answer = await client.get("/readyz")
            said = answer.text
            if answer.status_code == 200:
                return time.monotonic() - began
        except httpx.TransportError as error:
            said = repr(error)
        assert time.monotonic() < began + seconds, said
        await asyncio.sleep(0.02)


async def test_postgresql_killed_under_the_service_costs_polite_refusals_and_nothing_that_was_promised(
    home: Path, fcm: LoopbackFcm, report: Report
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    fcm.answer_next(answers.late(0.2), times=100_000)  # sends are under way whenever the database dies
    settings = push_settings(fcm, SOTAY_WORKER_HEARTBEAT_SECONDS="3")
    with Program(home.parent / "log", "serve", "--port", str(port), "--data-dir", str(home), **settings) as service:
        async with httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client:
            await ready(client, seconds=60)
            postgres = EmbeddedPostgres(home)
            place = await seed(postgres.url, TokenKeys(home / "keys", issuer=address))
            phones = place.phones()

            writer = Writer(client, place)
            writing = [asyncio.create_task(writer.write()) for _ in range(WRITERS)]
            await until(lambda: len(fcm.accepted) > 50, "pushes flow", seconds=60)
            assert writer.refused == []
            before = len(writer.announced)
            killed = postgres.pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            await until(lambda: len(writer.refused) > 0, "the database is missed")
            back = await ready(client, seconds=30)
            await until(lambda: len(writer.announced) >= before + 20, "writing goes on", seconds=60)
            writer.going = False
            await asyncio.gather(*writing)

            began = time.monotonic()
            last = await announce(client, place)
            owed = {(phone, str(meeting)) for meeting in (*writer.announced, last) for phone in phones}

            def missing() -> set[tuple[str, str]]:
                return owed - {(push.token, push.message["data"]["id"]) for push in list(fcm.accepted)}

            await until(lambda: not missing(), "every announced meeting reaches every phone", seconds=90)
            caught_up = time.monotonic() - began
            await until(lambda: place.jobs() == 0, "no job is left, none is stuck", seconds=60)

        assert postgres.pid != killed
        kept = {row[0] for row in sql(postgres.url, "SELECT id FROM meetings")}
        called = {row[0] for row in sql(postgres.url, "SELECT id FROM meetings WHERE status = 'announced'")}
        assert writer.drafted <= kept
        assert writer.announced <= called
        statuses = Counter(answer.status_code for answer in writer.refused)
        odd = [answer.text for answer in writer.refused if answer.status_code != 503]
        assert odd == [], (odd, service.log[-5000:])
        for answer in writer.refused:
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["code"] in {"database_unavailable", "too_slow"}
        assert writer.slowest < 5

        family = descendants(service.process.pid)
        assert any("postgres" in line for line in family.values())
        assert service.end(seconds=30) == 0
        assert {line for pid, line in family.items() if is_alive(pid)} == set()
        assert postgres.pid is None
    report(
        kept=len(writer.drafted),
        announced=len(writer.announced),
        refused=dict(statuses),
        ready_again_after=f"{back:.1f} s",
        slowest_answer=f"{writer.slowest:.2f} s",
        all_phones_caught_up_after=f"{caught_up:.1f} s",
    )
