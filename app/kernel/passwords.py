"""Passwords: Argon2id off the event loop, with bounded concurrency, and the rules for choosing one."""

import asyncio
import contextlib
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.kernel.errors import Unavailable
from app.kernel.i18n import Text

MIN_LENGTH = 8
MAX_LENGTH = 128
NICENESS = 10
MOST_WAITING = 500
"""Half a minute's work for a slow core; whoever comes after them would have given up before their turn."""

T = TypeVar("T")

# NIST SP 800-63B 5.1.1.2: length and a list of known ones, no composition rules. The file holds the heads of
# published frequency lists at eight characters and more, with what Vietnamese users add to them.
_COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())


class PasswordsBusy(Unavailable):
    title = Text(
        vi="Máy chủ đang kiểm tra nhiều mật khẩu, hãy thử lại sau",
        en="The server is checking many passwords; try again soon",
    )


class Passwords:
    """Hashes and checks; each check costs the same whether the account exists or not.

    Both raise PasswordsBusy at once where too many wait already.
    """

    def __init__(self, hasher: PasswordHasher, *, concurrency: int, most_waiting: int = MOST_WAITING) -> None:
        """`concurrency` checks run at once: Argon2 takes its memory and a core for each."""
        self._room = concurrency + most_waiting
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="argon2", initializer=_step_back)
        self._nobody = hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """Return the Argon2id hash in PHC form."""
        return await self._apart(lambda: self._hasher.hash(_normal(password)))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Say whether the password is the hash's; with no hash the same work is done, and the answer is no."""
        return await self._apart(lambda: self._check(password_hash, password))

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._room == 0:
            raise PasswordsBusy(headers={"Retry-After": "5"})
        self._room -= 1
        done = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # When the work has ended, and not when a caller gives up: it goes on without them.
        done.add_done_callback(self._make_room)
        return await asyncio.shield(done)

    def _make_room(self, _: asyncio.Future[T]) -> None:
        self._room += 1

    def _check(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(password_hash or self._nobody, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None


def _step_back() -> None:
    """Let the event loop and PostgreSQL go first; on Linux each thread has its own priority, inherited by Argon2's."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def is_common(password: str) -> bool:
    """Say whether the password is one that everybody tries first, in any case and with a digit or two added."""
    folded = _normal(password).casefold()
    without_digits = re.sub(r"[0-9]{1,2}$", "", folded)
    return folded in _COMMON or without_digits in _COMMON or len(set(folded)) <= 2  # noqa: PLR2004 "aaaaaaaa", "abababab"


def _normal(password: str) -> str:
    # The same letters typed on two keyboards are the same password (NIST SP 800-63B 5.1.1.2).
    return unicodedata.normalize("NFC", password)
