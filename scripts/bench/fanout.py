"""Announces to 75,180 phones through a real worker and a stub of FCM, beside Google's clients on the same stub.

The stub is nginx (HTTP/2 over TLS, a fixed answer), PostgreSQL the embedded one with its usual durability. Each round
runs everybody once, one after the other, from the same state; what counts is the ratio of the medians, never a rate by
itself.

On two cores one worker, with PostgreSQL and the stub beside it, uses both already. What a second core is worth is told
by one worker with everything on one core, beside two workers with everything on both.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import uvloop
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient
from pyreqwest.client import Client, ClientBuilder
from sqlalchemy import text

from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, transaction
from app.kernel.migrating import migrate
from app.kernel.passwords import Passwords
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from cores import pin, usable
from fanout_stub import Stub
from tests.factories.announcements import published
from tests.factories.crowd import make_crowd
from tests.factories.world import World, make_world

PEERS = Path(__file__).parent / "peers"
PHONES = 75_180
BRANCHES = 663
PATIENCE_SECONDS = 600.0
ALONE, TOGETHER = "sotay, 1 worker, all on one core", "sotay, 2 workers"
SLOWEST = 500
"""Messages a second: a fan-out that is slower is given up."""
MESSAGE = {
    "data": {
        "notification_id": str(uuid4()),
        "type": "announcement_published",
        "id": str(uuid4()),
        "link": f"http://127.0.0.1:8000/m/{uuid4()}",
    },
    "android": {
        "priority": "normal",
        "ttl": 86_000_000,
        "collapseKey": "announcement",
        "notification": {
            "tag": str(uuid4()),
            "channelId": "announcement",
            "titleLocKey": "announcement_published_title",
            "bodyLocKey": "announcement_published_body",
        },
    },
}


def peer(command: list[str | Path], stub: Stub, count: int, cwd: Path) -> float:
    """Run one of Google's clients and return its messages a second."""
    done = subprocess.run(  # noqa: S603 our own peers
        [*command, stub.credentials, stub.url, str(count)],
        cwd=cwd,
        input=json.dumps(MESSAGE),
        env={**os.environ, **stub.trust},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    if said["sent"] != count:
        raise SystemExit(f"{command[-1]} sent {said['sent']} of {count}: {done.stderr}")
    return float(count / said["seconds"])


async def bare(stub: Stub, count: int, concurrency: int) -> tuple[float, float]:
    """Send bodies made before by the client that the sender uses, and do nothing else.

    Returns messages a second and CPU seconds per 10,000.
    """
    os.environ.update(stub.trust)
    bodies = [json.dumps({"message": {**MESSAGE, "token": f"{'t' * 140}{n}"}}).encode() for n in range(count)]
    waiting = iter(bodies)
    endpoint = f"{stub.url}/v1/projects/stub/messages:send"

    async def send_what_waits(client: Client) -> None:
        for body in waiting:
            answer = await client.post(endpoint).bearer_auth("stub").body_bytes(body).build().send()
            assert answer.status == 200  # noqa: PLR2004 OK
            await answer.bytes()

    async with ClientBuilder().http2(True).default_headers({"Content-Type": "application/json"}).build() as client:
        began, idle = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(send_what_waits(client))
        return count / (time.perf_counter() - began), (time.process_time() - idle) / count * 10_000


@dataclass(frozen=True)
class Run:
    """What one announcement took.

    Jobs of the plan and the seconds until they stood there, messages a second, CPU seconds per 10,000, and the largest
    worker's MB halfway and at the end.
    """

    plan_rows: int
    plan_seconds: float
    rate: float
    worker_cpu: float
    database_cpu: float
    halfway_mb: float
    peak_mb: float


class Province:
    """An installation with its province: the API in this process, workers in theirs."""

    def __init__(self, home: Path, postgres: EmbeddedPostgres, stub: Stub, phones: int) -> None:
        """Make nothing yet."""
        self.home = home
        assert postgres.pid is not None
        self.url = postgres.url
        self.postmaster = postgres.pid
        self.stub = stub
        self.phones = phones
        self.keys = TokenKeys(home / "keys", issuer="http://127.0.0.1:8000")
        self.database = PooledDatabase(self.url, clock=system_clock, pool_size=2, statement_timeout_ms=120_000)
        self.world: World | None = None

    async def furnish(self) -> None:
        """Fill the database; every phone is where it is noon, since at night nothing would ring."""
        zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
        async with transaction(self.database) as session:
            self.world = await make_world(session)
            await session.execute(text("UPDATE devices SET push_token = NULL"))
            await make_crowd(
                session,
                commune=self.world.commune,
                branches=BRANCHES,
                members=self.phones,
                phones=self.phones,
                time_zone=zone,
                token="t" * 140,
            )
        await self._settle()

    async def _settle(self) -> None:
        """Have every table as a server in use has it: swept, and known to the planner."""
        async with self.database.engine.connect() as connection:
            apart = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await apart.execute(text("VACUUM (ANALYZE)"))

    async def _forget(self) -> None:
        """Let no announcement know of those before it: the sixth within ten minutes would be one line, a digest."""
        async with self.database.engine.begin() as connection:
            await connection.execute(text("TRUNCATE notifications, deliveries, inbox_entries CASCADE"))
        await self._settle()

    @asynccontextmanager
    async def officer(self) -> AsyncIterator[AsyncClient]:
        """The officer of the commune, signed in at the API."""
        assert self.world is not None
        settings = Settings(data_dir=self.home, rate_limit_per_minute=0)
        parts = Parts(
            settings=settings,
            database=self.database,
            passwords=Passwords(PasswordHasher(), concurrency=1),
            keys=self.keys,
        )
        person = self.world.officer
        token = self.keys.issue(
            account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=system_clock()
        )
        app = create_app(parts)
        async with AsyncClient(
            transport=ASGITransport(app),
            base_url="http://127.0.0.1:8000",
            headers={"Authorization": f"Bearer {token}"},
        ) as client:
            yield client

    @contextmanager
    def workers(self, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Real worker processes, each kept to a core as the systemd unit keeps them, ready for work."""
        environment = {
            **os.environ,
            **self.stub.trust,
            "SOTAY_DATABASE_URL": self.url,
            "SOTAY_DATA_DIR": str(self.home),
            "SOTAY_PUSH": "fcm",
            "SOTAY_FCM_CREDENTIALS": str(self.stub.credentials),
            "SOTAY_FCM_URL": self.stub.url,
            "SOTAY_PUSH_PER_SECOND": "1000000",
        }
        log = self.home / "worker.log"
        log.write_bytes(b"")
        processes = []
        with log.open("ab") as out:
            for number in range(count):
                processes.append(  # noqa: PERF401 those begun must be ended
                    subprocess.Popen(
                        [sys.executable, "-m", "app.cli", "worker"],
                        env={**environment, "SOTAY_WORKER_CORE": str(number)},
                        stdout=out,
                        stderr=out,
                    )
                )
        try:
            while log.read_text().count("worker_started") < count:
                time.sleep(0.1)
            yield processes
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(30)

    async def announce(self, workers: int) -> Run:
        """Publish one announcement, wait until every phone has it and that is written down, and forget it."""
        run = await self.announce_and_keep(workers)
        await self._forget()
        return run

    async def announce_and_keep(self, workers: int) -> Run:
        """Publish one announcement and wait until every phone has it and that is written down."""
        assert self.world is not None
        async with self.officer() as officer, AsyncClient(verify=False) as counter:  # noqa: S501 our own stub
            with self.workers(workers) as processes:
                before = await self._count(counter)
                idle = sum(cpu_seconds(process.pid) for process in processes)
                idle_database = cpu_of_postgres(self.postmaster)
                halfway_mb: float | None = None
                began = time.perf_counter()
                announcement_id = await published(officer, self.world.commune)
                plan_rows, plan_seconds = 0, 0.0
                while await self._count(counter) < before + self.phones:
                    if not plan_rows:
                        plan_rows, plan_seconds = await self._planned(), time.perf_counter() - began
                    if time.perf_counter() - began > max(PATIENCE_SECONDS, self.phones / SLOWEST):
                        raise SystemExit(f"not through: {(self.home / 'worker.log').read_text()[-4000:]}")
                    await asyncio.sleep(0.05)
                    if halfway_mb is None and await self._count(counter) > before + self.phones / 2:
                        halfway_mb = max(_peak_mb(process.pid) for process in processes)
                taken = time.perf_counter() - began
                await self._all_recorded(announcement_id)
                return Run(
                    plan_rows=plan_rows,
                    plan_seconds=plan_seconds,
                    rate=self.phones / taken,
                    worker_cpu=(sum(cpu_seconds(process.pid) for process in processes) - idle) / self.phones * 10_000,
                    database_cpu=(cpu_of_postgres(self.postmaster) - idle_database) / self.phones * 10_000,
                    halfway_mb=halfway_mb or 0.0,
                    peak_mb=max(_peak_mb(process.pid) for process in processes),
                )

    async def _count(self, client: AsyncClient) -> int:
        """Return how many sends the stub has answered: all its requests but those that ask for the count."""
        status = (await client.get(f"{self.stub.url}/count")).text
        self._asked = getattr(self, "_asked", 0) + 1
        found = re.search(r"\n (\d+) \d+ (\d+)", status)
        assert found
        return int(found[2]) - self._asked

    async def _planned(self) -> int:
        async with self.database.session() as session:
            jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'"
            return int(await session.scalar(text(jobs)) or 0)

    async def _all_recorded(self, announcement_id: str) -> None:
        deadline = time.perf_counter() + 30
        while time.perf_counter() < deadline:
            async with self.database.session() as session:
                rows = await session.execute(
                    text("""
                        SELECT outcome, count(*) AS phones
                        FROM deliveries JOIN notifications ON notifications.id = notification_id
                        WHERE subject_id = :subject GROUP BY outcome
                    """),
                    {"subject": UUID(announcement_id)},
                )
                outcomes = {row.outcome: row.phones for row in rows}
            if outcomes == {"sent": self.phones}:
                return
            await asyncio.sleep(0.2)
        raise SystemExit(f"recorded: {outcomes}")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_postgres(postmaster: int) -> float:
    """Return what the server and its processes, those that have ended too, have used so far."""
    fields = Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()
    living = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return ended + cpu_seconds(postmaster) + sum(cpu_seconds(int(pid)) for pid in living)


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory that PostgreSQL's user may pass through, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sotay-fanout-") as name:
        home = Path(name)
        home.chmod(0o755)
        (home / "node").mkdir()
        yield home


def install_node_peer(home: Path) -> list[str | Path] | None:
    """Install Google's client for Node beside a copy of the peer's script; None without Node."""
    if not shutil.which("npm"):
        return None
    for name in ("package.json", "send_each.mjs"):
        shutil.copy(PEERS / name, home)
    subprocess.run(["npm", "install", "--silent", "--ignore-scripts"], cwd=home, check=True, stdout=subprocess.DEVNULL)  # noqa: S607
    return ["node", home / "send_each.mjs"]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=PHONES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=Settings.model_fields["push_concurrency"].default)
    arguments = parser.parse_args()
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        home = stack.enter_context(scratch())
        node = install_node_peer(home / "node")
        stub = Stub(home)
        nginx = stack.enter_context(stub.running())
        postgres = EmbeddedPostgres(home / "data")
        postgres.start()
        stack.callback(postgres.stop)
        migrate(postgres.url)
        province = Province(home / "data", postgres, stub, arguments.phones)
        await province.furnish()
        everybody, cores = (os.getpid(), nginx, province.postmaster), usable()
        ours = {
            ALONE: (1, cores[:1]),
            "sotay, 1 worker": (1, cores),
            TOGETHER: (2, cores),
        }
        python: list[str | Path] = [sys.executable, PEERS / "send_each_async.py"]
        for turn in range(1, arguments.rounds + 1):
            print(f"round {turn} of {arguments.rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
            for name, (workers, where) in ours.items():
                pin(everybody, where)
                run = await province.announce(workers)
                rates.setdefault(name, []).append(run.rate)
                print(
                    f"  {name:34} {run.rate:9,.0f}/s, peak {run.peak_mb:.0f} MB; CPU s per 10,000:"
                    f" {run.worker_cpu:.2f}, PostgreSQL {run.database_cpu:.2f}",
                    flush=True,
                )
            others = {"firebase-admin Python, async": peer(python, stub, 3_000, home)}
            if node:
                others["firebase-admin Node, sendEach"] = peer(node, stub, 20_000, home / "node")
            others["pyreqwest, bare"], bare_cpu = await bare(stub, 30_000, arguments.concurrency)
            for name, rate in others.items():
                rates.setdefault(name, []).append(rate)
                print(f"  {name:34} {rate:9,.0f}/s", flush=True)
            print(f"  CPU s per 10,000 of the bare client: {bare_cpu:.2f}", flush=True)
        await province.database.close()
    medians = {name: statistics.median(values) for name, values in rates.items()}
    one = medians["sotay, 1 worker"]
    print("one worker, of medians:")
    for name, median in medians.items():
        if not name.startswith("sotay"):
            print(f"  {one / median:6.2f} x {name}")
    print(f"  {medians[TOGETHER] / one:6.2f} x by a second worker on the same cores")
    print(f"  {medians[TOGETHER] / medians[ALONE]:6.2f} x by a second worker and {len(cores)} cores instead of one")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop of the workers: half of what it costs
        runner.run(main())
