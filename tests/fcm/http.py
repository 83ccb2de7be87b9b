"""The least HTTP/1.1 server that can cut a connection in the middle of an answer."""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import cast

import httptools

from tests.fcm.answers import Answer, Fate

Handler = Callable[[str, str, dict[str, str], bytes], Answer]
"""Method, path, headers by lower-case name, body → answer, with its status set."""


class HttpProtocol(asyncio.Protocol):
    """One connection; requests are answered in order, one at a time."""

    def __init__(self, handle: Handler, connections: set[asyncio.Transport]) -> None:
        """`connections` holds the open ones, this one among them."""
        self._handle = handle
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._transport = transport
        self._connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._transport is not None:
            self._connections.discard(self._transport)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.close()

    def on_message_begin(self) -> None:
        self._url, self._headers, self._body = b"", {}, b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("ascii")
        answer = self._handle(method, self._url.decode("latin-1"), self._headers, self._body)
        loop = asyncio.get_running_loop()
        if answer.gate is not None:
            answer.gate.add_done_callback(lambda _: loop.call_soon_threadsafe(self._write, answer))
        elif answer.delay_seconds:
            loop.call_later(answer.delay_seconds, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        if self._transport is None:
            return
        status = HTTPStatus(answer.status or HTTPStatus.OK)
        extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nDate: {_http_date(int(time.time()))}\r\n"
            f"Content-Type: {answer.content_type}\r\nContent-Length: {len(answer.body)}\r\n{extra}\r\n"
        )
        whole = head.encode("latin-1") + answer.body
        match answer.fate:
            case Fate.whole:
                self._transport.write(whole)
            case Fate.half:
                self._transport.write(whole[: len(head) + len(answer.body) // 2])
                self._transport.close()
            case Fate.nothing:
                self._transport.abort()


@lru_cache(maxsize=2)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)
