"""What every request goes through: an id that is echoed and logged, headers for private data, one log line."""

import re
import time
import uuid

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.problems import unexpected
from app.kernel.rates import Allowance
from app.kernel.telemetry import RequestMeters

log = structlog.get_logger()
_LIMITER = "starlette._body_limit_responder"
_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""For every answer that is no page of ours with a policy of its own: nothing in it is run, shown within or framed."""
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")


def _template(scope: Scope) -> str | None:
    """Return the template of the route that answered, prefixes included: the path itself may hold a secret."""
    # `scope["route"]` knows only the path within its own router; FastAPI keeps the whole one beside it.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(route, "path", None)


class RequestContext:
    """Middleware around all but `Heads` (plain ASGI, so that streams stay streams)."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the caller's `X-Request-Id` where it is well formed, make one where not; log and count the outcome."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        meters: RequestMeters = scope["app"].state.meters
        hsts_seconds: int = scope["app"].state.settings.hsts_seconds
        started = answered = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                limiter = scope.get(_LIMITER)
                if limiter is not None:
                    # It answers a declared length beyond the limit with a line of plain text in the place of whatever
                    # the application says; the limit itself it has kept by then, and that is a problem+json of ours.
                    limiter.content_length = None
                status = message["status"]
                answered = time.perf_counter()
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"  # addresses may hold secrets: the calendar's does
                headers.setdefault("Content-Security-Policy", _POLICY)
                if hsts_seconds:
                    headers["Strict-Transport-Security"] = f"max-age={hsts_seconds}"
                headers.setdefault("Cache-Control", "private, no-cache")
                allowance: Allowance | None = scope["state"].get("allowance")
                if allowance is not None:
                    headers.update(allowance.headers())
            await send(message)

        with meters.in_flight.track_inprogress(), structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer)
            except ClientDisconnect:
                # In the middle of its own request: nothing was done, nobody is there to be answered; its line says 0.
                pass
            except Exception as error:
                # Here and not in Starlette's outermost handler: this answer too has the request's id, and its log line.
                if status:
                    raise
                await unexpected(Request(scope), error)(scope, receive, answer)
            finally:
                method, route = scope["method"], _template(scope)
                meters.answered(method=method, route=route, status=status, seconds=answered - started)
                log.info(
                    "request",
                    method=method,
                    route=route,
                    status=status,
                    ms=round((time.perf_counter() - started) * 1000, 1),
                )
