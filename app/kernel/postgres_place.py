"""Where the embedded cluster and its socket lie, so that the user the server runs as can get there."""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from app.kernel.i18n import Text
from app.kernel.postgres_programs import PostgresUnavailable, ServerUser

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107
ELSEWHERE = Path("/var/lib/sotay")
LOG_BYTES = 5_000_000


def take_lock(home: Path) -> int:
    """Make `home` and return the file descriptor that holds its lock until closed, or until we die.

    Raises PostgresUnavailable with the holder's process id when another has it, OSError when `home` is not
    ours to write.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode().strip()
        os.close(lock)
        raise PostgresUnavailable(
            Text(
                vi=f"Sổ tay đang chạy rồi với {home} (tiến trình {holder}).",
                en=f"Sổ tay is already running on {home} (process {holder}).",
            )
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def settle(home: Path, user: ServerUser) -> Path:
    """Return the directory of the cluster, made if need be: `home/postgres`, or where that symlink leads.

    When `user` cannot get there, `home` is opened for passing through (o+x); when that is not enough, the
    directory moves below `/var/lib/sotay` and leaves a symlink. Must run while no server uses it. Raises
    PostgresUnavailable when the symlink leads nowhere, OSError when nothing of this is permitted.
    """
    door = home / "postgres"
    if door.is_symlink() and not door.exists():
        raise PostgresUnavailable(
            Text(
                vi=f"{door} trỏ tới {door.resolve()} nhưng nơi đó không còn; xóa liên kết để làm lại từ đầu.",
                en=f"{door} leads to {door.resolve()}, which is gone; remove the link to begin anew.",
            )
        )
    cluster = door.resolve()
    if _furnish(cluster, user):
        return cluster
    mode = stat.S_IMODE(home.stat().st_mode)
    home.chmod(mode | stat.S_IXOTH)
    if user.can_enter(cluster / "run"):
        return cluster
    home.chmod(mode)
    ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    # The symlink alone says which directory is meant: a home deleted and made again starts empty.
    moved = Path(tempfile.mkdtemp(prefix=f"{_digest(home)}-", dir=ELSEWHERE))
    shutil.copytree(cluster, moved, symlinks=True, dirs_exist_ok=True)
    for folder, _, files in os.walk(moved / "data"):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            user.own(path)
    if not _furnish(moved, user):
        shutil.rmtree(moved)
        raise PermissionError(f"{cluster}, {moved}")
    shutil.rmtree(door.resolve())
    door.unlink(missing_ok=True)
    door.symlink_to(moved)
    return moved


def _furnish(cluster: Path, user: ServerUser) -> bool:
    """Make the cluster's directory and tell whether the user can work in it.

    The directory and its log stay ours; only `data` and `run` belong to the user, who may be shared.
    """
    run = cluster / "run"
    run.mkdir(parents=True, exist_ok=True)
    cluster.chmod(0o700 if user.uid is None else 0o711)
    user.give(run)
    return user.can_enter(run)


def socket_directory(cluster: Path, user: ServerUser) -> Path:
    """Return a directory of mode 0700 that is the user's, whose path a Unix socket's address has room for.

    It is `cluster/run`, or below the system's temporary directory where that is too long or holds a comma,
    which libpq takes for a list. Raises PostgresUnavailable when somebody else put something there.
    """
    run = cluster / "run"
    if len(os.fsencode(run / SOCKET_NAME)) <= SOCKET_PATH_BYTES and "," not in str(run):
        return run
    short = Path(tempfile.gettempdir(), f"sotay-{_digest(cluster)}")
    if not short.exists():
        short.mkdir(mode=0o700)
        user.give(short)
    found = short.lstat()
    owner = os.geteuid() if user.uid is None else user.uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        raise PostgresUnavailable(
            Text(
                vi=f"{short} không phải là thư mục riêng của máy chủ; hãy xóa nó.",
                en=f"{short} is not the server's private directory; remove it.",
            )
        )
    return short


def open_log(path: Path) -> int:
    """Return a file descriptor that appends to the log; past 5 MB a new one begins and one old one stays."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.rename(path.with_suffix(".old"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
