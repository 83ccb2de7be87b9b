"""Reads of a streaming replica: what it does not have yet, the primary answers; so do its own death and its absence."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.replicas import Replica, reached_by
from app.kernel.tokens import TokenKeys
from tests.faults.harness import Place, Program, seeded, sql, two_free_ports, wait_until
from tests.faults.test_postgres_killed import ready
from tests.operations.clusters import base_backup, homes


@dataclass(frozen=True)
class Pair:
    """Two servers, the second of which follows the first."""

    primary: EmbeddedPostgres
    replica: EmbeddedPostgres

    def replayed(self) -> bool:
        """Whether the replica has all that is written down now."""
        ((position,),) = sql(self.primary.admin_url, "SELECT pg_current_wal_flush_lsn()::text")
        ((is_there,),) = sql(self.replica.admin_url, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", position)
        return bool(is_there)


@contextmanager
def following() -> Iterator[Pair]:
    with homes() as place, ExitStack() as running:
        primary = running.enter_context(EmbeddedPostgres(place / "primary", durable=False))
        # As in production, a commit that was answered is flushed (if not to the disk, for the tests' sake).
        sql(primary.admin_url, "ALTER ROLE sotay SET synchronous_commit = on")
        migrate(primary.url)
        replica = running.enter_context(base_backup(primary, place / "replica", "--write-recovery-conf"))
        yield Pair(primary, replica)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with following() as pair:
        yield pair


class Officer:
    """Plans admissions and reads the report about them, over HTTP."""

    def __init__(self, client: httpx.AsyncClient, place: Place, metrics: str) -> None:
        self._client, self._place, self._metrics = client, place, metrics
        self._path = f"/v1/organisations/{place.world.commune}"

    async def plan(self, plan: int) -> None:
        answer = await self._client.put(f"{self._path}/admission-targets/2026", json={"plan": plan}, headers=self._who)
        assert answer.status_code == 200, answer.text

    async def read(self) -> httpx.Response:
        return await self._client.get(f"{self._path}/reports/admissions?year=2026", headers=self._who)

    async def planned(self) -> int | None:
        answer = await self.read()
        assert answer.status_code == 200, answer.text
        plan: int | None = answer.json()["total"]["plan"]
        return plan

    async def counted(self) -> Counter[str]:
        """How many reads the replica has answered, and how many passed it over."""
        told = (await self._client.get(self._metrics)).text
        return Counter({
            sample.labels["outcome"]: int(sample.value)
            for family in text_string_to_metric_families(told)
            for sample in family.samples
            if sample.name == "sotay_replica_reads_total"
        })  # fmt: skip

    @property
    def _who(self) -> dict[str, str]:
        return self._place.headers(self._place.world.officer)


@pytest.fixture
def place(pair: Pair, tmp_path: Path) -> Place:
    return seeded(pair.primary.url, TokenKeys(tmp_path / "data" / "keys", issuer="http://sotay.test"))


async def test_reports_come_from_the_replica_and_hold_what_was_just_written(
    pair: Pair, place: Place, tmp_path: Path
) -> None:
    port = two_free_ports()
    settings = {
        "SOTAY_DATABASE_URL": pair.primary.url,
        "SOTAY_DATABASE_REPLICA_URL": pair.replica.url.replace("+psycopg", ""),
        "SOTAY_DATA_DIR": str(tmp_path / "data"),
        "SOTAY_PUBLIC_URL": "http://sotay.test",
        "SOTAY_METRICS_PORT": str(port + 1),
    }
    sql(pair.primary.url, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (clock_timestamp() + '1 hour')")
    log = tmp_path / "log"
    with Program(log, "api", "--port", str(port), **settings) as program:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            await ready(client, seconds=180)
            officer = Officer(client, place, f"http://127.0.0.1:{port + 1}/metrics")

            # Each round reads what it has just written.
            for plan in range(1, 21):
                await officer.plan(plan)
                assert await officer.planned() == plan
            answered = await officer.counted()
            assert answered["answered"] > 0, program.log

            # A replica that stands still has the old plan, and is not asked for it.
            await asyncio.to_thread(wait_until, pair.replayed, "the replica has come after")
            sql(pair.replica.admin_url, "SELECT pg_wal_replay_pause()")
            await officer.plan(99)
            before = await officer.counted()
            assert [await officer.planned() for _ in range(5)] == [99] * 5
            assert await officer.counted() - before == Counter(passed_over=5)
            assert sql(pair.replica.url, "SELECT plan FROM admission_targets") == [(20,)]

            # Back, it is asked again by itself.
            sql(pair.replica.admin_url, "SELECT pg_wal_replay_resume()")
            await come_back(officer)

            # Killed among readers: an answer or a polite refusal each, then answers only.
            reads = [asyncio.create_task(read_until_killed(officer, pair)) for _ in range(8)]
            await asyncio.sleep(0)
            statuses = sum(await asyncio.gather(*reads), Counter[int]())
            assert set(statuses) <= {200, 503}, (statuses, program.log[-3000:])
            assert [await officer.planned() for _ in range(5)] == [99] * 5
            before = await officer.counted()
            pair.replica.stop()
            assert await officer.planned() == 99
            assert (await officer.counted())["answered"] == before["answered"]
            pair.replica.start()
            await come_back(officer)

            # Who may read is the primary's to say.
            sql(pair.replica.admin_url, "SELECT pg_wal_replay_pause()")
            sql(
                pair.primary.url, "UPDATE sessions SET revoked_at = now() WHERE id = %s", place.world.officer.session_id
            )
            assert (await officer.read()).status_code == 401
            sql(pair.replica.admin_url, "SELECT pg_wal_replay_resume()")
        assert program.end() == 0
    assert "replica_left_alone" in log.read_text()


async def come_back(officer: Officer) -> None:
    before = (await officer.counted())["answered"]
    for _ in range(200):
        assert await officer.planned() == 99
        if (await officer.counted())["answered"] > before:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await officer.counted())


async def read_until_killed(officer: Officer, pair: Pair) -> Counter[int]:
    """Read some, see the replica die, read some more."""
    statuses = Counter[int]()
    for number in range(20):
        statuses[(await officer.read()).status_code] += 1
        if number == 5 and (pid := pair.replica.pid):
            os.kill(pid, signal.SIGKILL)
    return statuses


async def test_what_is_no_replica_of_this_primary_is_never_asked(pair: Pair, live_database_url: str) -> None:
    primary = PooledDatabase(pair.primary.url, clock=system_clock, pool_size=1, statement_timeout_ms=2_000)

    async def has(replica: Replica) -> bool:
        async with primary.session() as session:
            return await replica.has(await reached_by(session))

    for url in (pair.primary.url, live_database_url):
        replica = Replica(url, clock=system_clock, pool_size=1, statement_timeout_ms=2_000)
        assert [await has(replica) for _ in range(3)] == [False] * 3
        await replica.close()

    replica = Replica(pair.replica.url, clock=system_clock, pool_size=1, statement_timeout_ms=2_000)
    # The first connection may take longer than a read waits for.
    found = [await has(replica)]
    while not found[-1]:
        await asyncio.sleep(0.05)
        found.append(await has(replica))
    await replica.close()
    await primary.close()
