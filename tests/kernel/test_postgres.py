"""The embedded server for real: as root and as an ordinary user, killed, crowded and unreachable."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.kernel.postgres import EmbeddedPostgres, PostgresUnavailable
from app.kernel.postgres_place import ELSEWHERE
from app.kernel.postgres_programs import MACHINE_PATTERNS

ROOT = Path(__file__).parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="root alone hands the server to another user")
MACHINE = [found for pattern in MACHINE_PATTERNS for found in Path("/").glob(pattern)]


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path that others may pass through: pytest's own is neither."""
    directory = Path(tempfile.mkdtemp(prefix="sotay-"))
    directory.chmod(0o755)
    yield directory / "home"
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A home whose cluster is made and stopped, to be copied."""
    directory = Path(tempfile.mkdtemp(prefix="sotay-"))
    directory.chmod(0o755)
    with EmbeddedPostgres(directory / "home", durable=False):
        pass
    yield directory / "home"
    shutil.rmtree(directory)


@pytest.fixture
def made(home: Path, cluster: Path) -> Path:
    """`home` with a cluster in it already, which spares the second that making one takes."""
    subprocess.run(["cp", "-a", cluster, home], check=True)
    return home


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        threading.Event().wait(0.01)


def ask(url: str, question: str) -> tuple[object, ...] | None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        return connection.execute(question).fetchone()


def test_ordinary_role_owns_its_database_and_may_take_what_the_schema_needs(made: Path) -> None:
    with EmbeddedPostgres(made, durable=False) as server:
        with psycopg.connect(server.url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE EXTENSION unaccent")
            connection.execute("CREATE EXTENSION pg_trgm")
        assert ask(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == (False,)
        assert ask(server.url, "SELECT current_user, current_database()") == ("sotay", "sotay")
        assert ask(server.url, "SELECT upper('đảng viên'), current_setting('TimeZone')") == (
            "ĐẢNG VIÊN",
            "UTC",
        )
        assert ask(server.url, "SHOW data_checksums") == ("on",)
        assert ask(server.url, "SHOW listen_addresses") == ("",)
        assert ask(server.admin_url, "SELECT current_user") == ("postgres",)
        assert int(server.version.split(".")[0]) >= 15


def test_data_survives_stop_and_the_second_start_takes_less_than_a_second(made: Path) -> None:
    server = EmbeddedPostgres(made)
    with server, psycopg.connect(server.url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert not server.is_running()
    began = time.monotonic()
    with server:
        assert time.monotonic() - began < 1
        assert ask(server.url, "SELECT n FROM kept") == (7,)


def test_killed_server_comes_back_and_stop_leaves_no_process(made: Path) -> None:
    with EmbeddedPostgres(made, durable=False) as server:
        for _ in range(3):
            before = server.pid
            assert before
            os.kill(before, signal.SIGKILL)
            wait_until(lambda: not server.is_running())
            server.start()
            assert server.pid not in {None, before}
            assert ask(server.url, "SELECT 1") == (1,)
        last = server.pid
    assert last
    assert server.pid is None
    with pytest.raises(ProcessLookupError):
        os.killpg(last, 0)


def test_server_whose_starter_was_killed_is_adopted(made: Path) -> None:
    script = (
        "import sys, threading; from pathlib import Path; from app.kernel.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1]), durable=False).start()\n"
        "print('up', flush=True); threading.Event().wait()"
    )
    with subprocess.Popen([sys.executable, "-c", script, made], cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == "up\n"
        server = EmbeddedPostgres(made)
        with pytest.raises(PostgresUnavailable, match=f"(?s)đang chạy.*already running.*{starter.pid}"):
            server.start()
        starter.kill()
    orphan = server.pid
    with server:
        assert server.pid == orphan is not None
        assert ask(server.url, "SELECT 1") == (1,)
    assert server.pid is None


def test_pid_file_that_names_another_process_is_no_obstacle(made: Path) -> None:
    server = EmbeddedPostgres(made, durable=False)
    with server:
        lines = (made / "postgres/data/postmaster.pid").read_text().splitlines()
    (made / "postgres/data/postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    assert not server.is_running()
    with server:
        assert ask(server.url, "SELECT 1") == (1,)


def test_long_and_odd_path_gets_its_socket_in_the_temporary_directory(home: Path) -> None:
    odd = home / "sổ tay, 100% @ chi bộ" / ("x" * 80)
    with EmbeddedPostgres(odd, durable=False) as server:
        (sockets,) = ask(server.admin_url, "SHOW unix_socket_directories") or ("",)
        directory = Path(str(sockets).strip('"'))
        assert directory.parent == Path(tempfile.gettempdir())
        assert directory.stat().st_mode & 0o777 == 0o700
    directory.rmdir()


def test_strangers_socket_directory_is_refused(home: Path) -> None:
    odd = home / ("x" * 100)
    with EmbeddedPostgres(odd, durable=False) as server:
        (sockets,) = ask(server.admin_url, "SHOW unix_socket_directories") or ("",)
    directory = Path(str(sockets).strip('"'))
    directory.chmod(0o777)
    with pytest.raises(PostgresUnavailable, match="private directory"):
        server.start()
    directory.rmdir()
    with server:
        assert server.is_running()
    directory.rmdir()


def test_failure_shows_the_servers_last_words_and_frees_the_home(made: Path) -> None:
    server = EmbeddedPostgres(made, durable=False)
    with server:
        pass
    configuration = made / "postgres/data/postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text("port = nonsense")
    with pytest.raises(PostgresUnavailable, match=r"(?s)không khởi động được.*did not come up.*nonsense"):
        server.start()
    with pytest.raises(PostgresUnavailable, match="is not running"):
        _ = server.url
    configuration.write_text(sound)
    with server:
        assert server.is_running()


def test_machine_without_postgresql_is_told_what_to_do(home: Path) -> None:
    with pytest.raises(PostgresUnavailable, match=r"(?s)Không tìm thấy.*SOTAY_DATABASE_URL.*No PostgreSQL"):
        EmbeddedPostgres(home, programs=[home]).start()


def test_long_log_begins_anew(made: Path) -> None:
    log = made / "postgres/log"
    log.write_bytes(b"\n" * 5_000_001)
    with EmbeddedPostgres(made, durable=False):
        assert log.stat().st_size < 5_000
        assert log.with_suffix(".old").stat().st_size == 5_000_001


def test_home_that_is_a_file_is_refused_in_words(home: Path) -> None:
    home.touch()
    with pytest.raises(PostgresUnavailable, match="could not be run"):
        EmbeddedPostgres(home).start()


@pytest.mark.skipif(not MACHINE, reason="no PostgreSQL of the distribution's on this machine")
def test_machines_own_postgresql_serves_and_its_cluster_is_not_given_to_another_version(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False, programs=MACHINE) as server:
        assert ask(server.url, "SELECT upper('đảng viên')") == ("ĐẢNG VIÊN",)
        major = server.version.split(".")[0]
    (home / "postgres/data/PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresUnavailable, match="No PostgreSQL 14"):
        server.start()
    assert int(major) >= 15


@AS_ROOT
def test_private_home_is_opened_for_passing_through_only(home: Path) -> None:
    home.mkdir(mode=0o700)
    with EmbeddedPostgres(home, durable=False) as server:
        assert home.stat().st_mode & 0o777 == 0o701
        assert not (home / "postgres").is_symlink()
        assert server.pid
        assert Path(f"/proc/{server.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid


@AS_ROOT
def test_home_below_a_private_directory_gets_its_cluster_elsewhere(home: Path) -> None:
    home.mkdir()
    home.parent.chmod(0o700)
    mode = home.stat().st_mode
    server = EmbeddedPostgres(home, durable=False)
    try:
        for _ in range(2):
            with server:
                assert (home / "postgres").resolve().parent == ELSEWHERE
                assert home.stat().st_mode == mode
                assert ask(server.url, "SELECT 1") == (1,)
    finally:
        shutil.rmtree((home / "postgres").resolve())
    with pytest.raises(PostgresUnavailable, match="which is gone"):
        server.start()
