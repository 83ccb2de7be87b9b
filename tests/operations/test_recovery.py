"""Point-in-time recovery: a base backup and the log kept since, to the instant before a disaster, row by row."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from app.kernel.backups import TableHash, hash_tables
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.tokens import TokenKeys
from tests.faults.harness import ROOT, Place, Program, free_port, seed, sql
from tests.faults.test_postgres_killed import Writer, ready, until
from tests.operations.clusters import base_backup, conninfo, give_to_servers, homes
from tests.operations.test_backups import FACTS_BEFORE, sotay

ISSUER = "http://sotay.test"


@pytest.fixture
def place() -> Iterator[Path]:
    with homes() as found:
        yield found


def keep_log(server: EmbeddedPostgres, archive: Path) -> None:
    """Let a server hand over each piece of its log once it is full or a second old."""
    archive.mkdir()
    give_to_servers(archive)
    for setting, value in (
        ("archive_mode", "on"),
        ("archive_command", f"test ! -f {archive}/%f && cp %p {archive}/%f"),
        ("archive_timeout", "1s"),
    ):
        sql(server.admin_url, f"ALTER SYSTEM SET {setting} = '{value}'")
    server.stop()
    server.start()


def recover_to(home: Path, instant: datetime, archive: Path, *, base: Path) -> EmbeddedPostgres:
    """Do what the README says with a base backup: its next start replays the log up to an instant, and then waits."""
    data = home / "postgres" / "data"
    data.mkdir(parents=True, mode=0o700)
    said = (ROOT / "README.md").read_text(encoding="utf-8").partition("cp -a /backup/base")
    recipe = (said[1] + said[2]).partition("psql -c")[0]
    for example, real in (
        ("/backup/base", str(base)),
        ("/backup/wal", str(archive)),
        ("2026-11-23 19:29:00+07", instant.isoformat()),
    ):
        assert example in recipe
        recipe = recipe.replace(example, real)
    subprocess.run(["sh", "-euc", recipe], env=os.environ | {"PGDATA": str(data)}, check=True)
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write("archive_mode = 'off'\n")
    give_to_servers(data)
    return EmbeddedPostgres(home, durable=False)


@contextmanager
def one_instant(url: str) -> Iterator[tuple[datetime, "psycopg.Connection[tuple[object, ...]]"]]:
    """An instant at which no writer is about to commit, and a connection that sees what was there then.

    Each of them writes a fact, so that a lock on facts lets those under way end and others wait, for a moment.
    """
    with psycopg.connect(conninfo(url)) as seeing:
        seeing.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with psycopg.connect(conninfo(url)) as holding:
            holding.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            holding.execute("LOCK TABLE events IN EXCLUSIVE MODE")
            found = holding.execute("SELECT clock_timestamp(), pg_export_snapshot()").fetchone()
            assert found is not None
            seeing.execute(f"SET TRANSACTION SNAPSHOT '{found[1]}'")
            seeing.execute("SELECT 1")
            holding.rollback()
        yield found[0], seeing


def hashes(url: str) -> Mapping[str, TableHash]:
    with psycopg.connect(conninfo(url)) as connection:
        return hash_tables(connection)


async def sync(client: httpx.AsyncClient, place: Place, cursor: str | None = None) -> tuple[set[str], str]:
    """What a member's phone is given from a cursor on, and the next one."""
    held: set[str] = set()
    while True:
        params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        answer = await client.get("/v1/changes", params=params, headers=place.headers(place.world.member))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        held |= {item["id"] for item in page["items"] if item["type"] == "meeting" and item["op"] == "upsert"}
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return held, str(cursor)


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What is known of a service whose server is gone: what was there at the instant, and what came later."""

    instant: datetime
    as_it_was: Mapping[str, TableHash]
    promised: frozenset[UUID]
    announced: frozenset[UUID]
    people: Place
    cursor: str


@asynccontextmanager
async def serving(url: str, told: Mapping[str, str], log: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The API in a process of its own."""
    sql(url, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (clock_timestamp() + '1 hour')")
    port = free_port()
    with Program(log, "api", "--port", str(port), **told) as service:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            await ready(client, seconds=180)
            yield client
        assert service.end() == 0


async def lose(place: Path, keys: TokenKeys, told: Mapping[str, str], anchor: Path, log: Path) -> Lost:
    """Let people work, copy their server, look at it at an instant, and destroy it a little later."""
    with EmbeddedPostgres(place / "lost", durable=False) as server:
        keep_log(server, place / "archive")
        await asyncio.to_thread(migrate, server.url)
        people = await seed(server.url, keys)
        sql(
            server.url,
            "INSERT INTO events SELECT uuid_v7_floor(now() - n * interval '1 second'), now(), 'test.rung', %s, 'bell',"
            " gen_random_uuid(), NULL, NULL, '{}' FROM generate_series(1, %s) AS n",
            UUID(int=1),
            FACTS_BEFORE,
        )
        settings = {**told, "SOTAY_DATABASE_URL": server.url}
        async with serving(server.url, settings, log) as client:
            writer = Writer(client, people)
            writing = [asyncio.create_task(writer.write()) for _ in range(3)]

            async def some_more() -> None:
                enough = len(writer.announced) + 5
                await until(lambda: len(writer.announced) >= enough, "people work", seconds=180)

            await asyncio.to_thread(base_backup, server, place / "kept")
            await some_more()
            made = await asyncio.to_thread(sotay, settings, "audit", "anchor", "--out", str(anchor))
            assert made.exit_code == 0, made.output
            promised = frozenset(writer.announced)

            def look() -> tuple[datetime, Mapping[str, TableHash]]:
                with one_instant(server.url) as (at, seeing):
                    return at, hash_tables(seeing)

            instant, as_it_was = await asyncio.to_thread(look)
            # And on it goes, until what came after the instant has been handed over too.
            await some_more()
            ((piece,),) = sql(server.admin_url, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
            handed = f"SELECT last_archived_wal >= '{piece}' FROM pg_stat_archiver"
            await until(lambda: sql(server.admin_url, handed) == [(True,)], "the log is kept", seconds=180)
            _, cursor = await sync(client, people)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await until(lambda: len(writer.refused) > 0, "the database is missed", seconds=180)
            writer.going = False
            await asyncio.gather(*writing)
    shutil.rmtree(place / "lost")
    return Lost(
        instant=instant,
        as_it_was=as_it_was,
        promised=promised,
        announced=frozenset(writer.announced),
        people=people,
        cursor=cursor,
    )


async def test_a_server_is_recovered_to_the_instant_before_its_disaster(place: Path, tmp_path: Path) -> None:
    data, anchor, log = tmp_path / "data", tmp_path / "anchor.json", tmp_path / "log"
    told = {"SOTAY_DATA_DIR": str(data), "SOTAY_PUBLIC_URL": ISSUER}
    lost = await lose(place, TokenKeys(data / "keys", issuer=ISSUER), told, anchor, log)

    base = place / "kept" / "postgres" / "data"
    server = await asyncio.to_thread(recover_to, place / "found", lost.instant, place / "archive", base=base)
    with server as found:
        waits = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
        await until(lambda: sql(found.admin_url, waits) == [(True,)], "the instant is reached", seconds=180)
        # It can be looked at before it is said to be the right one.
        assert await asyncio.to_thread(hashes, found.url) == lost.as_it_was
        settings = {**told, "SOTAY_DATABASE_URL": found.url}
        early = await asyncio.to_thread(sotay, settings, "recovered")
        assert (early.exit_code, "still recovering" in early.stderr) == (1, True), early.output
        sql(found.admin_url, "SELECT pg_wal_replay_resume()")
        await until(lambda: sql(found.admin_url, "SELECT pg_is_in_recovery()") == [(False,)], "it is a server again")
        assert await asyncio.to_thread(hashes, found.url) == lost.as_it_was

        said = await asyncio.to_thread(sotay, settings, "recovered")
        assert said.exit_code == 0, said.output
        verified = await asyncio.to_thread(sotay, settings, "audit", "verify", "--anchor", str(anchor))
        assert verified.exit_code == 0, verified.output
        called = {row[0] for row in sql(found.url, "SELECT id FROM meetings WHERE status = 'announced'")}
        undone = lost.announced - called
        assert lost.promised <= called
        assert undone, "what came after the instant"

        async with serving(found.url, settings, log) as client:
            headers = lost.people.headers(lost.people.world.member)
            stale = await client.get("/v1/changes", params={"cursor": lost.cursor}, headers=headers)
            assert (stale.status_code, stale.json()["code"]) == (410, "sync_cursor_expired")
            held, _ = await sync(client, lost.people)
            assert {str(meeting) for meeting in called} <= held
            assert not {str(meeting) for meeting in undone} & held
