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


async def narrow(session: Session, job_id: int, *, to: JobArguments) -> bool:
    """Let a running job stand for a part of what it was to do; False where another run of it has seen to that.

    Committed with what takes over the rest: whoever runs the job again, after a crash, finds that part only.
    """
    values = {"job": job_id, "to": json.dumps(dict(to))}
    return await session.scalar(_NARROW, values) is not None
