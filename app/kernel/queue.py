"""The queue of jobs in PostgreSQL, where Procrastinate needs help: lost connections, jobs of workers that died."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException

from app.kernel.db import NOTICING_SILENCE
from app.kernel.jobs import NOTHING_LEFT, JobArguments, Lane
from app.kernel.roles import Role, acting_as
from app.kernel.telemetry import WorkerMeters

log = structlog.get_logger()

# A task that fails (the database was away) is tried again, soon and for a day: all of them may run twice.
RETRY = RetryStrategy(max_attempts=17_280, wait=5)


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of job: its name in the queue, what runs it, the lane it takes by default, and when it comes by itself.

    `hands_over`: it may leave work to another job, and is called with its own `job_id` beside the job's arguments.
    """

    name: str
    run: Callable[..., Awaitable[None]]
    lane: Lane
    cron: str | None = None
    hands_over: bool = False

    async def perform(self, workplace: object, arguments: JobArguments, *, job_id: int | None) -> None:
        """Do a job, or nothing where it has handed everything over before a crash."""
        if not self.hands_over:
            await self.run(workplace, **arguments)
        elif arguments != NOTHING_LEFT:
            await self.run(workplace, **arguments, job_id=job_id)


class QueueConnector(PsycopgConnector):
    """Notes in `lost` that a statement of the queue's own was cut off.

    Procrastinate survives a job's end that it could not write down: the job then stays `doing` under a worker that is
    alive, and nobody ever gives it back. So the process ends instead, and the next one gives its jobs back.
    """

    def __init__(self, url: str) -> None:
        """Open nothing yet."""
        super().__init__(
            conninfo=url.replace("+psycopg", ""),
            kwargs={"options": acting_as(Role.worker), **NOTICING_SILENCE},
            min_size=1,
            max_size=10,
        )
        self.lost = asyncio.Event()

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Any, here and below: Procrastinate's own values, as they are."""
        with self._watched():
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """See `execute_query_async`."""
        with self._watched():
            row: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
            return row

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """See `execute_query_async`."""
        with self._watched():
            rows: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
            return rows

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError):
                self.lost.set()
            raise


# One statement, since each worker process does it: a job given back twice would run twice, and one that was given
# back, run and deleted meanwhile would be an error.
_GIVE_BACK: LiteralString = """
WITH orphans AS (
    SELECT job.id
    FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
        AND (job.worker_id IS NULL OR worker.last_heartbeat < clock_timestamp() - %(silence)s::interval)
    FOR UPDATE OF job SKIP LOCKED
)
SELECT id, procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM orphans
"""


async def rescue(app: App, *, silence: timedelta) -> int:
    """Give back the jobs of workers that died; return how many.

    Every task may run again: leases and unique rows keep what was done from being done twice.
    """
    rescued = await app.connector.execute_query_all_async(_GIVE_BACK, silence=silence)
    if rescued:
        log.warning("jobs_rescued", count=len(rescued))
    return len(rescued)


async def until_lost(connector: QueueConnector) -> None:
    """Return when a statement of the queue was cut off."""
    await connector.lost.wait()
    log.error("queue_connection_lost")


async def rescue_forever(queue: App, meters: WorkerMeters, *, beat: float) -> None:
    """Give back the jobs of workers silent for three heartbeats, `beat` seconds each, once a heartbeat."""
    while True:
        meters.rescued(await rescue(queue, silence=timedelta(seconds=3 * beat)))
        await asyncio.sleep(beat)
