"""Answers made of text leave compressed, since phones pay by the megabyte (api.md 11)."""

import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MINIMUM_BYTES = 500
LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS  # zlib's sign for gzip's own header and trailer
_KINDS = frozenset({"application/json", "application/problem+json", "text/html", "text/calendar"})
_NO_BODY = frozenset({204, 304})


class Compression:
    """Middleware (plain ASGI): gzip for JSON, HTML and calendars that come in one piece.

    Everything else passes as it is: streams of events, files and parts of files, PDF, images. An ETag stays the same
    with and without gzip, though it is a strong one: it stands for a version (`If-Match` sends it back), no answer here
    can be asked for in parts, and `Vary` keeps the two encodings apart in a cache.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; what is sent depends on `Accept-Encoding`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = accepts_gzip(Headers(scope=scope).get("accept-encoding", ""))
        start: Message | None = None

        async def answer(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_text(message):
                start = message  # waits for the body, whose length decides
                return
            if start is not None and message["type"] == "http.response.body":
                headers = MutableHeaders(scope=start)
                headers.add_vary_header("Accept-Encoding")
                body = message.get("body", b"")
                if wanted and len(body) >= MINIMUM_BYTES and not message.get("more_body", False):
                    message["body"] = compress(body)
                    headers["Content-Encoding"] = "gzip"
                    headers["Content-Length"] = str(len(message["body"]))
                await send(start)
                start = None
            await send(message)

        await self._app(scope, receive, answer)


def accepts_gzip(accept_encoding: str) -> bool:
    """Say whether an `Accept-Encoding` header takes gzip (RFC 9110, 12.5.3); without one, nothing is compressed."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, quality = part.partition(";")
        try:
            weights[coding.strip()] = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def compress(body: bytes) -> bytes:
    """Return the bytes as gzip."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    return compressor.compress(body) + compressor.flush()


def _is_text(start: Message) -> bool:
    headers = Headers(scope=start)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _KINDS and start["status"] not in _NO_BODY and "content-encoding" not in headers
