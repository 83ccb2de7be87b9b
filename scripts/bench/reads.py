"""Reads a phone's home screen from one process of the API, beside three peers that answer the same meetings.

All on an embedded PostgreSQL of its own, thrown away afterwards; each peer (`peers/reads_apps.py`) is one process of
the same server. The rounds are interleaved and what counts is the ratio of the medians. `CPU` is what the process and
its PostgreSQL used for a request, which other work on the machine disturbs least. The database holds the meetings of
`--meetings`, one size after the other: the home screen must not feel it.
"""

import argparse
import asyncio
import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient
from obstore.store import MemoryStore
from pyreqwest.client import ClientBuilder
from sqlalchemy import text

from app.documents.store import DocumentStore
from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, transaction
from app.kernel.migrating import migrate
from app.kernel.passwords import Passwords
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from bytes import POINTS, SENTENCES
from fanout import cpu_of_postgres, cpu_seconds, scratch
from tests.factories.clock import FakeClock
from tests.factories.crowd import make_history
from tests.factories.world import Person, World, make_world
from tests.worker import JobRunner

UPCOMING = 20
"""Meetings, announcements and notices on the home screen: the first page of each."""
MEETINGS_A_BRANCH = 100
AT_ONCE = 16
ISSUER = "http://127.0.0.1:8000"
OK, NOT_MODIFIED = 200, 304


@dataclass(frozen=True, slots=True)
class Read:
    """A request that is sent over and over: to whom, for what, with which headers, and what must come back."""

    port: int
    path: str
    headers: Mapping[str, str]
    status: int = OK


@dataclass(frozen=True, slots=True)
class Figure:
    """Requests a second, and milliseconds of processor a request."""

    rate: float
    cpu_ms: float


class Country:
    """An installation whose member has twenty of everything on the home screen."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url
        self.keys = TokenKeys(home / "keys", issuer=ISSUER)
        self.database = PooledDatabase(url, clock=system_clock, pool_size=2, statement_timeout_ms=1_800_000)
        self.world: World

    def headers(self, person: Person) -> dict[str, str]:
        """Those of a signed-in phone; the token lives ten minutes."""
        token = self.keys.issue(
            account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=system_clock()
        )
        # Nobody compresses: the peers could not, and gzip is measured by `scripts/bench/bytes`.
        return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    def environment(self) -> dict[str, str]:
        """What the API and its peers are told."""
        return {
            "SOTAY_DATABASE_URL": self.url,
            "SOTAY_DATA_DIR": str(self.home),
            "SOTAY_PUBLIC_URL": ISSUER,
            "SOTAY_RATE_LIMIT_PER_MINUTE": "0",
        }

    async def furnish(self) -> None:
        """Let the secretary call meetings and publish announcements, through the application itself."""
        async with transaction(self.database) as session:
            self.world = await make_world(session)
        chance = random.Random(1)  # noqa: S311 repeatable chance, no secret
        async with self.phone(self.world.secretary) as secretary:
            branch = f"/v1/organisations/{self.world.branch_a}"
            for week in range(1, UPCOMING + 1):
                points = [
                    {"position": place, "title": point, "minutes": 20, "body": chance.choice(SENTENCES)}
                    for place, point in enumerate(chance.sample(POINTS, 3), start=1)
                ]
                meeting = {
                    "title": "Sinh hoạt chi bộ thường kỳ",
                    "kind": "regular",
                    "starts_at": (system_clock() + timedelta(weeks=week)).isoformat(),
                    "time_zone": "Asia/Ho_Chi_Minh",
                    "place": "Nhà văn hóa thôn Đông",
                    "agenda": points,
                }
                await self.step(secretary, f"{branch}/meetings", meeting, "/v1/meetings/{id}/announce")
                said = {"title": chance.choice(POINTS), "body": " ".join(chance.sample(SENTENCES, 2))}
                await self.step(secretary, f"{branch}/announcements", said, "/v1/announcements/{id}/publish")
        clock = FakeClock(system_clock())
        await JobRunner(self.database, clock, DocumentStore(MemoryStore())).run()

    @staticmethod
    async def step(client: AsyncClient, path: str, body: Mapping[str, object], then: str, **more: object) -> str:
        """Make something and take its next step, with `more` as what that is told; returns its id."""
        made = (await client.post(path, json=body)).raise_for_status().json()
        (await client.post(then.format(id=made["id"]), json=more or None)).raise_for_status()
        identifier: str = made["id"]
        return identifier

    @asynccontextmanager
    async def phone(self, person: Person) -> AsyncIterator[AsyncClient]:
        """The application in this process, as somebody's phone calls it."""
        parts = Parts(
            settings=Settings(data_dir=self.home, public_url=ISSUER, rate_limit_per_minute=0),
            database=self.database,
            passwords=Passwords(PasswordHasher(), concurrency=1),
            keys=self.keys,
        )
        headers = self.headers(person)
        transport = ASGITransport(create_app(parts))
        async with AsyncClient(transport=transport, base_url=ISSUER, headers=headers) as client:
            yield client

    async def grow(self, begin: int, until: int) -> None:
        """Add other branches of the commune with their meetings, up to `until` of them in all."""
        async with transaction(self.database) as session:
            await make_history(
                session,
                commune=self.world.commune,
                author=self.world.secretary.member_id,
                begin=begin,
                until=until,
                each=MEETINGS_A_BRANCH,
            )
        await self.database.vacuum("organisations", "meetings", "agenda_items", "meeting_replies", "inbox_entries")
        async with transaction(self.database) as session:
            await session.execute(text("ANALYZE"))


def peer(module: str, factory: str, port: int) -> list[str]:
    """Return the command of one process that serves a peer."""
    command = ["uvicorn", "--app-dir", str(Path(__file__).parent / "peers"), f"{module}:{factory}", "--factory"]
    return [*command, "--port", str(port), "--log-level", "warning", "--no-access-log"]


@contextmanager
def serving(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once it listens."""
    with subprocess.Popen([sys.executable, "-m", *command], env={**os.environ, **environment}) as process:  # noqa: S603 our own programs
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                assert process.poll() is None, f"{command} ended"
                time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()


async def measure(read: Read, pid: int, postmaster: int, seconds: float) -> Figure:
    """Send the request from several connections for so long."""
    answered = 0
    until = time.perf_counter() + seconds
    address = f"http://127.0.0.1:{read.port}{read.path}"
    async with ClientBuilder().default_headers(dict(read.headers)).build() as client:

        async def ask() -> None:
            nonlocal answered
            while time.perf_counter() < until:
                answer = await client.get(address).build().send()
                assert answer.status == read.status, f"{address}: {answer.status} {await answer.text()}"
                await answer.bytes()
                answered += 1

        begin, used = time.perf_counter(), cpu_seconds(pid) + cpu_of_postgres(postmaster)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(ask())
        taken = time.perf_counter() - begin
        used = cpu_seconds(pid) + cpu_of_postgres(postmaster) - used
    return Figure(rate=answered / taken, cpu_ms=used / answered * 1000)


async def home_screen(port: int, headers: Mapping[str, str]) -> dict[str, Read]:
    """The reads of a phone that opens the app, and those of one that has everything already."""
    reads = {
        name: Read(port, path, headers)
        for name, path in {
            "meetings": "/v1/me/meetings",
            "notifications": "/v1/me/notifications",
            "announcements": "/v1/me/announcements",
        }.items()
    }
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        tag = (await client.get("/v1/me/meetings")).headers["ETag"]
        cursor, more = "", True
        while more:
            answer = await client.get("/v1/changes", params={"cursor": cursor} if cursor else {})
            page = answer.raise_for_status().json()
            cursor, more = page["next_cursor"], page["has_more"]
    reads["meetings, unchanged (304)"] = Read(
        port, "/v1/me/meetings", {**headers, "If-None-Match": tag}, status=NOT_MODIFIED
    )
    reads["changes, nothing new"] = Read(port, f"/v1/changes?cursor={cursor}", headers)
    return reads


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meetings", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(scratch())
        postgres = EmbeddedPostgres(home / "data", durable=False)
        postgres.start()
        stack.callback(postgres.stop)
        assert postgres.pid is not None
        migrate(postgres.url)
        country = Country(home, postgres.url)
        await country.furnish()
        before: dict[str, Figure] = {}
        there = 0
        for size in given.meetings:
            await country.grow(there, size)
            there = size
            print(f"{size:,} meetings, load {os.getloadavg()[0]:.1f}", flush=True)
            now = await compare(country, postgres.pid, rounds=given.rounds, seconds=given.seconds)
            for name, figure in now.items():
                if name in before:
                    print(f"  {figure.cpu_ms / before[name].cpu_ms:6.2f} x its CPU at the size before: {name}")
            before = now
        await country.database.close()


async def compare(country: Country, postmaster: int, *, rounds: int, seconds: float) -> dict[str, Figure]:
    """Measure everybody in turn, print the medians and the ratios, and return the medians."""
    environment = {**country.environment(), "PEER_BODY": str(country.home / "body.json")}
    headers = country.headers(country.world.member)
    with ExitStack() as stack:
        port = 18_460
        api = stack.enter_context(serving(["app.cli", "api", "--port", str(port), "--quiet"], port, environment))
        reads = {name: (read, api) for name, read in (await home_screen(port, headers)).items()}
        async with AsyncClient() as client:
            body = (await client.get(f"http://127.0.0.1:{port}/v1/me/meetings", headers=headers)).content
        (country.home / "body.json").write_bytes(body)
        print(f"  a page of meetings is {len(body) / 1000:.1f} KB", flush=True)
        peers = {"orm": "FastAPI + ORM", "driver": "FastAPI + driver, by hand", "fixed": "fixed body, bare uvicorn"}
        for number, (factory, name) in enumerate(peers.items(), start=port + 1):
            pid = stack.enter_context(serving(peer("reads_apps", factory, number), number, environment))
            reads[name] = (Read(number, "/v1/me/meetings", headers), pid)
        figures: dict[str, list[Figure]] = {name: [] for name in reads}
        for turn in range(rounds + 1):
            for name, (read, pid) in reads.items():
                figure = await measure(read, pid, postmaster, seconds if turn else 1.0)
                if turn:  # the first is a warm-up
                    figures[name].append(figure)
    medians = {name: median_of(some) for name, some in figures.items()}
    show(medians, orm=medians[peers["orm"]], by_hand=medians[peers["driver"]])
    return medians


def median_of(figures: Sequence[Figure]) -> Figure:
    """Return the medians of several rounds."""
    return Figure(statistics.median(one.rate for one in figures), statistics.median(one.cpu_ms for one in figures))


def show(figures: Mapping[str, Figure], *, orm: Figure, by_hand: Figure) -> None:
    """Print a line each, beside the two peers."""
    for name, figure in figures.items():
        ratios = f"{figure.rate / orm.rate:6.2f} x ORM, {figure.rate / by_hand.rate:5.2f} x by hand"
        less = f"{orm.cpu_ms / figure.cpu_ms:6.2f} x less than ORM, {by_hand.cpu_ms / figure.cpu_ms:5.2f} x by hand"
        print(f"  {name:28} {figure.rate:9,.0f}/s  {ratios}; CPU {figure.cpu_ms:6.3f} ms, {less}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
