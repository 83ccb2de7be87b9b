"""Passwords: the same letters are the same password, nobody's costs what somebody's does, the common are refused."""

import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from app.kernel.passwords import Passwords, PasswordsBusy, is_common


class WatchedHasher(PasswordHasher):
    """Notes how many checks run at once, and that none runs on the event loop's thread."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=1024, parallelism=1)
        self.running = self.most = self.verified = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override] # noqa: A002
        with self._lock:
            self.running += 1
            self.verified += 1
            self.most = max(self.most, self.running)
            self.threads.add(threading.get_ident())
        try:
            return super().verify(hash, password)
        finally:
            with self._lock:
                self.running -= 1


async def test_a_password_matches_its_own_hash_only(passwords: Passwords) -> None:
    hashed = await passwords.hash("con trâu đi trước")

    assert hashed.startswith("$argon2id$")
    assert await passwords.matches(hashed, "con trâu đi trước")
    assert not await passwords.matches(hashed, "con trâu đi sau")
    assert not await passwords.matches(hashed, "")


async def test_one_password_has_two_hashes(passwords: Passwords) -> None:
    assert await passwords.hash("con trâu đi trước") != await passwords.hash("con trâu đi trước")


async def test_normal_forms_do_not_matter(passwords: Passwords) -> None:
    hashed = await passwords.hash("mật khẩu")

    assert await passwords.matches(hashed, "ma\u0323\u0302t kha\u0302\u0309u")


async def test_nobodys_hash_is_checked_too_and_never_matches() -> None:
    hasher = WatchedHasher()
    passwords = Passwords(hasher, concurrency=1)

    assert not await passwords.matches(None, "nobody has this password")
    assert hasher.verified == 1


async def test_a_broken_hash_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.matches("not a hash", "con trâu đi trước")


async def test_checks_run_beside_the_loop_and_no_more_at_once_than_allowed() -> None:
    hasher = WatchedHasher()
    passwords = Passwords(hasher, concurrency=2)
    hashed = await passwords.hash("con trâu đi trước")

    await asyncio.gather(*(passwords.matches(hashed, "x") for _ in range(20)))

    assert hasher.verified == 20
    assert 1 <= hasher.most <= 2
    assert threading.get_ident() not in hasher.threads


@pytest.mark.parametrize(
    "password",
    ["password", "PassWord", "12345678", "matkhau123", "Password1", "dangvien26", "aaaaaaaa", "1212121212", "00000000"],
)
def test_what_everybody_tries_first_is_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password", ["con trâu đi trước", "so-tay-demo-1", "correct horse battery", "Hạ Long 1994 xanh"]
)
def test_a_sentence_is_not(password: str) -> None:
    assert not is_common(password)


class StandingHasher(PasswordHasher):
    """Works when it is let to."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override] # noqa: A002
        self.go.wait()
        return super().verify(hash, password)


async def test_of_too_many_at_once_the_last_are_refused_without_waiting() -> None:
    hasher = StandingHasher()
    passwords = Passwords(hasher, concurrency=1, most_waiting=2)
    waiting = [asyncio.create_task(passwords.matches(None, "x")) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(PasswordsBusy):
        await passwords.matches(None, "x")
    waiting[2].cancel()
    await asyncio.sleep(0)
    with pytest.raises(PasswordsBusy):  # its work is not given up with it
        await passwords.hash("x")
    hasher.go.set()

    assert await asyncio.gather(*waiting[:2]) == [False, False]
    assert await passwords.matches(None, "x") is False
