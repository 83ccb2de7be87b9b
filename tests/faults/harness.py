"""Real processes to kill, a branch as large as needed, and the questions asked of both."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

import psycopg
from httpx import AsyncClient

from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, transaction
from app.kernel.tokens import TokenKeys
from tests.factories.world import Person, World, make_world
from tests.fcm import LoopbackFcm, Push

ROOT = Path(__file__).parents[2]


def wait_until(true: Callable[[], bool], what: str, *, seconds: float = 40) -> float:
    """Return after how many seconds it came true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + seconds, f"waited {seconds} s in vain: {what}"
        threading.Event().wait(0.05)
    return time.monotonic() - began


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def two_free_ports() -> int:
    """The first of two neighbours, below those that connections of other programs come from."""
    while True:
        first = secrets.SystemRandom().randrange(20_000, 32_000)
        try:
            with socket.socket() as one, socket.socket() as other:
                one.bind(("127.0.0.1", first))
                other.bind(("127.0.0.1", first + 1))
        except OSError:
            continue
        return first


def is_alive(pid: int) -> bool:
    """A zombie is as good as gone: who reaps orphans is the machine's affair."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> dict[int, str]:
    """The living processes below one, with their command lines."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: dict[int, str] = {}
    level = [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        for child in level:
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


class Program:
    """`python -m app.cli …` in a process of its own; what it prints goes to a file."""

    def __init__(self, log: Path, *arguments: str, **environment: str) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("SOTAY_")}
        self._log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", *arguments],
                cwd=ROOT,
                env={**own, "PYTHONUNBUFFERED": "1", "SOTAY_RATE_LIMIT_PER_MINUTE": "0", **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            for pid in (self.process.pid, *descendants(self.process.pid)):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            self.process.wait(10)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(10) == -signal.SIGKILL

    def end(self, *, seconds: float = 40) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def child(self, words: str) -> int | None:
        """The process below this one whose command line has the words and is not the supervisor's wrapper."""
        found = descendants(self.process.pid)
        return next((pid for pid, line in found.items() if words in line and "prctl" not in line), None)


def sql(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def zone_where_it_is_noon() -> str:
    """No quiet hours there, whenever the test runs."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


_GROW = """
WITH numbers AS (
    SELECT n, md5('member' || %(seed)s || n)::uuid AS member, md5('account' || %(seed)s || n)::uuid AS account
    FROM generate_series(1, %(count)s) AS n
), new_members AS (
    INSERT INTO members (id, organisation_id, full_name, sort_key, search_key, created_at)
    SELECT member, %(branch)s, 'Nguyễn Văn ' || n, 'nguyen van ' || n, 'nguyen van ' || n, now() FROM numbers
), new_standings AS (
    INSERT INTO standings (id, member_id, organisation_id, kind, starts_on)
    SELECT gen_random_uuid(), member, %(branch)s, 'official', '2001-05-19' FROM numbers
), new_accounts AS (
    INSERT INTO accounts (id, member_id, password_hash, created_at)
    SELECT account, member, 'none', now() FROM numbers
)
INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version,
                     updated_at, created_at)
SELECT gen_random_uuid(), gen_random_uuid(), account, (ARRAY['android', 'ios'])[1 + n %% 2],
       'token-' || %(seed)s || '-' || n, 'vi', %(zone)s, '1.0.0', now(), now()
FROM numbers
"""


@dataclass(frozen=True)
class Place:
    """A seeded database and how to act in it."""

    url: str
    world: World
    keys: TokenKeys

    def grow(self, count: int) -> None:
        """Add members with a phone each to branch A."""
        zone = zone_where_it_is_noon()
        values = {"seed": uuid4().hex[:6], "count": count, "branch": self.world.branch_a, "zone": zone}
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(_GROW, values)
            connection.execute("ANALYZE")

    def token(self, person: Person) -> str:
        return self.keys.issue(
            account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=system_clock()
        )

    def headers(self, person: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(person)}", "Accept-Language": "en"}

    def phones(self) -> set[str]:
        """The push tokens of branch A's members, whom every announcement concerns."""
        rows = sql(
            self.url,
            """
            SELECT devices.push_token FROM devices JOIN accounts ON accounts.id = devices.account_id
            JOIN standings ON standings.member_id = accounts.member_id
            WHERE standings.organisation_id = %s AND standings.kind IN ('official', 'probationary')
            """,
            self.world.branch_a,
        )
        return {token for (token,) in rows}

    def jobs(self, status: str | None = None) -> int:
        """Jobs of notices, whatever else the timetable has made."""
        counted = sql(
            self.url,
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'notifications.%%'"
            " AND coalesce(status::text = %s, true)",
            status,
        )
        return int(counted[0][0])

    def outcomes(self) -> Counter[str | None]:
        return Counter(dict(sql(self.url, "SELECT outcome, count(*) FROM deliveries GROUP BY outcome")))


async def seed(url: str, keys: TokenKeys) -> Place:
    database = PooledDatabase(url, clock=system_clock, pool_size=1, statement_timeout_ms=30_000)
    async with transaction(database) as session:
        world = await make_world(session)
    await database.close()
    sql(url, "UPDATE devices SET time_zone = %s", zone_where_it_is_noon())
    return Place(url, world, keys)


def seeded(url: str, keys: TokenKeys) -> Place:
    return asyncio.run(seed(url, keys))


def a_meeting(meeting_id: UUID | None = None) -> dict[str, Any]:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    return {
        "id": str(meeting_id or uuid4()),
        "title": "Sinh hoạt chi bộ thường kỳ tháng 12",
        "starts_at": starts_at.isoformat(),
        "place": "Nhà văn hóa thôn Đông",
        "agenda": [{"title": "Đánh giá tháng 11", "minutes": 30}],
    }


async def announce(client: AsyncClient, place: Place) -> UUID:
    """Draft a meeting of branch A and call it; returns its id once the announcement was answered."""
    headers = place.headers(place.world.secretary)
    path = f"/v1/organisations/{place.world.branch_a}/meetings"
    drafted = await client.post(path, json=a_meeting(), headers=headers)
    assert drafted.status_code == 201, drafted.text
    announced = await client.post(f"/v1/meetings/{drafted.json()['id']}/announce", headers=headers)
    assert announced.status_code == 200, announced.text
    return UUID(drafted.json()["id"])


def push_settings(fcm: LoopbackFcm, **more: str) -> dict[str, str]:
    """Short leases and heartbeats, so that a fault costs seconds instead of minutes."""
    return {
        "SOTAY_PUSH": "fcm",
        "SOTAY_FCM_URL": fcm.url,
        "SOTAY_FCM_CREDENTIALS": str(fcm.credentials_file),
        "SOTAY_PUSH_LEASE_SECONDS": "6",
        "SOTAY_PUSH_TIMEOUT_SECONDS": "4",
        "SOTAY_PUSH_CONCURRENCY": "50",
        "SOTAY_WORKER_HEARTBEAT_SECONDS": "0.5",
        **more,
    }


def tokens(pushes: Iterable[Push]) -> Counter[str]:
    return Counter(push.token for push in pushes)


def tag(push: Push) -> str:
    """What makes a phone show the repeat of a push in its place."""
    message = push.message
    if "android" in message:
        return str(message["android"]["notification"]["tag"])
    return str(message["apns"]["headers"]["apns-collapse-id"])
