"""Delivering a chunk: find what is owed, lease it, send, store each outcome, come back for the rest.

A broad notice comes as ranges of devices, however long: each job takes the first 500 of its range, and ends by
deferring the job for what lies behind them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import RowMapping, text

from app.kernel.clock import Clock
from app.kernel.db import Database, Session, transaction
from app.kernel.i18n import Locale
from app.kernel.jobs import JobArguments, Lane, defer
from app.kernel.notices import Notices, by_type
from app.kernel.push import (
    Outcome,
    Platform,
    PushMessage,
    PushSender,
    Rejected,
    RetryAfter,
    Sent,
    Target,
    TokenDead,
    backoff,
)
from app.kernel.telemetry import WorkerMeters
from app.kernel.timezones import end_of_quiet_hours
from app.notifications.models import Notification
from app.notifications.owing import owe
from app.notifications.service import DELIVER_TASK

log = structlog.get_logger()

QUIET_FROM = time(22)
QUIET_UNTIL = time(6)
STORED_AT_ONCE = 50
"""Outcomes stored in one transaction: few, since a crash forgets, and sends again, what was not stored yet."""


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What delivering needs beside a chunk; the worker makes one for all its jobs.

    `lease` and `timeout` are how long deliveries may be held, and how long one send may take. `jitter` returns a
    number in [0, 1).
    """

    database: Database
    sender: PushSender
    notices: Notices
    clock: Clock
    public_url: str
    lease: timedelta
    timeout: timedelta
    jitter: Callable[[], float]
    meters: WorkerMeters


@dataclass(frozen=True, slots=True)
class Chunk:
    """The devices of a notice with ids above `after`, up to and with `through`; None is no border."""

    notification_id: UUID
    after: UUID | None
    through: UUID | None


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery held by this worker; a result is taken only with the lease's own `fence`."""

    target: Target
    fence: int
    attempts: int


_RANGE = """
    deliveries.notification_id = :notification
    AND (CAST(:after AS uuid) IS NULL OR deliveries.device_id > :after)
    AND (CAST(:through AS uuid) IS NULL OR deliveries.device_id <= :through)
"""

_WITHDRAW = text(f"""
UPDATE deliveries SET outcome = 'withdrawn', reason = :reason, finished_at = :now, leased_until = NULL
WHERE {_RANGE} AND outcome IS NULL AND (leased_until IS NULL OR leased_until < clock_timestamp())
RETURNING device_id
""")  # noqa: S608 only this module's own text is put together

# The recheck before sending: read meanwhile, token gone, or the person has left.
_WITHDRAW_SETTLED = text(f"""
UPDATE deliveries SET outcome = 'withdrawn', reason = 'no longer owed', finished_at = :now
FROM devices
JOIN accounts ON accounts.id = devices.account_id
LEFT JOIN inbox_entries ON inbox_entries.member_id = accounts.member_id
    AND inbox_entries.notification_id = :notification
WHERE {_RANGE} AND outcome IS NULL AND devices.id = device_id
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND (devices.push_token IS NULL OR accounts.disabled_at IS NOT NULL
         OR (inbox_entries.member_id IS NULL AND NOT :broad) OR inbox_entries.read_at IS NOT NULL)
RETURNING device_id
""")  # noqa: S608 only this module's own text is put together

# Of the chunk's own phones: its range may hold everybody else's too.
_ZONES = text(f"""
SELECT DISTINCT devices.time_zone FROM deliveries JOIN devices ON devices.id = device_id
WHERE {_RANGE} AND outcome IS NULL
""")  # noqa: S608 only this module's own text is put together

_LEASE = text(f"""
UPDATE deliveries
SET leased_until = clock_timestamp() + :lease, fence = fence + 1, attempts = attempts + 1
FROM devices
WHERE {_RANGE} AND outcome IS NULL AND devices.id = device_id
    AND devices.push_token IS NOT NULL
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND (not_before IS NULL OR not_before <= :now)
    AND devices.time_zone <> ALL (CAST(:quiet AS text[]))
RETURNING device_id, fence, attempts, platform, push_token, locale, devices.time_zone, device_name
""")  # noqa: S608 only this module's own text is put together

_STORE = text("""
UPDATE deliveries
SET outcome = result.outcome, reason = result.reason, not_before = result.not_before, leased_until = NULL,
    finished_at = CASE WHEN result.outcome IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END
FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]),
            CAST(:not_befores AS timestamptz[])) AS result(device_id, fence, outcome, reason, not_before)
WHERE deliveries.notification_id = :notification AND deliveries.device_id = result.device_id
    AND deliveries.fence = result.fence AND deliveries.outcome IS NULL
RETURNING deliveries.device_id
""")

# A token that changed since the send is another token: it stays.
_DROP_TOKENS = text("""
UPDATE devices SET push_token = NULL, updated_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS text[])) AS dead(id, token)
WHERE devices.id = dead.id AND devices.push_token = dead.token
""")

_OPEN = text(f"""
SELECT devices.time_zone, min(greatest(coalesce(not_before, :now), coalesce(leased_until, :now))) AS next_at
FROM deliveries JOIN devices ON devices.id = device_id
WHERE {_RANGE} AND outcome IS NULL
GROUP BY devices.time_zone
""")  # noqa: S608 only this module's own text is put together


async def deliver(office: PostOffice, chunk: Chunk) -> None:
    """Push a notice to the devices of one chunk, as far as it is owed now, and defer a job for what remains.

    Safe to run again, at once or after a crash: a delivery with a final outcome is not sent again, and one that was on
    its way goes with the same tag, so that the phone shows it once.
    """
    behind: Chunk | None = None
    async with transaction(office.database) as session:
        notification = await session.get_one(Notification, chunk.notification_id)
        leased: list[Leased] = []
        if await _is_due(session, office, chunk, notification):
            border = await owe(session, notification, after=chunk.after, through=chunk.through)
            if border is not None:
                behind = replace(chunk, after=border)
                chunk = replace(chunk, through=border)
            leased = await _lease(session, office, chunk, notification)
        lane = Lane.urgent if notification.urgent else Lane.bulk
    sent = await _send(office, chunk, notification, leased) if leased else 0
    async with transaction(office.database) as session:
        again = await _next_try(session, chunk, breaks_quiet_hours=notification.breaks_quiet_hours)
        if again is not None:
            await defer(session, DELIVER_TASK, _arguments(chunk), lane=lane, schedule_at=again)
        if behind is not None:
            await defer(session, DELIVER_TASK, _arguments(behind), lane=lane)
    log.info(
        "chunk_delivered",
        notification_id=str(chunk.notification_id),
        type=notification.type,
        leased=len(leased),
        sent=sent,
        next_try_at=again.isoformat() if again else None,
    )


def _arguments(chunk: Chunk) -> JobArguments:
    return {
        "notification_id": str(chunk.notification_id),
        "after": str(chunk.after) if chunk.after else None,
        "through": str(chunk.through) if chunk.through else None,
    }


async def _is_due(session: Session, office: PostOffice, chunk: Chunk, notification: Notification) -> bool:
    """Say whether the notice is still to be pushed; if not, end what is owed of it in the chunk."""
    now = session.now()
    if notification.withdrawn_at is None and notification.expires_at > now:
        return True
    reason = "withdrawn" if notification.withdrawn_at else "expired"
    ended = await session.scalars(_WITHDRAW, {**_parameters(chunk, now), "reason": reason})
    office.meters.withdrawn(notification.type, reason=reason, count=len(ended.all()))
    return False


async def _send(office: PostOffice, chunk: Chunk, notification: Notification, leased: Sequence[Leased]) -> int:
    """Send to all, store the outcomes of each part as it is through, and return how many were sent."""
    message = _message(notification, office)
    until = office.clock() + max(office.lease - office.timeout, timedelta(seconds=1))
    storing = asyncio.Lock()  # one connection a job is enough

    async def send(part: Sequence[Leased]) -> int:
        results = await office.sender.send(message, [one.target for one in part], until=until)
        async with storing, transaction(office.database) as session:
            stored = await _store(session, office, chunk, part, results)
        office.meters.stored(notification.type, stored, leased=len(part))
        return sum(isinstance(outcome, Sent) for outcome in results.values())

    # The sender serves them in turn, so that the first parts are through, and safe from a crash, before the last begin.
    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(send(leased[start : start + STORED_AT_ONCE]))
            for start in range(0, len(leased), STORED_AT_ONCE)
        ]
    return sum(part.result() for part in parts)


def _parameters(chunk: Chunk, now: datetime) -> dict[str, Any]:
    # Any: the parameters are of several types.
    return {
        "notification": chunk.notification_id,
        "after": chunk.after,
        "through": chunk.through,
        "now": now,
    }


async def _lease(session: Session, office: PostOffice, chunk: Chunk, notification: Notification) -> list[Leased]:
    now = session.now()
    range_ = _parameters(chunk, now)
    settled = await session.scalars(_WITHDRAW_SETTLED, {**range_, "broad": notification.audience is not None})
    office.meters.withdrawn(notification.type, reason="no longer owed", count=len(settled.all()))
    quiet: Sequence[str] = ()
    if not notification.breaks_quiet_hours:
        zones = await session.scalars(_ZONES, range_)
        quiet = [zone for zone in zones if _quiet_until(now, zone) is not None]
    rows = await session.execute(_LEASE, {**range_, "lease": office.lease, "quiet": list(quiet)})
    return [_leased(row) for row in rows.mappings()]


def _quiet_until(now: datetime, zone: str) -> datetime | None:
    return end_of_quiet_hours(now, zone, begins=QUIET_FROM, ends=QUIET_UNTIL)


def _leased(row: RowMapping) -> Leased:
    target = Target(
        device_id=row["device_id"],
        platform=Platform(row["platform"]),
        token=row["push_token"],
        locale=Locale(row["locale"]),
        time_zone=row["time_zone"],
        device_name=row["device_name"] or "",
    )
    return Leased(target=target, fence=row["fence"], attempts=row["attempts"])


def _message(notification: Notification, office: PostOffice) -> PushMessage:
    notice = by_type(office.notices)[notification.type]
    return PushMessage(
        notification_id=notification.id,
        type=notification.type,
        channel=notice.channel,
        subject_id=notification.subject_id,
        link=f"{office.public_url}/m/{notification.subject_id}",
        title=notice.title,
        body=notice.body,
        expires_at=notification.expires_at,
        urgent=notification.urgent,
    )


async def _store(
    session: Session, office: PostOffice, chunk: Chunk, leased: Sequence[Leased], results: dict[UUID, Outcome]
) -> list[tuple[Platform, str]]:
    """Store the outcomes of deliveries that are still held, and return the platform and outcome of each of these."""
    now = session.now()
    rows = [(one, *_result(one, results.get(one.target.device_id), now, office.jitter())) for one in leased]
    held = await session.scalars(
        _STORE,
        {
            "notification": chunk.notification_id,
            "now": now,
            "ids": [one.target.device_id for one, *_ in rows],
            "fences": [one.fence for one, *_ in rows],
            "outcomes": [outcome for _, outcome, _, _ in rows],
            "reasons": [reason for _, _, reason, _ in rows],
            "not_befores": [not_before for *_, not_before in rows],
        },
    )
    stored = set(held)
    dead = [one.target for one, outcome, *_ in rows if outcome == "token_dead"]
    if dead:
        await session.execute(
            _DROP_TOKENS,
            {"ids": [one.device_id for one in dead], "tokens": [one.token for one in dead], "now": now},
        )
    return [
        (one.target.platform, outcome or ("retried" if not_before else "unsent"))
        for one, outcome, _, not_before in rows
        if one.target.device_id in stored
    ]


def _result(
    one: Leased, outcome: Outcome | None, now: datetime, jitter: float
) -> tuple[str | None, str | None, datetime | None]:
    """Return the row's outcome, reason and earliest next try; a send that never began is owed at once."""
    match outcome:
        case None:
            return None, None, None
        case Sent():
            return "sent", None, None
        case TokenDead(reason=reason):
            return "token_dead", reason, None
        case Rejected(reason=reason):
            return "rejected", reason, None
        case RetryAfter(delay=delay, reason=reason):
            return None, reason, now + max(delay, backoff(one.attempts - 1, jitter=jitter))


async def _next_try(session: Session, chunk: Chunk, *, breaks_quiet_hours: bool) -> datetime | None:
    """Return when the earliest delivery still owed in the chunk may be tried, or None when all have an outcome."""
    now = session.now()
    rows = (await session.execute(_OPEN, _parameters(chunk, now))).all()
    times = []
    for row in rows:
        quiet = None if breaks_quiet_hours else _quiet_until(row.next_at, row.time_zone)
        times.append(quiet or row.next_at)
    return min(times, default=None)
