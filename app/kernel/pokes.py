"""Pokes: tells whoever listens that a scope's counter has risen, by one query a second for all of a process.

Nobody holds a connection while listening, and nothing is asked while nobody listens.
"""

import asyncio
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import Context
from types import FrameType
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.db import Database
from app.kernel.errors import Unavailable
from app.kernel.i18n import Text

log = structlog.get_logger()

HEARTBEAT_TICKS = 15
LONGEST_TICKS = 600
"""After as many seconds a stream ends; its reader comes back, and may be somebody who has lost the right to."""
STREAMS_AN_ACCOUNT = 4
"""In one process; a fifth ends the oldest, which may be one that its phone left behind when it lost the network."""
MOST_STREAMS = 800
"""Of one process: each is an open file, of which a process may have 1,024 unless somebody says otherwise."""


class StreamsBusy(Unavailable):
    title = Text(
        vi="Quá nhiều màn hình trực tiếp đang mở, hãy thử lại sau", en="Too many live screens are open; try again soon"
    )


# A function of the database: one look is for many people, and says nothing but numbers.
_COUNTERS = text("SELECT id, counter FROM counters_of(CAST(:scopes AS uuid[]))")


async def _a_second() -> None:
    await asyncio.sleep(1)


class Pokes:
    """The listeners of one process, and the one task that asks for them."""

    def __init__(
        self,
        database: Database,
        *,
        pause: Callable[[], Awaitable[None]] = _a_second,
        longest: int = LONGEST_TICKS,
        most: int = MOST_STREAMS,
    ) -> None:
        """`pause` passes between two looks at the counters (a tick); a stream ends after `longest` of them."""
        self._database = database
        self._pause = pause
        self._longest = longest
        self._most = most
        self._watched: Counter[UUID] = Counter()
        self._of: defaultdict[UUID, list[object]] = defaultdict(list)
        self._counters: dict[UUID, int] = {}
        self._ticked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    def require_room(self, account_id: UUID) -> None:
        """Refuse one stream more, while there is a status to say it with; raises StreamsBusy.

        Who has four already gets another all the same: it ends one of theirs.
        """
        if self._watched.total() >= self._most and len(self._of.get(account_id, ())) < STREAMS_AN_ACCOUNT:
            raise StreamsBusy(headers={"Retry-After": "30"})

    async def watch(self, scope_id: UUID, *, by: UUID) -> AsyncGenerator[int | None]:
        """Yield a scope's counter at once and whenever it has risen, and None as a sign of life after 15 still ticks.

        Ends after `longest` ticks, when the process stops, when the database cannot be asked, and with the next tick
        once the account (`by`) has begun four more.
        """
        this, own = object(), self._of[by]
        own.append(this)
        del own[:-STREAMS_AN_ACCOUNT]
        self._watched[scope_id] += 1
        try:
            try:
                seen = (await self._read([scope_id])).get(scope_id, 0)
            except SQLAlchemyError as error:  # the answer has begun: nothing can be refused any more
                log.warning("pokes", error=type(error).__name__)
                return
            yield seen
            still = 0
            for _ in range(self._longest):
                if not await self._tick() or this not in own:
                    return
                still += 1
                if (counter := self._counters.get(scope_id, 0)) > seen:
                    seen, still = counter, 0
                    yield seen
                elif still == HEARTBEAT_TICKS:
                    still = 0
                    yield None
        finally:
            self._watched[scope_id] -= 1
            self._watched += Counter()  # forgets whom nobody watches
            if this in own:
                own.remove(this)
                if not own:
                    del self._of[by]

    def close(self) -> None:
        """End every stream now, and those that begin later with their first line."""
        self._closed.set()
        self._wake()  # and no cancelling: a query broken off would keep its connection busy

    async def _tick(self) -> bool:
        """Wait for the next look at the counters; say whether there was one."""
        if self._closed.is_set():
            return False
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll(), context=Context())  # it belongs to no request
        task = self._task
        await self._ticked.wait()
        return not (self._closed.is_set() or task.done())

    async def _poll(self) -> None:
        try:
            while self._watched:
                await self._pause()
                if self._closed.is_set():
                    return
                self._counters = await self._read(list(self._watched))
                self._wake()
        except SQLAlchemyError as error:
            log.warning("pokes", error=type(error).__name__)
        finally:
            self._wake()

    def _wake(self) -> None:
        ticked, self._ticked = self._ticked, asyncio.Event()
        ticked.set()

    async def _read(self, scopes: Collection[UUID]) -> dict[UUID, int]:
        async with self._database.session() as session:
            rows = await session.execute(_COUNTERS, {"scopes": list(scopes)})
            return {row.id: row.counter for row in rows}


@contextmanager
def closed_at_stop(pokes: Pokes) -> Iterator[None]:
    """Close the streams when the process is told to stop, besides whatever else the server does then.

    Servers wait for open answers before they end the application, and these answers have no end of their own.
    """
    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(pokes.close)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
