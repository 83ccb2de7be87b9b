"""HEAD: what a GET would be answered, without the body (RFC 9110, 9.3.2), for whoever asks how large a file is."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Outermost middleware (plain ASGI): within it there is no HEAD, and every GET takes it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask as a GET, and end the answer after its headers; a stream notices that nobody listens."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app({**scope, "method": "GET"}, receive, answer)
