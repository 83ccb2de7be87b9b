"""The whole service as people start it: how fast a branch is told, and what a dead process costs."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

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
    seeded,
    sql,
    tokens,
    two_free_ports,
    wait_until,
)
from tests.fcm import LoopbackFcm, answers

pytestmark = pytest.mark.begins_first(35)

Report = Callable[..., None]
PHONES = 300


def answers_ready(address: str) -> bool:
    asking = HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        asking.request("GET", "/readyz")
        return asking.getresponse().status == httpx.codes.OK
    except OSError:
        return False
    finally:
        asking.close()


@dataclass(frozen=True)
class Service:
    """`sotay serve` on loopback, with a branch in its database."""

    home: Path
    port: int
    metrics: int
    program: Program
    place: Place
    fcm: LoopbackFcm

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def scrape(port: int) -> str:
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text


def sent_by(service: Service) -> float:
    """How many pushes the worker says it has sent."""
    counted = re.findall(r'sotay_push_outcomes_total{outcome="sent",[^}]+} (\S+)', scrape(service.metrics + 1))
    return sum(map(float, counted))


def start(
    home: Path, port: int, *, fcm: LoopbackFcm | None = None, log: str = "log", metrics: int | None = None
) -> Program:
    push = (
        {"SOTAY_PUSH": "fcm", "SOTAY_FCM_URL": fcm.url, "SOTAY_FCM_CREDENTIALS": str(fcm.credentials_file)}
        if fcm
        else {}
    )
    seen = {"SOTAY_METRICS_PORT": str(metrics)} if metrics else {}
    return Program(home.parent / log, "serve", "--port", str(port), "--data-dir", str(home), **push, **seen)


@pytest.fixture
def service(home: Path, fcm: LoopbackFcm) -> Iterator[Service]:
    port, metrics = free_port(), two_free_ports()
    address = f"http://127.0.0.1:{port}"
    with start(home, port, fcm=fcm, metrics=metrics) as program:
        wait_until(lambda: answers_ready(address), "it is ready", seconds=60)
        place = seeded(EmbeddedPostgres(home).url, TokenKeys(home / "keys", issuer=address))
        try:
            yield Service(home, port, metrics, program, place, fcm)
        finally:
            if program.process.poll() is None:
                assert program.end(seconds=30) == 0


async def test_announcement_reaches_every_phone_of_the_branch_within_two_seconds_and_a_dead_api_comes_back(
    service: Service, report: Report
) -> None:
    place, fcm = service.place, service.fcm
    place.grow(PHONES - len(place.phones()))
    phones = place.phones()
    fcm.answer_next(answers.late(0.1), times=10 * PHONES)  # about what Google takes
    async with httpx.AsyncClient(base_url=service.address, timeout=30, trust_env=False) as client:
        took = []
        for number in range(1, 4):
            await announce(client, place)
            answered = time.monotonic()
            pushes = await asyncio.to_thread(fcm.wait_for, number * PHONES, timeout_seconds=60)
            took.append(max(push.received_at for push in pushes) - answered)
        assert tokens(fcm.accepted) == dict.fromkeys(phones, 3)
        report(phones=PHONES, seconds_from_the_answer_to_the_last_phone=[round(each, 2) for each in took])
        assert min(took) < 2
        # The last outcomes are stored, and counted, after FCM has them.
        await asyncio.to_thread(wait_until, lambda: sent_by(service) == 3 * PHONES, "all are counted")
        of_api, of_worker = [await asyncio.to_thread(scrape, service.metrics + number) for number in range(2)]
        assert "sotay_figures_up 1.0" in of_api
        assert "sotay_workers_alive 2.0" in of_api
        assert 'route="/v1/meetings/{meeting_id}/announce",status="200"} 3.0' in of_api
        assert 'sotay_jobs_total{result="done",task="notifications.deliver"}' in of_worker
        assert all("process_resident_memory_bytes" in each for each in (of_api, of_worker))

        api = service.program.child("app.cli api")
        assert api is not None
        os.kill(api, signal.SIGKILL)
        began = time.monotonic()
        await asyncio.to_thread(wait_until, lambda: answers_ready(service.address), "the API is back", seconds=60)
        back = time.monotonic() - began
        assert service.program.child("app.cli api") != api
        await announce(client, place)
        await asyncio.to_thread(fcm.wait_for, 4 * PHONES, timeout_seconds=60)
    report(api_answered_again_after=f"{back:.1f} s")


def test_data_directory_serves_one_at_a_time_and_outlives_its_service(home: Path) -> None:
    port, other = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    with start(home, port) as first:
        wait_until(lambda: answers_ready(address), "it is ready", seconds=60)
        postgres = EmbeddedPostgres(home)
        place = seeded(postgres.url, TokenKeys(home / "keys", issuer=address))

        with start(home, other, log="second") as second:
            assert second.process.wait(60) == 1
            refusal = second.log
        assert str(home) in refusal.replace("\n", "")
        assert "Traceback" not in refusal
        assert answers_ready(address)

        family = descendants(first.process.pid)
        first.kill()
        children = [pid for pid, line in family.items() if "app.cli" in line]
        assert len(children) == 2
        wait_until(lambda: not any(is_alive(pid) for pid in children), "API and worker go with it", seconds=30)

    with start(home, port, log="third") as third:
        wait_until(lambda: answers_ready(address), "it is ready again", seconds=60)
        me = httpx.get(f"{address}/v1/me", headers=place.headers(place.world.secretary), trust_env=False)
        assert me.json()["full_name"] == "Nguyễn Văn An"
        path = f"{address}/v1/organisations/{place.world.branch_a}/meetings"
        headers = place.headers(place.world.secretary)
        assert httpx.post(path, json=a_meeting(), headers=headers, trust_env=False).status_code == 201
        assert len(sql(postgres.url, "SELECT id FROM meetings")) == 1
        assert third.end(seconds=30) == 0
    assert postgres.pid is None
