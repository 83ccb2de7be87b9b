"""Jobs are rows in PostgreSQL (Procrastinate), written by the transaction that wants them done."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.types import JSONDict
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.kernel.db import Session


class Lane(StrEnum):
    """The queues: what somebody waits for never stands behind what can wait."""

    urgent = "urgent"
    bulk = "bulk"


# Never opened: it only writes rows on the caller's own connection. The worker opens one of its own.
_deferring = App(connector=PsycopgConnector())

JobArguments = Mapping[str, str | int | None]
NOTHING_LEFT: JobArguments = {}
"""The arguments of a job that has handed everything over; run again, it does nothing."""

_NARROW = text("""
UPDATE procrastinate_jobs SET args = CAST(:to AS jsonb) WHERE id = :job AND args <> CAST(:to AS jsonb) RETURNING id
""")


async def defer(
    session: Session,
    task: str,
    *jobs: JobArguments,
    lane: Lane,
    schedule_at: datetime | None = None,
    queueing_lock: str | None = None,
) -> None:
    """Write one job for each set of arguments; committed, or rolled back, with everything else in the session.

    `schedule_at` is the instant before which no worker takes it. `task` is a name in `worker.TASKS`.
    """
    if not jobs:
        return
    await session.flush()
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    deferrer = _deferring.configure_task(
        task,
        allow_unknown=True,
        queue=lane.value,
        schedule_at=schedule_at,
        queueing_lock=queueing_lock,
        connection=driver,
    )
    rows: list[JSONDict] = [dict(arguments) for arguments in jobs]
    try:
        await deferrer.batch_defer_async(*rows)
    except ConnectorException as error:
        # As SQLAlchemy would have raised it, so that who asks whether the database is away finds out.
        cause = error.__cause__
        if not isinstance(cause, psycopg.Error):
            raise
        kind = OperationalError if isinstance(cause, psycopg.OperationalError) else DBAPIError
        raise kind("defer", None, cause, connection_invalidated=driver.closed) from error


async def hand_over(
    session: Session,
    job_id: int | None,
    task: str,
    left: JobArguments,
    *,
    kept: JobArguments | None = None,
    lane: Lane,
    at: datetime | None = None,
) -> None:
    """Leave a part of a running job, or without `kept` what remains of it, to another job of the same task.

    A worker may die before its job is struck off, and the job run again: were it to hand over a second time, each crash
    would leave one job more for the same work, until all workers are busy with nothing else. So the job is narrowed
    down to what it keeps, in the transaction that makes the other one; one that keeps nothing has no arguments left.
    `job_id` None is a call outside of a job.
    """
    if job_id is not None:
        to = json.dumps(dict(kept or NOTHING_LEFT))
        if await session.scalar(_NARROW, {"job": job_id, "to": to}) is None:
            return
    await defer(session, task, left, lane=lane, schedule_at=at)
