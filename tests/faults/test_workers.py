"""Workers side by side, and a worker that is told to stop in the middle."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from httpx import AsyncClient

from app.kernel.processes import GRACE_SECONDS
from app.kernel.settings import Settings
from tests.faults.harness import Place, Program, announce, push_settings, sql, tokens, wait_until
from tests.fcm import LoopbackFcm, answers

pytestmark = pytest.mark.begins_first(50)

Report = Callable[..., None]
SUSPENDED_FOR = float(os.environ.get("SOTAY_SUSPENDED_SECONDS", "0"))
"""How long at least, with the periods that hold by default; 0 is for as long as short ones last."""


async def test_two_workers_share_1000_phones_and_each_is_told_once(
    place: Place, api: AsyncClient, fcm: LoopbackFcm, tmp_path: Path, report: Report
) -> None:
    place.grow(1_000 - len(place.phones()))
    phones = place.phones()
    fcm.answer_next(answers.late(0.04), times=2_000)
    environment = {"SOTAY_DATABASE_URL": place.url, **push_settings(fcm)}
    logs = [tmp_path / "one", tmp_path / "two"]

    def lasting() -> list[int]:
        workers = [Program(log, "worker", **environment, SOTAY_WORKER_CORE=str(core)) for core, log in enumerate(logs)]
        with workers[0], workers[1]:
            for worker in workers:
                wait_until(lambda: "worker_started" in worker.log, "it is up", seconds=60)  # noqa: B023 it is called at once
            cores = [frozenset(os.sched_getaffinity(worker.process.pid)) for worker in workers]
            assert [len(each) for each in cores] == [1, 1]
            assert len(set(cores)) == min(2, len(os.sched_getaffinity(0)))
            asyncio.run_coroutine_threadsafe(announce(api, place), loop).result(60)
            wait_until(lambda: place.outcomes() == {"sent": 1_000}, "all are sent", seconds=90)
            wait_until(lambda: place.jobs() == 0, "no job is left", seconds=60)
            for worker in workers:
                assert worker.end() == 0
            return [worker.log.count("chunk_delivered") for worker in workers]

    loop = asyncio.get_running_loop()
    chunks = await asyncio.to_thread(lasting)
    assert tokens(fcm.accepted) == dict.fromkeys(phones, 1)
    report(phones=1_000, repeats=0, chunks_of_each_worker=chunks)


async def test_worker_told_to_stop_stores_what_it_sent_and_the_next_one_sends_the_rest(
    place: Place, api: AsyncClient, fcm: LoopbackFcm, tmp_path: Path, report: Report
) -> None:
    place.grow(2_000 - len(place.phones()))
    phones = place.phones()
    fcm.answer_next(answers.late(0.15), times=4_000)
    await announce(api, place)
    environment = {"SOTAY_DATABASE_URL": place.url, **push_settings(fcm)}

    def lasting() -> tuple[int, float]:
        with Program(tmp_path / "first", "worker", **environment) as worker:
            fcm.wait_for(300, timeout_seconds=60)
            began = time.monotonic()
            assert worker.end() == 0
            took = time.monotonic() - began
        done = len(fcm.accepted)
        assert place.jobs("doing") == 0
        assert place.outcomes()["sent"] == done
        with Program(tmp_path / "second", "worker", **environment) as worker:
            wait_until(lambda: place.outcomes() == {"sent": 2_000}, "all are sent", seconds=90)
            wait_until(lambda: place.jobs() == 0, "no job is left", seconds=60)
            assert worker.end() == 0
        return done, took

    done, took = await asyncio.to_thread(lasting)
    assert 0 < done < 2_000
    assert tokens(fcm.accepted) == dict.fromkeys(phones, 1)
    report(sent_before=done, stopped_within=f"{took:.1f} s", repeats=0)


async def test_worker_told_to_stop_gives_back_what_does_not_end_within_its_grace(
    place: Place, api: AsyncClient, fcm: LoopbackFcm, tmp_path: Path, report: Report
) -> None:
    phones = place.phones()
    fcm.answer_next(answers.late(60), times=len(phones))
    await announce(api, place)
    environment = {"SOTAY_DATABASE_URL": place.url, **push_settings(fcm)}
    slow = {**environment, "SOTAY_PUSH_LEASE_SECONDS": "12", "SOTAY_PUSH_TIMEOUT_SECONDS": "11"}

    def lasting() -> float:
        with Program(tmp_path / "first", "worker", **slow) as worker:
            wait_until(lambda: len(fcm.requests) == len(phones), "FCM has them and does not answer", seconds=60)
            began = time.monotonic()
            assert worker.end() == 0
            took = time.monotonic() - began
        assert place.jobs("doing") == 0
        assert place.jobs() == 1
        with Program(tmp_path / "second", "worker", **environment) as worker:
            wait_until(lambda: place.outcomes() == {"sent": len(phones)}, "all are sent", seconds=90)
            assert worker.end() == 0
        return took

    took = await asyncio.to_thread(lasting)
    assert took < GRACE_SECONDS  # then a supervisor kills
    assert tokens(fcm.accepted).keys() == phones
    report(gave_back_within=f"{took:.1f} s")


async def test_worker_suspended_past_its_lease_wakes_up_and_sends_nothing_that_another_has_sent(
    place: Place, api: AsyncClient, fcm: LoopbackFcm, tmp_path: Path, report: Report
) -> None:
    place.grow(300 - len(place.phones()))
    phones = place.phones()
    under_way = 50
    fcm.answer_next(answers.late(1.5), times=under_way)
    await announce(api, place)
    shorter = {"push_lease_seconds": 4, "push_timeout_seconds": 2, "worker_heartbeat_seconds": 0.5}
    periods = {name: Settings.model_fields[name].default if SUSPENDED_FOR else short for name, short in shorter.items()}
    settings = {f"SOTAY_{name.upper()}": str(seconds) for name, seconds in periods.items()}
    environment = {"SOTAY_DATABASE_URL": place.url, **push_settings(fcm, **settings)}

    def lasting() -> float:
        with Program(tmp_path / "first", "worker", **environment) as first:
            wait_until(lambda: len(fcm.requests) == under_way, "the first sends", seconds=60)
            first.process.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            is_silent = "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '2 seconds'"
            wait_until(lambda: sql(place.url, is_silent) == [], "it is taken for dead")
            with Program(tmp_path / "second", "worker", **environment) as second:
                wait_until(lambda: place.outcomes() == {"sent": 300}, "the second takes over", seconds=150)
                wait_until(lambda: place.jobs() == 0, "no job is left", seconds=60)
                wait_until(lambda: time.monotonic() - began >= SUSPENDED_FOR, "long enough", seconds=SUSPENDED_FOR)
                before = len(fcm.requests)
                suspended = time.monotonic() - began
                first.process.send_signal(signal.SIGCONT)
                asyncio.run_coroutine_threadsafe(announce(api, place), loop).result(10)
                wait_until(lambda: place.outcomes() == {"sent": 600}, "the next notice goes out", seconds=60)
                wait_until(lambda: place.jobs() == 0, "no job is left", seconds=60)
                # Where its place among the workers was taken away it ends itself, perhaps just now; else it goes on.
                if first.process.poll() is None:
                    first.end()
                assert first.process.returncode in {0, 1, -signal.SIGTERM}, first.log[-2000:]
                assert len(fcm.requests) == before + 300
                assert second.end() == 0
        return suspended

    loop = asyncio.get_running_loop()
    suspended = await asyncio.to_thread(lasting)
    # What was under way when it was stopped came twice, each with the same tag, as FCM knows no lease.
    assert len(fcm.accepted) == 600 + under_way
    assert tokens(fcm.accepted).keys() == phones
    report(
        suspended_for=f"{suspended:.1f} s",
        lease=f"{periods['push_lease_seconds']} s",
        repeats=under_way,
        sent_after_waking=0,
    )
