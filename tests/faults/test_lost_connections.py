"""A connection breaks at the worst moment: nothing stays half done, and nobody sees a server error."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from httpx import AsyncClient

from tests.faults.harness import Place, Program, a_meeting, announce, push_settings, sql, tokens, wait_until
from tests.fcm import LoopbackFcm, answers

pytestmark = pytest.mark.begins_first(20)


@contextmanager
def holding(place: Place, statement: str) -> Iterator[None]:
    """Hold the locks of a statement."""
    with psycopg.connect(place.url.replace("+psycopg", "")) as connection:
        connection.execute(statement)
        yield
        connection.rollback()


def broken(place: Place, query: str) -> bool:
    """Break the connections that hang in such a query; say whether there were any."""
    waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s"
    return bool(sql(place.url, f"SELECT pg_terminate_backend(pid) {waiting}", query))


def cut(place: Place, query: str) -> None:
    """Wait for a connection that hangs in such a query, and break it."""
    wait_until(lambda: broken(place, query), f"somebody waits in {query}")


async def test_job_whose_end_could_not_be_written_down_is_given_back_by_the_next_worker(
    place: Place, api: AsyncClient, fcm: LoopbackFcm, tmp_path: Path
) -> None:
    phones = place.phones()
    await announce(api, place)
    gate: Future[None] = Future()
    fcm.answer_next(answers.held(gate), times=len(phones))
    # The first has time: neither its push nor, by a late heartbeat, its job shall be taken from it.
    patient = {"PUSH_LEASE": "90", "PUSH_TIMEOUT": "60", "WORKER_HEARTBEAT": "20"}
    slow = {f"SOTAY_{name}_SECONDS": seconds for name, seconds in patient.items()}
    environment = {"SOTAY_DATABASE_URL": place.url, **push_settings(fcm)}

    def lasting() -> None:
        with Program(tmp_path / "first", "worker", **environment | slow) as worker:
            fcm.wait_for(len(phones), timeout_seconds=180)
            with holding(place, "SELECT FROM procrastinate_jobs WHERE status = 'doing' FOR UPDATE"):
                gate.set_result(None)  # not before: the job would have ended while this connects
                cut(place, "%procrastinate_finish_job%")

                def has_ended() -> bool:
                    broken(place, "%procrastinate%")  # as it ends it tries once more, and to sign off
                    return worker.process.poll() is not None

                # Alive it would keep the job for ever; it ends by itself, and says so to who supervises it.
                wait_until(has_ended, "the worker ends", seconds=60)
            assert "queue_connection_lost" in worker.log
            assert worker.process.returncode == 1
        assert place.jobs("doing") == 1
        assert place.outcomes() == {"sent": len(phones)}
        with Program(tmp_path / "second", "worker", **environment) as worker:
            wait_until(lambda: place.jobs() == 0, "the job is given back and done", seconds=180)
            assert worker.end() == 0

    await asyncio.to_thread(lasting)
    assert tokens(fcm.accepted) == dict.fromkeys(phones, 1)


async def test_two_workers_may_give_back_the_same_dead_workers_jobs(
    place: Place, api: AsyncClient, fcm: LoopbackFcm, tmp_path: Path
) -> None:
    phones = place.phones()
    await announce(api, place)
    environment = {"SOTAY_DATABASE_URL": place.url, **push_settings(fcm)}
    sql(place.url, "UPDATE procrastinate_jobs SET status = 'doing'")  # by a worker that is no more

    def lasting() -> None:
        with (
            Program(tmp_path / "one", "worker", **environment) as one,
            Program(tmp_path / "two", "worker", **environment) as two,
        ):
            # Both find the job before either can give it back.
            with holding(place, "SELECT FROM procrastinate_jobs FOR UPDATE"):
                # By what they say: a lane whose heartbeat is late on a busy machine is not in the table for a while.
                wait_until(
                    lambda: "worker_started" in one.log and "worker_started" in two.log, "both are up", seconds=180
                )
            wait_until(
                lambda: place.jobs() == 0 and place.outcomes() == {"sent": len(phones)}, "all are sent", seconds=180
            )
            for worker in (one, two):
                assert worker.end(seconds=9) == 0

    await asyncio.to_thread(lasting)
    assert tokens(fcm.accepted) == dict.fromkeys(phones, 1)


@pytest.mark.parametrize("fault", ["cut", "slow"])
async def test_announcement_whose_job_cannot_be_written_is_refused_politely_and_undone(
    place: Place, api: AsyncClient, fault: str
) -> None:
    headers = place.headers(place.world.secretary)
    drafted = await api.post(f"/v1/organisations/{place.world.branch_a}/meetings", json=a_meeting(), headers=headers)
    path = f"/v1/meetings/{drafted.json()['id']}"

    with holding(place, "LOCK TABLE procrastinate_jobs IN ACCESS EXCLUSIVE MODE"):
        asking = asyncio.create_task(api.post(f"{path}/announce", headers=headers))
        if fault == "cut":
            await asyncio.to_thread(cut, place, "%procrastinate_defer_jobs%")
        refused = await asking

    assert refused.status_code == 503, refused.text
    assert refused.json()["code"] == {"cut": "database_unavailable", "slow": "too_slow"}[fault]
    assert int(refused.headers["retry-after"]) > 0
    assert (await api.get(path, headers=headers)).json()["status"] == "draft"
    assert (await api.post(f"{path}/announce", headers=headers)).status_code == 200
    assert place.jobs() == 1
