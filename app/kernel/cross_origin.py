"""Which other origins a browser lets read the answers (CORS): none, unless the settings name them."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SENT = (
    "Accept-Language",
    "App-Version",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Prefer",
    "Range",
    "X-Request-Id",
)
_READ = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Language",
    "Content-Range",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)


class CrossOrigin:
    """Middleware (plain ASGI): without `SOTAY_CORS_ORIGINS` no answer says anything of origins.

    Credentials in the sense of CORS are never allowed: tokens come in a header, there are no cookies.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app
        self._opened: dict[str, CORSMiddleware] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer preflights of listed origins, and name the origin to whoever may read the answer."""
        listed = scope["app"].state.settings.cors_origins if scope["type"] == "http" else None
        app = self._app if listed is None else self._open_to(listed)
        await app(scope, receive, send)

    def _open_to(self, listed: str) -> CORSMiddleware:
        if listed not in self._opened:
            self._opened[listed] = CORSMiddleware(
                self._app,
                allow_origins=listed.split(","),
                allow_methods=_METHODS,
                allow_headers=_SENT,
                expose_headers=_READ,
            )
        return self._opened[listed]
