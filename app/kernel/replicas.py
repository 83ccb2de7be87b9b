"""A streaming replica: heavy reads are made there while it has all that the primary had when they were asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.clock import Clock
from app.kernel.db import DbSession, PooledDatabase, Session
from app.kernel.roles import Role
from app.kernel.security import Actor, CurrentActor, identify

log = structlog.get_logger()

PATIENCE_SECONDS = 0.1
"""How long a read waits for the replica to come as far as the primary; then the primary answers."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 1.0

# Flushed, not only written: whatever a snapshot sees was flushed before (but with `synchronous_commit = off`).
_REACHED = text(
    "SELECT system_identifier AS cluster, CAST(pg_current_wal_flush_lsn() AS text) AS position FROM pg_control_system()"
)
_HAS_IT = text(
    "SELECT pg_is_in_recovery() AND system_identifier = :cluster AS is_replica,"
    " pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn) AS has_it FROM pg_control_system()"
)


async def reached_by(primary: Session) -> Row[Any]:
    """Return how far the primary's log is written down; Any: SQLAlchemy's row."""
    return (await primary.execute(_REACHED)).one()


class Replica:
    """One replica as this process knows it: asked before each read, and left alone while it is found wanting.

    Times tell nothing (an idle primary's replica has had no news either), so positions in the log are compared: what is
    read holds all that was committed when it was asked for, one's own writes and the loss of one's rights too.
    """

    def __init__(
        self, url: str, *, clock: Clock, pool_size: int, statement_timeout_ms: int, role: Role | None = None
    ) -> None:
        """Open nothing yet."""
        self.database = PooledDatabase(
            url, clock=clock, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms, role=role
        )
        self._overdue: set[asyncio.Task[None]] = set()
        self._wanting = ""

    async def has(self, reached: Row[Any]) -> bool:
        """Say whether the replica has come as far as the primary had; soon in any case."""
        if self._overdue:
            return False
        asking = asyncio.create_task(self._arrive(reached))
        done, _ = await asyncio.wait({asking}, timeout=PATIENCE_SECONDS)
        if done:
            asking.result()
            return True
        if not self._overdue:
            log.warning("replica_left_alone", why=self._wanting or "silent")
        # Not cancelled: the driver would wait for a server that stands still. It goes on asking, and nobody else does.
        self._overdue.add(asking)
        asking.add_done_callback(self._welcome)
        return False

    async def close(self) -> None:
        """Stop asking and give back every connection."""
        for asking in self._overdue:
            asking.remove_done_callback(self._welcome)
            asking.cancel()
        if self._overdue:
            await asyncio.wait(self._overdue, timeout=1)  # one that a server keeps waiting is left to the process's end
        await self.database.close()

    def _welcome(self, asking: asyncio.Task[None]) -> None:
        self._overdue.discard(asking)
        if not self._overdue:
            log.info("replica_back")

    async def _arrive(self, reached: Row[Any]) -> None:
        """Return when the replica is there; ask less and less often, since a replica tells nobody."""
        pause = _FIRST_PAUSE
        while True:
            try:
                found = await self.database.at_once(_HAS_IT, {"cluster": reached.cluster, "position": reached.position})
                self._wanting = "behind" if found.is_replica else "not a replica of this primary"
                if found.is_replica and found.has_it:
                    return
            except SQLAlchemyError as error:
                self._wanting = type(error).__name__
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a read is made, and who makes it as that very snapshot knows them."""

    session: Session
    actor: Actor


async def _reading(request: Request, session: DbSession, actor: CurrentActor) -> AsyncIterator[Reading]:
    replica: Replica | None = request.app.state.replica
    if replica is None:
        yield Reading(session, actor)
        return
    async with AsyncExitStack() as held:
        apart = await _apart(request, replica, session, held)
        request.app.state.meters.asked_of_replica(is_answered=apart is not None)
        yield apart or Reading(session, actor)


async def _apart(request: Request, replica: Replica, session: Session, held: AsyncExitStack) -> Reading | None:
    """Open a read on the replica; None where it has not come so far or is lost meanwhile. Raises NotSignedIn.

    The primary has let the caller in. Who they are is asked again: rights and what is read are of one instant.
    """
    if not await replica.has(await reached_by(session)):
        return None
    try:
        there = await held.enter_async_context(replica.database.session())
        await replica.database.freeze(there)
        reading = Reading(there, await identify(request, there))
    except SQLAlchemyError as error:
        log.warning("replica_lost", error=type(error).__name__)
        return None
    await session.close()  # the primary's connection is not held while the replica works
    return reading


async def _session(reading: Annotated[Reading, Depends(_reading, scope="function")]) -> Session:
    return reading.session


async def _actor(reading: Annotated[Reading, Depends(_reading, scope="function")]) -> Actor:
    return reading.actor


# For reads of many rows, whose routes name both in the place of `DbSession` and `CurrentActor`. The home screen does
# without: its one statement costs less than asking a second server.
ReplicaSession = Annotated[Session, Depends(_session)]
ReplicaActor = Annotated[Actor, Depends(_actor)]
