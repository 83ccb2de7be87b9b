"""A phone as a generated member app is written: a store fed by `/v1/changes`, an outbox, and blind retries.

It never knows what the server did: a write stays in the outbox, with its key, until a whole answer has come.
"""

import asyncio
import json
import random
import re
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

from app.kernel.ids import new_id
from tests.factories.files import PNG_DOT
from tests.factories.world import Person
from tests.faults.wire import Answer, Lost, Weather, Wire

PASSWORD = "mot mat khau du dai"
CLOCKS_WRONG_BY = timedelta(minutes=9)
REFRESH_BEFORE_END = timedelta(minutes=1)
PAUSE_SECONDS = 0.05
SIGNING_PAUSE_SECONDS = (0.5, 1.5)
"""Before a sign-in or a refresh is sent again. At once, and to another process of a busy server, the two arrive in any
order, and whose session stays is decided by that order."""
_VERSION = re.compile(r'"(\d+)-')
BUSY = frozenset({429, 503})

Json = dict[str, Any]  # Any: JSON
Name = tuple[str, str]
"""An object's type and id."""


class SignedOut(Exception):
    """The server knows the session no more."""


@dataclass(slots=True, kw_only=True)
class Write:
    """One thing that the phone's owner did, on its way to the server, and what it is meant to leave behind there."""

    kind: str
    method: str
    path: str
    body: Json | None = None
    key: str | None = None
    """Without one a repetition may do again what has been changed since."""
    version: int | None = None
    """The version seen, where the route asks for one."""
    is_file: bool = False
    is_minimal: bool = False
    was_lost: bool = False
    """Whether an attempt may have taken effect without an answer."""

    table: str | None = None
    """Where there is a row of it afterwards; after a DELETE, no more."""
    row_id: str = ""
    """That row's; "" until the answer names it."""
    words: str | None = None
    """What stands in the row, and nowhere else."""
    code: str | None = None
    """Of the fact that is recorded, once."""
    subject: str = ""
    """Of the fact; "" where it is the row."""
    state: tuple[tuple[str, ...], object] | None = None
    """Something of which only the last word counts: its name, and the word."""
    stands_as: int | None = None
    """The version of a thing that several people change, as this write left it: answers come in any order."""


class Judge(Protocol):
    """Who is told what finally became of a write."""

    def accepted(self, member_id: str, write: Write) -> None: ...

    def refused(self, member_id: str, write: Write, answer: Answer) -> None: ...


@dataclass(slots=True)
class Store:
    """What the phone knows: filled by changes only."""

    cursor: str | None = None
    held: dict[Name, Json] = field(default_factory=dict)
    versions: dict[Name, int] = field(default_factory=dict)
    scopes: dict[Name, str] = field(default_factory=dict)

    def take(self, page: Json, seen: Counter[str]) -> None:
        for item in page["items"]:
            name = (item["type"], item["id"])
            seen[f"changes: {item['op']}"] += 1
            if item["op"] == "upsert":
                self.held[name] = item["resource"]
                self.versions[name] = item["version"]
                self.scopes[name] = item["scope_id"]
            elif item["op"] == "delete":
                self._forget(name)
            else:
                for other in [known for known, scope in self.scopes.items() if scope == item["scope_id"]]:
                    self._forget(other)
        self.cursor = page["next_cursor"]

    def of(self, kind: str) -> list[Json]:
        return [resource for (held, _), resource in self.held.items() if held == kind]

    def _forget(self, name: Name) -> None:
        for part in (self.held, self.versions, self.scopes):
            part.pop(name, None)


class Phone:
    """One member's phone. `seen` counts what happened to it."""

    def __init__(
        self, person: Person, *, branch: str, ports: Sequence[int], seed: str, weather: Weather, judge: Judge
    ) -> None:
        self.person = person
        self.branch = branch
        self.chance = random.Random(seed)  # noqa: S311 repeatable chance, no secret
        self.seen: Counter[str] = Counter()
        self.wire = Wire(ports, chance=self.chance, weather=weather, seen=self.seen)
        self.store = Store()
        self.outbox: deque[Write] = deque()
        self.pages: dict[str, tuple[str, bytes]] = {}
        """ETag and body of what was looked at, by path."""
        self.refresh_token = ""
        self._judge = judge
        self._access_token = ""
        self._access_ends = datetime.min.replace(tzinfo=UTC)
        self._wrong_by = timedelta()
        self.set_clock()

    @property
    def member_id(self) -> str:
        return str(self.person.member_id)

    def set_clock(self) -> None:
        """Be wrong by other minutes than before."""
        most = CLOCKS_WRONG_BY.total_seconds()
        self._wrong_by = timedelta(seconds=self.chance.uniform(-most, most))

    def now(self) -> datetime:
        """What the phone takes for the time."""
        return datetime.now(UTC) + self._wrong_by

    def new_id(self) -> str:
        return str(new_id(self.now()))

    def new_key(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    # Signing in.

    async def sign_in(self) -> None:
        """Sign in with the password, until an answer comes."""
        installation = {
            "installation_id": str(self.person.installation_id),
            "platform": "android",
            "device_name": "Điện thoại mô phỏng",
        }
        body = {"phone": self.person.phone, "password": PASSWORD, "installation": installation}
        answer = await self.insist("POST", "/v1/auth/login", body)
        assert answer.status == 200, answer.body
        self._keep(answer.json())

    async def refresh(self) -> None:
        """Change the refresh token; after a lost answer send the same one again soon. Raises SignedOut."""
        body = {"refresh_token": self.refresh_token, "installation_id": str(self.person.installation_id)}
        answer = await self.insist("POST", "/v1/auth/refresh", body)
        self.seen["refreshes"] += 1
        if answer.status != 200:
            self.seen["sessions lost"] += 1
            raise SignedOut(answer.body)
        self._keep(answer.json())

    def _keep(self, tokens: Json) -> None:
        self.refresh_token = tokens["refresh_token"]
        self._access_token = tokens["access_token"]
        self._access_ends = self.now() + timedelta(seconds=tokens["expires_in"])

    # Asking.

    def signed(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._access_token}"}

    async def insist(self, method: str, path: str, body: Json) -> Answer:
        """Ask without a token until an answer comes."""
        while True:
            try:
                answer = await self.wire.ask(method, path, {"Content-Type": "application/json"}, _json(body))
            except Lost:
                await asyncio.sleep(self.chance.uniform(*SIGNING_PAUSE_SECONDS))
                continue
            if answer.status not in BUSY:
                return answer
            await self._pause(answer)

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """Ask as the member; a token that is over, by the phone's own clock or the server's, is changed first."""
        if self.now() > self._access_ends - REFRESH_BEFORE_END:
            await self.refresh()
        for _ in range(2):
            answer = await self.wire.ask(method, path, {**self.signed(), **(headers or {})}, body)
            if answer.status != 401:
                break
            self.seen["401"] += 1
            await self.refresh()
        if answer.status >= 500 and answer.status not in BUSY:
            self.seen["server errors"] += 1
        return answer

    async def look(self, path: str) -> None:
        """Read something again, with the ETag of the last time."""
        etag, _ = self.pages.get(path, ("", b""))
        answer = await self.ask("GET", path, {"If-None-Match": etag} if etag else None)
        if answer.status == 304:
            self.seen["304"] += 1
        elif answer.status == 200:
            self.pages[path] = (answer.headers["etag"], answer.body)
        else:
            self.pages.pop(path, None)

    # Catching up.

    async def catch_up(self, limit: int = 100) -> None:
        """Ask for pages until there are no more; a page that was cut is asked for again. Raises Lost."""
        more = True
        while more:
            params = {"limit": limit} | ({"cursor": self.store.cursor} if self.store.cursor else {})
            answer = await self.ask("GET", f"/v1/changes?{urlencode(params)}")
            if answer.status == 410:
                self.seen["410"] += 1
                self.store = Store()  # the outbox stays
                continue
            if answer.status in BUSY:
                await self._pause(answer)
                continue
            assert answer.status == 200, answer.body
            page = answer.json()
            self.store.take(page, self.seen)
            more = page["has_more"]

    # The outbox.

    async def flush(self, *, patience: float = 0.7) -> None:
        """Send what waits, the oldest first; after a cut the phone tries again with this chance, else later."""
        while self.outbox:
            write = self.outbox[0]
            try:
                answer = await self._send(write)
            except Lost:
                write.was_lost = True
                self.seen["retries"] += 1
                if self.chance.random() >= patience:
                    return
                await self._pause()
                continue
            if answer.status in BUSY or answer.status >= 500:
                self.seen[f"busy {answer.status}"] += 1
                await self._pause(answer)
            elif answer.status == 409 and answer.code == "request_in_flight":
                self.seen["409 request_in_flight"] += 1
                await self._pause(answer)
            elif answer.status == 412:
                await self._settle_versions(write)
            else:
                self.outbox.popleft()
                self._settle(write, answer)

    async def _send(self, write: Write) -> Answer:
        headers = {"Content-Type": "application/json"}
        body = b"" if write.body is None else _json(write.body)
        if write.is_file:
            # As libraries do, with another boundary each time.
            boundary = f"{self.chance.getrandbits(64):016x}"
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
            body = _form(boundary, write.body or {})
        if write.key is not None:
            headers["Idempotency-Key"] = write.key
        if write.version is not None:
            headers["If-Match"] = f'"{write.version}"'
        if write.is_minimal:
            headers["Prefer"] = "return=minimal"
        self.seen[f"attempts: {write.method}"] += 1
        answer = await self.ask(write.method, write.path, headers, body)
        if "idempotency-replayed" in answer.headers:
            self.seen["replays"] += 1
        if write.is_minimal and answer.status == 204:
            self.seen["minimal answers"] += 1
        return answer

    async def _settle_versions(self, write: Write) -> None:
        """Somebody changed it meanwhile, or this very write did, whose answer was cut: look, and if need be redo it."""
        self.seen["412"] += 1
        while True:
            try:
                now = await self.ask("GET", write.path)
            except Lost:
                await self._pause()
                continue
            break
        if now.status == 200 and write.was_lost and write.words is not None and write.words in now.body.decode():
            self.seen["412 was the phone's own"] += 1
            self.outbox.popleft()
            write.stands_as = _version(now)
            self._judge.accepted(self.member_id, write)
        elif now.status == 200:
            write.version = _version(now)
        else:
            self.outbox.popleft()
            self._settle(write, now)

    def _settle(self, write: Write, answer: Answer) -> None:
        # Of a row of the phone's own: nobody else deletes it.
        is_gone = write.method == "DELETE" and answer.status == 404 and write.was_lost and write.table is not None
        if answer.status < 300 or is_gone:
            if write.table is not None and not write.row_id:
                write.row_id = answer.json()["id"]
            if write.version is not None or write.table is not None:
                write.stands_as = _version(answer)
            self._judge.accepted(self.member_id, write)
        else:
            self._judge.refused(self.member_id, write, answer)

    async def _pause(self, answer: Answer | None = None) -> None:
        seconds = float(answer.headers.get("retry-after", "0")) if answer is not None else 0
        began = time.monotonic()
        await asyncio.sleep(max(seconds, self.chance.uniform(0, PAUSE_SECONDS)))
        self.seen["ms waited"] += round(1000 * (time.monotonic() - began))


def _version(answer: Answer) -> int | None:
    """Return the version in a thing's ETag; of a comment, which its author alone changes, that is a digest."""
    found = _VERSION.match(answer.headers.get("etag", ""))
    return int(found[1]) if found else None


def _json(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _form(boundary: str, fields: Json) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    file = 'Content-Disposition: form-data; name="file"; filename="anh.png"\r\nContent-Type: image/png\r\n\r\n'
    return b"".join([*parts, f"--{boundary}\r\n{file}".encode(), PNG_DOT, f"\r\n--{boundary}--\r\n".encode()])
