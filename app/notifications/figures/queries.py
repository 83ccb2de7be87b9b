"""How the sending stands: deliveries still open, jobs in the lanes, workers, and what has ended lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from app.kernel.db import Session
from app.kernel.jobs import Lane
from app.kernel.push import QUIET_FROM, QUIET_UNTIL, Platform
from app.kernel.timezones import end_of_quiet_hours
from app.notifications.lanes.queries import find_lanes

LATE_AFTER = timedelta(minutes=5)
"""What is due longer than this is wrong: the alert rules say the same number."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST_OWED = timedelta(days=31)
"""What has ended lately is looked for among the notices of as many days: in two monthly partitions at most."""


@dataclass(frozen=True, slots=True)
class OpenDeliveries:
    """Deliveries without an outcome: `due` to be sent now, `waiting` for their time or for the morning, or `leased`.

    `lapsed` of the due ones were leased by a worker that never said what became of them. `oldest_due_seconds` is for
    how long the first of the due ones could have been sent; 0 where none is due.
    """

    due: int
    leased: int
    waiting: int
    lapsed: int
    oldest_due_seconds: float


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """The jobs of one lane: due now, waiting for their time, being done; for how many seconds the oldest is due."""

    lane: Lane
    due: int
    waiting: int
    doing: int
    oldest_due_seconds: float


@dataclass(frozen=True, slots=True)
class Circuit:
    """One platform's way to its phones: `is_open` while the push service takes nothing, and why."""

    platform: Platform
    is_open: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """One lane of a worker process; `alive` while it has been silent for less than three heartbeats."""

    id: int
    last_heartbeat: datetime
    silent_seconds: float
    doing: int
    alive: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sending stands at one instant."""

    at: datetime
    deliveries: OpenDeliveries
    circuits: tuple[Circuit, ...]
    lanes: tuple[LaneFigures, ...]
    workers: tuple[WorkerFigures, ...]

    @property
    def workers_alive(self) -> int:
        return sum(worker.alive for worker in self.workers)


@dataclass(frozen=True, slots=True)
class Ended:
    """How many deliveries to a platform ended with an outcome in the last hour, and in the last 24."""

    platform: str
    outcome: str
    last_hour: int
    last_day: int


# `created_at`: a notice is owed from its beginning, however late the chunk with this phone begins. Nearly all phones
# are in the one zone, and the others have an index: joining a million devices would take three times as long.
_OPEN = text("""
SELECT coalesce(abroad.time_zone, 'Asia/Ho_Chi_Minh') AS time_zone, notifications.breaks_quiet_hours,
    count(*) FILTER (WHERE leased_until >= now()) AS leased,
    count(*) FILTER (WHERE leased_until < now()) AS lapsed,
    count(*) FILTER (WHERE (leased_until IS NULL OR leased_until < now()) AND not_before > :now) AS later,
    count(*) FILTER (WHERE (leased_until IS NULL OR leased_until < now())
                     AND (not_before IS NULL OR not_before <= :now)) AS ready,
    min(coalesce(not_before, notifications.created_at))
        FILTER (WHERE (leased_until IS NULL OR leased_until < now())
                AND (not_before IS NULL OR not_before <= :now)) AS ready_since
FROM deliveries
JOIN notifications ON notifications.id = deliveries.notification_id
LEFT JOIN devices AS abroad ON abroad.id = deliveries.device_id AND abroad.time_zone <> 'Asia/Ho_Chi_Minh'
WHERE outcome IS NULL
GROUP BY abroad.time_zone, notifications.breaks_quiet_hours
""")

# The queue's ids ascend: of the jobs without a time of their own the first is the oldest.
_JOBS = text("""
SELECT lane, due, waiting, doing,
    coalesce(extract(epoch FROM now() - least(
        first_scheduled, (SELECT min(at) FROM procrastinate_events WHERE job_id = first_id)
    )), 0) AS oldest_due_seconds
FROM (
    SELECT queue_name AS lane,
        count(*) FILTER (WHERE is_due) AS due,
        count(*) FILTER (WHERE status = 'todo' AND NOT is_due) AS waiting,
        count(*) FILTER (WHERE status = 'doing') AS doing,
        min(scheduled_at) FILTER (WHERE is_due) AS first_scheduled,
        min(id) FILTER (WHERE is_due AND scheduled_at IS NULL) AS first_id
    FROM (
        SELECT *, status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) AS is_due
        FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
    ) AS job
    GROUP BY queue_name
) AS lanes
""")

_WORKERS = text("""
SELECT worker.id, last_heartbeat, extract(epoch FROM now() - last_heartbeat) AS silent_seconds, count(job.id) AS doing
FROM procrastinate_workers AS worker
LEFT JOIN procrastinate_jobs AS job ON job.worker_id = worker.id AND job.status = 'doing'
GROUP BY worker.id
ORDER BY worker.id
""")

# A notice that was over before the day began has nothing that was sent since. Only of rows from before deliveries had
# a platform is the device asked, one by one: to join a million takes four times as long as to count them.
_ENDED = text("""
SELECT coalesce(
        device_platform, (SELECT devices.platform FROM devices WHERE devices.id = deliveries.device_id)
    ) AS platform,
    outcome, count(*) FILTER (WHERE finished_at > :hour_ago) AS last_hour, count(*) AS last_day
FROM deliveries
JOIN notifications ON notifications.id = deliveries.notification_id
WHERE deliveries.notification_id >= uuid_v7_floor(:earliest) AND notifications.expires_at > :day_ago
    AND finished_at > :day_ago
GROUP BY 1, outcome
ORDER BY 1, outcome
""")


async def find_standing(session: Session, *, silence: timedelta) -> Standing:
    """Return how the sending stands; a worker without a heartbeat for longer than `silence` is taken for dead."""
    return Standing(
        at=session.now(),
        deliveries=await _find_open(session),
        circuits=tuple(
            Circuit(platform, is_open=lane.opened_at is not None, reason=lane.reason)
            for platform, lane in (await find_lanes(session)).items()
        ),
        lanes=await _find_lanes(session),
        workers=await _find_workers(session, silence),
    )


async def _find_open(session: Session) -> OpenDeliveries:
    now = session.now()
    due = leased = waiting = lapsed = 0
    oldest = now
    for row in await session.execute(_OPEN, {"now": now}):
        leased += row.leased
        lapsed += row.lapsed
        waiting += row.later
        if not row.ready:
            continue
        if not row.breaks_quiet_hours and _quiet_until(now, row.time_zone):
            waiting += row.ready
            continue
        due += row.ready
        since = row.ready_since
        if not row.breaks_quiet_hours:
            since = _quiet_until(since, row.time_zone) or since
        oldest = min(oldest, since)
    return OpenDeliveries(
        due=due, leased=leased, waiting=waiting, lapsed=lapsed, oldest_due_seconds=(now - oldest).total_seconds()
    )


def _quiet_until(instant: datetime, zone: str) -> datetime | None:
    return end_of_quiet_hours(instant, zone, begins=QUIET_FROM, ends=QUIET_UNTIL)


async def _find_lanes(session: Session) -> tuple[LaneFigures, ...]:
    """Return every lane's jobs, of an idle lane too."""
    rows = {row.lane: row for row in await session.execute(_JOBS)}
    return tuple(
        LaneFigures(lane, row.due, row.waiting, row.doing, float(row.oldest_due_seconds))
        if (row := rows.get(lane.value)) is not None
        else LaneFigures(lane, 0, 0, 0, 0.0)
        for lane in Lane
    )


async def _find_workers(session: Session, silence: timedelta) -> tuple[WorkerFigures, ...]:
    return tuple(
        WorkerFigures(
            id=row.id,
            last_heartbeat=row.last_heartbeat,
            silent_seconds=float(row.silent_seconds),
            doing=row.doing,
            alive=row.silent_seconds <= silence.total_seconds(),
        )
        for row in await session.execute(_WORKERS)
    )


async def list_ended(session: Session) -> Sequence[Ended]:
    """Return what ended in the last 24 hours by platform and outcome; a platform without any is absent."""
    now = session.now()
    rows = await session.execute(_ENDED, {"hour_ago": now - HOUR, "day_ago": now - DAY, "earliest": now - LONGEST_OWED})
    return [Ended(row.platform, row.outcome, row.last_hour, row.last_day) for row in rows]
