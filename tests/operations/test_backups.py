"""A backup taken while everybody writes is one instant's whole state, and comes back so or not at all."""

import asyncio
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner, Result

from app.cli import cli
from app.kernel import backups
from app.kernel.backups import hash_tables
from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, transaction
from app.kernel.events import record
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.roles import Role, judge_role
from tests.factories.world import make_world
from tests.kernel.test_db import rung
from tests.operations.clusters import homes

FACTS_BEFORE = int(os.environ.get("SOTAY_DRILL_FACTS", "0"))
"""scripts/check-backup says how many facts there are before, and then restores into a server of its own."""
ONLY_FACTS = "code = 'test.bell_rung'"


class Bells:
    """Facts written in one transaction each, together with their change, counter and job, until told to stop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._began = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ring()))

    def __enter__(self) -> None:
        self._thread.start()
        assert self._began.wait(60)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _ring(self) -> None:
        database = PooledDatabase(self._url, clock=system_clock, pool_size=2, statement_timeout_ms=60_000)
        while not self._stop.is_set():
            async with transaction(database) as session:
                await record(session, rung())
            self._began.set()
        await database.close()


@contextmanager
def empty_database(admin_url: str) -> Iterator[str]:
    """An empty database: on a new server in the drill, beside the others in the ordinary run."""
    if FACTS_BEFORE:
        home = Path(tempfile.mkdtemp(prefix="sotay-drill-"))
        home.chmod(0o755)
        with EmbeddedPostgres(home / "home", durable=False) as server:
            yield server.url
        shutil.rmtree(home)
        return
    name = f"sotay_test_{uuid4().hex[:12]}"
    with closing(psycopg.connect(admin_url.replace("+psycopg", ""), autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield make_url(admin_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(live_database_url: str) -> Iterator[str]:
    with empty_database(make_url(live_database_url).set(database="postgres").render_as_string(False)) as url:
        yield url


@pytest.fixture
def server(live_database_url: str, tmp_path: Path) -> dict[str, str]:
    """A service with people, facts and a file in it."""
    asyncio.run(_people(live_database_url))
    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        connection.execute(
            "INSERT INTO events SELECT uuid_v7_floor(now() - n * interval '1 second'), now(), 'test.rung', %s, 'bell',"
            " gen_random_uuid(), NULL, NULL, '{}' FROM generate_series(1, %s) AS n",
            [UUID(int=1), FACTS_BEFORE],
        )
    documents = tmp_path / "data" / "documents"
    documents.mkdir(parents=True)
    (documents / "a1").write_bytes(secrets.token_bytes(100_000))
    (documents / "b2#1").write_bytes(b"half an upload")
    return {"SOTAY_DATABASE_URL": live_database_url, "SOTAY_DATA_DIR": str(tmp_path / "data")}


async def _people(url: str) -> None:
    database = PooledDatabase(url, clock=system_clock, pool_size=1, statement_timeout_ms=60_000)
    async with transaction(database) as session:
        await make_world(session)
    await database.close()


def sotay(server: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, env=dict(server), prog_name="sotay")


def ask(url: str, question: str) -> tuple[object, ...]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute(question).fetchone()
    assert found is not None
    return found


def test_a_backup_made_while_everybody_writes_comes_back_row_by_row(
    server: dict[str, str], empty: str, tmp_path: Path
) -> None:
    folder, anchor = tmp_path / "backup", tmp_path / "anchor.json"
    other = {"SOTAY_DATABASE_URL": empty, "SOTAY_DATA_DIR": str(tmp_path / "other")}
    with Bells(server["SOTAY_DATABASE_URL"]):
        assert sotay(server, "audit", "anchor", "--out", str(anchor)).exit_code == 0
        shutil.copytree(tmp_path / "data" / "audit", tmp_path / "other" / "audit")
        made = sotay(server, "backup", str(folder))
    assert made.exit_code == 0, made.output
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (folder / "documents").iterdir()} == {0o600}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert list(manifest["files"]) == ["database.dump", "documents/a1"]
    assert manifest["tables"]["public.members"]["rows"] > 5

    back = sotay(other, "restore", str(folder))
    assert back.exit_code == 0, back.output
    assert (tmp_path / "other" / "documents" / "a1").read_bytes() == (tmp_path / "data/documents/a1").read_bytes()

    # One instant: of each fact all that its transaction wrote, and of later ones nothing.
    facts, changes, counted, jobs, all_facts, sealed_or_queued = ask(
        empty,
        f"""SELECT (SELECT count(*) FROM events WHERE {ONLY_FACTS}),
            (SELECT count(*) FROM changes WHERE object_type = 'bell'),
            (SELECT counter FROM scopes WHERE id = '{UUID(int=7)}'),
            (SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'bulk'),
            (SELECT count(*) FROM events),
            (SELECT count(*) FROM unsealed_events) + (SELECT count(*) FROM event_seals)""",
    )
    assert facts == changes == counted == jobs
    assert all_facts == sealed_or_queued
    assert ask(server["SOTAY_DATABASE_URL"], f"SELECT count(*) FROM events WHERE {ONLY_FACTS}") > (facts,)

    # Phones have seen counters which this state does not know.
    before, now = (ask(url, "SELECT epoch FROM sync_epochs ORDER BY began_at DESC LIMIT 1") for url in
                   (server["SOTAY_DATABASE_URL"], empty))  # fmt: skip
    assert before != now
    verified = sotay(other, "audit", "verify", "--anchor", str(anchor))
    assert verified.exit_code == 0, verified.output

    again = sotay(other, "restore", str(folder))
    assert again.exit_code == 1
    assert "is not empty" in again.stderr


def test_what_is_not_whole_or_does_not_fit_is_refused_in_words(
    server: dict[str, str], empty: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    assert sotay(server, "backup", str(folder)).exit_code == 0
    twice = sotay(server, "backup", str(folder))
    assert (twice.exit_code, "File exists" in twice.stderr) == (1, True)
    bucket = {"SOTAY_DOCUMENTS_URL": "s3://papers/one"}
    beside = sotay(server | bucket, "backup", str(tmp_path / "beside"))
    assert "SOTAY_DOCUMENTS_URL" in beside.stdout
    assert json.loads((tmp_path / "beside" / "manifest.json").read_text())["files"].keys() == {"database.dump"}

    filled = sotay(server, "restore", str(folder))
    assert (filled.exit_code, "documents is not empty" in filled.stderr) == (1, True)
    other = {"SOTAY_DATABASE_URL": empty, "SOTAY_DATA_DIR": str(tmp_path / "other")}
    full = sotay(other | {"SOTAY_DATABASE_URL": server["SOTAY_DATABASE_URL"]}, "restore", str(folder))
    assert (full.exit_code, "The database is not empty" in full.stderr) == (1, True)
    nothing = sotay(other, "restore", str(tmp_path))
    assert (nothing.exit_code, "no whole backup" in nothing.stderr) == (1, True)

    manifest = json.loads((folder / "manifest.json").read_text())

    def restored(**changed: object) -> str:
        (folder / "manifest.json").write_text(json.dumps(manifest | changed))
        found = sotay(other, "restore", str(folder))
        assert found.exit_code == 1
        return found.stderr

    assert "postgresql-client-99" in restored(server=99)
    assert "database, 1 places): public.members." in restored(
        tables=manifest["tables"] | {"public.members": {"rows": 0, "hash": "0"}}
    )
    with psycopg.connect(empty.replace("+psycopg", "")) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    (folder / "documents" / "a1").write_bytes(b"something else")
    assert "files, 1 places): documents/a1." in restored()
    dump = (folder / "database.dump").read_bytes()
    (folder / "database.dump").write_bytes(dump[: len(dump) // 2])
    digests = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / "database.dump", folder / "documents" / "a1")
    }
    assert "pg_restore: error" in restored(files=digests)
    assert ask(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == (0,)
    away = sotay(other | {"SOTAY_DATABASE_URL": "postgresql://sotay@127.0.0.1:1/sotay"}, "backup", str(tmp_path / "c"))
    assert (away.exit_code, "cannot be reached" in away.stderr) == (1, True)


def test_a_tables_hash_knows_each_row_and_not_their_order(live_database_url: str) -> None:
    def hashed(connection: psycopg.Connection[tuple[object, ...]]) -> backups.TableHash:
        return hash_tables(connection)["public.bells"]

    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE bells AS SELECT n, 'chuông' AS name FROM generate_series(1, 3) AS n")
        one = hashed(connection)
        connection.execute("DELETE FROM bells WHERE n = 1; INSERT INTO bells VALUES (1, 'chuông')")
        assert hashed(connection) == one
        connection.execute("UPDATE bells SET name = 'Chuông' WHERE n = 3")
        other = hashed(connection)
        assert (other.rows, other.hash == one.hash) == (3, False)
        connection.execute("DELETE FROM bells")
        assert hashed(connection) == backups.TableHash(0, "0")


@pytest.fixture(scope="module")
def owned() -> Iterator[str]:
    """A server as administrators hand it over: a login that is no superuser but may make roles, and databases of its.

    It has migrated the first of them, which people are in; the second, `after`, is empty. The URL is the first one's.
    """
    with homes() as place, EmbeddedPostgres(place / "home", durable=False) as server:
        administer(
            server.admin_url,
            "DROP DATABASE sotay",
            "DROP ROLE sotay, sotay_owner, sotay_app, sotay_worker",
            "CREATE ROLE province LOGIN CREATEROLE NOSUPERUSER",
            "CREATE DATABASE before OWNER province",
            "CREATE DATABASE after OWNER province TEMPLATE template0",
        )
        url = signing_in(server.admin_url, "province", "before")
        migrate(url)
        asyncio.run(_people(url))
        yield url


def signing_in(url: str, login: str, database: str) -> str:
    return make_url(url).set(username=login, database=database).render_as_string(hide_password=False)


def administer(url: str, *statements: str) -> None:
    """Have a superuser do each, in no transaction."""
    admin = signing_in(url, "postgres", "postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def all_there_is(url: str) -> dict[str, backups.TableHash]:
    """What somebody finds whom no policy binds."""
    with psycopg.connect(signing_in(url, "postgres", "before").replace("+psycopg", "")) as connection:
        return hash_tables(connection)


def in_manifest(folder: Path) -> dict[str, backups.TableHash]:
    tables = json.loads((folder / "manifest.json").read_text())["tables"]
    return {name: backups.TableHash(**each) for name, each in tables.items()}


def test_who_migrates_without_being_a_superuser_backs_up_and_restores_every_row(owned: str, tmp_path: Path) -> None:
    here = {"SOTAY_DATABASE_URL": owned, "SOTAY_DATA_DIR": str(tmp_path / "here")}
    there = {"SOTAY_DATABASE_URL": signing_in(owned, "province", "after"), "SOTAY_DATA_DIR": str(tmp_path / "there")}
    folder, anchor = tmp_path / "backup", tmp_path / "anchor.json"
    assert sotay(here, "audit", "anchor", "--out", str(anchor)).exit_code == 0
    shutil.copytree(tmp_path / "here" / "audit", tmp_path / "there" / "audit")

    made = sotay(here, "backup", str(folder))
    assert made.exit_code == 0, made.output
    assert in_manifest(folder) == all_there_is(owned)
    assert in_manifest(folder)["public.members"].rows > 5

    back = sotay(there, "restore", str(folder))
    assert back.exit_code == 0, back.output
    verified = sotay(there, "audit", "verify", "--anchor", str(anchor))
    assert verified.exit_code == 0, verified.output
    for role in Role:
        assert judge_role(there["SOTAY_DATABASE_URL"], role).refusal is None
    assert ask(there["SOTAY_DATABASE_URL"], "SELECT count(*) > 1 FROM sync_epochs") == (True,)


def test_a_login_that_only_reads_backs_up_every_row_or_none(owned: str, tmp_path: Path) -> None:
    keeper = {"SOTAY_DATABASE_URL": signing_in(owned, "keeper", "before"), "SOTAY_DATA_DIR": str(tmp_path / "data")}
    administer(owned, "CREATE ROLE keeper LOGIN IN ROLE sotay_owner")
    closed = sotay(keeper, "backup", str(tmp_path / "closed"))
    assert (closed.exit_code, "permission denied for table" in closed.stderr) == (1, True), closed.output

    administer(owned, "GRANT pg_read_all_data TO keeper")
    whole = sotay(keeper, "backup", str(tmp_path / "whole"))
    assert whole.exit_code == 0, whole.output
    assert in_manifest(tmp_path / "whole") == all_there_is(owned)

    # Whom no policy shows every row would otherwise back up an empty database, whose hashes are right.
    administer(owned, "REVOKE sotay_owner FROM keeper")
    empty = sotay(keeper, "backup", str(tmp_path / "empty"))
    assert (empty.exit_code, "hide rows from the role keeper (accounts, " in empty.stderr) == (1, True), empty.output
    assert not (tmp_path / "empty" / "manifest.json").exists()


def test_who_would_not_see_what_is_restored_is_told_before(owned: str, tmp_path: Path) -> None:
    here = {"SOTAY_DATABASE_URL": owned, "SOTAY_DATA_DIR": str(tmp_path / "here")}
    assert sotay(here, "backup", str(tmp_path / "backup")).exit_code == 0
    administer(
        owned,
        "CREATE ROLE shy LOGIN NOINHERIT",
        "CREATE DATABASE of_the_shy OWNER shy TEMPLATE template0",
    )
    there = {"SOTAY_DATABASE_URL": signing_in(owned, "shy", "of_the_shy"), "SOTAY_DATA_DIR": str(tmp_path / "there")}
    no_member = sotay(there, "restore", str(tmp_path / "backup"))
    assert (no_member.exit_code, "The role shy may not make roles" in no_member.stderr) == (1, True), no_member.output
    administer(owned, "GRANT sotay_owner, sotay_app, sotay_worker TO shy")
    hidden = sotay(there, "restore", str(tmp_path / "backup"))
    assert (hidden.exit_code, "hide rows from the role shy; GRANT it" in hidden.stderr) == (1, True), hidden.output
    nothing = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert ask(there["SOTAY_DATABASE_URL"], nothing) == (0,)
