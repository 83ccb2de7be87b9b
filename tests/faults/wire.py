"""HTTP over a socket that breaks when chance will have it: before, within or after the request, within the answer.

Each new connection goes to any of the service's processes, as behind a load balancer that knows of nobody.
"""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANSWERED_WITHIN_SECONDS = 60
IDLE_AT_MOST_SECONDS = 2
"""The server hangs up after five."""


class Lost(Exception):
    """No whole answer came; whether the request took effect is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # Any: JSON
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.json().get("code", ""))


@dataclass(slots=True)
class Weather:
    """How bad the network is: shares of requests that never get through, and of answers that are cut."""

    unreachable: float = 0.05
    cut: float = 0.30


class Wire:
    """One connection at a time to the service; `seen` counts what became of the requests."""

    def __init__(self, ports: Sequence[int], *, chance: random.Random, weather: Weather, seen: Counter[str]) -> None:
        self._ports = ports
        self._chance = chance
        self._weather = weather
        self._seen = seen
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_at = 0.0

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Ask once; raises Lost."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self._ports[0]}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        if self._chance.random() < self._weather.unreachable:
            await self._lose_on_the_way(request)
        self._seen["requests"] += 1
        cut = self._chance.choice(("at once", "before", "within")) if self._is_cut() else None
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_SECONDS):
                return await self._exchange(request, cut)
        except (OSError, EOFError, TimeoutError) as error:
            await self.close()
            self._seen["connections the server closed"] += 1
            raise Lost from error

    async def close(self) -> None:
        if self._open is not None:
            _, writer = self._open
            self._open = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _is_cut(self) -> bool:
        return self._chance.random() < self._weather.cut

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if time.monotonic() - self._used_at > IDLE_AT_MOST_SECONDS:
            await self.close()
        if self._open is None:
            self._open = await asyncio.open_connection("127.0.0.1", self._chance.choice(self._ports))
        return self._open

    async def _lose_on_the_way(self, request: bytes) -> None:
        """Break before the request has left, or when half of it has; the server must do nothing."""
        if self._chance.random() < 0.5:
            self._seen["requests cut"] += 1
            _, writer = await self._connected()
            writer.write(request[: self._chance.randrange(1, len(request) - 1)])
            with contextlib.suppress(OSError):
                await writer.drain()
            await self.close()
        else:
            self._seen["requests that found no network"] += 1
        raise Lost

    async def _exchange(self, request: bytes, cut: str | None) -> Answer:
        reader, writer = await self._connected()
        writer.write(request)
        await writer.drain()
        if cut == "at once":  # while the server works
            await self._cut()
        first = await reader.readexactly(1)  # the server has answered: the work is done and committed
        if cut == "before":
            await self._cut()
        head = first + await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        named = (line.split(":", 1) for line in lines[1:] if line)
        headers = {name.lower(): value.strip() for name, value in named}
        status = int(lines[0].split()[1])
        length = int(headers.get("content-length", "0"))
        if cut == "within":
            await reader.readexactly(length // 2)
            await self._cut()
        body = await reader.readexactly(length)
        self._used_at = time.monotonic()
        if headers.get("connection") == "close":
            await self.close()
        return Answer(status, headers, body)

    async def _cut(self) -> None:
        self._seen["answers cut"] += 1
        await self.close()
        raise Lost
