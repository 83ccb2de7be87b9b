"""Announces to 75,180 phones through a real worker and a stub of FCM, beside Google's clients on the same stub.

The stub is nginx (HTTP/2 over TLS, a fixed answer), PostgreSQL the embedded one with its usual durability. Each round
runs everybody once, one after the other; what counts is the ratio of the medians, never a rate by itself.
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
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from fanout_stub import Stub
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
from tests.factories.announcements import published
from tests.factories.crowd import make_crowd
from tests.factories.world import World, make_world

PEERS = Path(__file__).parent / "peers"
PHONES = 75_180
BRANCHES = 663
PATIENCE_SECONDS = 600.0
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


async def bare(stub: Stub, count: int, concurrency: int) -> float:
    """Send bodies made before by the client that the sender uses, and do nothing else; messages a second."""
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
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(send_what_waits(client))
        return count / (time.perf_counter() - began)


class Province:
    """An installation with its province: the API in this process, workers in theirs."""

    def __init__(self, home: Path, postgres: EmbeddedPostgres, stub: Stub, phones: int) -> None:
        """Make nothing yet."""
        self.home = home
        self.url = postgres.url
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
        await self.database.vacuum("devices", "accounts", "members")

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
        """Real worker processes, ready for work."""
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
            for _ in range(count):
                processes.append(  # noqa: PERF401 those begun must be ended
                    subprocess.Popen(
                        [sys.executable, "-m", "app.cli", "worker"], env=environment, stdout=out, stderr=out
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

    async def announce(self, workers: int) -> tuple[float, float, float]:
        """Publish one announcement; return messages a second, the workers' CPU seconds and their largest MB."""
        assert self.world is not None
        async with self.officer() as officer, AsyncClient(verify=False) as counter:  # noqa: S501 our own stub
            with self.workers(workers) as processes:
                before = await self._count(counter)
                began = time.perf_counter()
                announcement_id = await published(officer, self.world.commune)
                while await self._count(counter) < before + self.phones:
                    if time.perf_counter() - began > PATIENCE_SECONDS:
                        raise SystemExit(f"not through: {(self.home / 'worker.log').read_text()[-4000:]}")
                    await asyncio.sleep(0.05)
                taken = time.perf_counter() - began
                await self._all_recorded(announcement_id)
                cpu = sum(_cpu_seconds(process.pid) for process in processes)
                memory = max(_peak_mb(process.pid) for process in processes)
        return self.phones / taken, cpu, memory

    async def _count(self, client: AsyncClient) -> int:
        """Return how many sends the stub has answered: all its requests but those that ask for the count."""
        status = (await client.get(f"{self.stub.url}/count")).text
        self._asked = getattr(self, "_asked", 0) + 1
        found = re.search(r"\n (\d+) \d+ (\d+)", status)
        assert found
        return int(found[2]) - self._asked

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


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
        stack.enter_context(stub.running())
        postgres = EmbeddedPostgres(home / "data")
        postgres.start()
        stack.callback(postgres.stop)
        migrate(postgres.url)
        province = Province(home / "data", postgres, stub, arguments.phones)
        await province.furnish()
        python: list[str | Path] = [sys.executable, PEERS / "send_each_async.py"]
        for turn in range(1, arguments.rounds + 1):
            print(f"round {turn} of {arguments.rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
            for workers in (1, 2):
                rate, cpu, memory = await province.announce(workers)
                name = f"sotay, {workers} worker" + "s" * (workers > 1)
                rates.setdefault(name, []).append(rate)
                per_ten = cpu / arguments.phones * 10_000
                print(f"  {name:34} {rate:9,.0f}/s  {per_ten:5.2f} CPU s per 10,000, peak {memory:4.0f} MB", flush=True)
            others = {"firebase-admin Python, async": peer(python, stub, 3_000, home)}
            if node:
                others["firebase-admin Node, sendEach"] = peer(node, stub, 20_000, home / "node")
            others["pyreqwest, bare"] = await bare(stub, 30_000, arguments.concurrency)
            for name, rate in others.items():
                rates.setdefault(name, []).append(rate)
                print(f"  {name:34} {rate:9,.0f}/s", flush=True)
        await province.database.close()
    medians = {name: statistics.median(values) for name, values in rates.items()}
    ours = medians["sotay, 1 worker"]
    print("one worker, of medians:")
    for name, median in medians.items():
        if not name.startswith("sotay"):
            print(f"  {ours / median:6.2f} x {name}")
    print(f"  {medians['sotay, 2 workers'] / ours:6.2f} x by a second worker")


if __name__ == "__main__":
    asyncio.run(main())
