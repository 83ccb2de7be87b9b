"""An HTTP server on 127.0.0.1 in a thread of its own, for the peers that tests stand in for."""

import asyncio
import socket
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from tests.fcm.answers import Answer
from tests.fcm.http import HttpProtocol


class Loopback(ABC):
    """Serves while it is entered; `url` is its address from then on."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @abstractmethod
    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one request, in the server's thread."""

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        connections: set[asyncio.Transport] = set()
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: HttpProtocol(self.answer, connections), sock=self._listening)
        )
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for connection in list(connections):
            connection.abort()
        self._loop.run_until_complete(server.wait_closed())
        self._loop.close()
