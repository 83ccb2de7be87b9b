"""Requests that meet over one row, on a database that really commits."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

from httpx import Response
from sqlalchemy import select, text

from app.kernel.db import PooledDatabase, Session
from app.meetings.models import Meeting

T = TypeVar("T")
Request = Coroutine[Any, Any, Response]  # Any: what coroutines are sent

_WAITING = text(
    "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database()"
)


async def waiting(watcher: Session, request: Coroutine[Any, Any, T], *, after: int = 0) -> asyncio.Task[T]:
    """Send a request, and return once it waits for a lock, as so many do already, or has been answered.

    Any: what coroutines are sent.
    """
    task = asyncio.create_task(request)
    while not task.done() and (await watcher.scalar(_WAITING) or 0) <= after:
        await watcher.rollback()  # within a transaction the list of connections stays as it was
    return task


async def in_order(live: PooledDatabase, meeting_id: str, *requests: Request) -> list[Response]:
    """Hold the meeting until the requests stand in line for it, and let them go."""
    tasks: list[asyncio.Task[Response]] = []
    async with live.session() as holder, live.session() as watcher:
        await holder.execute(select(Meeting.id).where(Meeting.id == UUID(meeting_id)).with_for_update())
        for request in requests:
            tasks.append(await waiting(watcher, request, after=len(tasks)))
    return await asyncio.gather(*tasks)
