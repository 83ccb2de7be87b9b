"""Commands of the lease: hold what a chunk owes now, store what came of it, and find out when to look again.

A lease is committed before anything is sent, and a result is taken only with its fence: of two workers on one chunk
each delivery is sent by one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from app.identity.notices import WARNINGS
from app.kernel.db import Session
from app.kernel.push import QUIET_FROM, QUIET_UNTIL, Outcome, Platform, Sent, Target, TokenDead, TokenRefused
from app.kernel.telemetry import WorkerMeters
from app.kernel.timezones import end_of_quiet_hours
from app.notifications import models
from app.notifications.lanes.queries import Lanes, find_lanes
from app.notifications.lanes.service import take_probe
from app.notifications.leases.verdicts import Verdict, judge
from app.notifications.models import Notification
from app.notifications.owing import FIRST_ID, LAST_ID, owe, owe_again, target_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chunk:
    """The devices of a notice with ids above `after`, up to and with `through`; None is no border."""

    notification_id: UUID
    after: UUID | None
    through: UUID | None


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery held by this worker; a result is taken only with the lease's own `fence`.

    `is_probe`: its lane's circuit is open, and this one finds out whether it may be closed.
    """

    target: Target
    fence: int
    attempts: int
    is_probe: bool


_RANGE = """
    deliveries.notification_id = :notification
    AND deliveries.device_id > :after AND deliveries.device_id <= :through
"""

_WITHDRAW = text(f"""
UPDATE deliveries SET outcome = 'withdrawn', reason = :reason, finished_at = :now, leased_until = NULL
WHERE {_RANGE} AND outcome IS NULL AND (leased_until IS NULL OR leased_until < clock_timestamp())
RETURNING device_id, digest_count
""")  # noqa: S608 only this module's own text is put together

# The recheck before sending: token gone, the person has left, or, of no warning, read meanwhile or kind switched off.
_WITHDRAW_SETTLED = text(f"""
UPDATE deliveries SET outcome = 'withdrawn', reason = 'no longer owed', finished_at = :now
FROM devices
JOIN accounts ON accounts.id = devices.account_id
LEFT JOIN inbox_entries ON inbox_entries.member_id = accounts.member_id
    AND inbox_entries.notification_id = :notification
WHERE {_RANGE} AND outcome IS NULL AND devices.id = device_id
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND (devices.push_token IS NULL OR accounts.disabled_at IS NOT NULL
         OR (inbox_entries.member_id IS NULL AND NOT :broad)
         OR (NOT :warning AND (inbox_entries.read_at IS NOT NULL OR EXISTS (
             SELECT FROM notification_preferences AS wish
             WHERE wish.account_id = accounts.id AND wish.kind = :kind AND wish.channel = 'push' AND NOT wish.enabled
         ))))
RETURNING device_id, digest_count
""")  # noqa: S608 only this module's own text is put together

# A device that was deleted meanwhile (unheard of for long, erased) is joined by nothing else here.
_WITHDRAW_ORPHANED = text(f"""
UPDATE deliveries SET outcome = 'withdrawn', reason = 'no longer owed', finished_at = :now
WHERE {_RANGE} AND outcome IS NULL AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND NOT EXISTS (SELECT FROM devices WHERE devices.id = device_id)
RETURNING device_id, digest_count
""")  # noqa: S608 only this module's own text is put together

# Of the chunk's own phones: its range may hold everybody else's too.
_ZONES = text(f"""
SELECT DISTINCT devices.time_zone FROM deliveries JOIN devices ON devices.id = device_id
WHERE {_RANGE} AND outcome IS NULL
""")  # noqa: S608 only this module's own text is put together

_DUE = f"""
    {_RANGE} AND outcome IS NULL AND devices.id = device_id AND devices.push_token IS NOT NULL
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
    AND (not_before IS NULL OR not_before <= :now)
    AND devices.time_zone <> ALL (CAST(:quiet AS text[]))
    AND devices.platform = ANY (CAST(:platforms AS text[]))
"""

# A lease that ran out with its worker is no try that failed: the pauses between tries grow by what the peer refused.
_LEASE = text(f"""
UPDATE deliveries
SET leased_until = clock_timestamp() + :lease, fence = fence + 1, attempts = attempts + (leased_until IS NULL)::int
FROM devices
WHERE {_DUE}
RETURNING device_id, fence, attempts, platform, push_token, locale, devices.time_zone, device_name
""")  # noqa: S608 only this module's own text is put together

_FIRST_DUE = text(f"SELECT device_id FROM deliveries, devices WHERE {_DUE} LIMIT 1")  # noqa: S608 as above

_STORE_SENT = text("""
UPDATE deliveries
SET outcome = 'sent', reason = NULL, not_before = NULL, leased_until = NULL, finished_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[])) AS result(device_id, fence)
WHERE deliveries.notification_id = :notification AND deliveries.device_id = result.device_id
    AND deliveries.fence = result.fence AND deliveries.outcome IS NULL
RETURNING deliveries.device_id
""")

_STORE = text("""
UPDATE deliveries
SET outcome = result.outcome, reason = result.reason, not_before = result.not_before, leased_until = NULL,
    attempts = attempts - CASE WHEN result.has_begun THEN 0 ELSE 1 END,
    finished_at = CASE WHEN result.outcome IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END
FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]),
            CAST(:not_befores AS timestamptz[]), CAST(:begun AS boolean[]))
    AS result(device_id, fence, outcome, reason, not_before, has_begun)
WHERE deliveries.notification_id = :notification AND deliveries.device_id = result.device_id
    AND deliveries.fence = result.fence AND deliveries.outcome IS NULL
RETURNING deliveries.device_id, deliveries.digest_count
""")

# A token that changed since the send is another token: it stays.
_DROP_TOKENS = text("""
UPDATE devices SET push_token = NULL, updated_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS text[])) AS dead(id, token)
WHERE devices.id = dead.id AND devices.push_token = dead.token
""")

_QUARANTINE_TOKENS = text("""
UPDATE devices SET push_token = NULL, quarantined_token = push_token, updated_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS text[])) AS refused(id, token)
WHERE devices.id = refused.id AND devices.push_token = refused.token
""")

_OPEN = text(f"""
SELECT devices.time_zone, devices.platform,
    min(greatest(coalesce(not_before, :now), coalesce(leased_until, :now))) AS next_at
FROM deliveries LEFT JOIN devices ON devices.id = device_id
WHERE {_RANGE} AND outcome IS NULL
GROUP BY devices.time_zone, devices.platform
""")  # noqa: S608 only this module's own text is put together


async def is_due(session: Session, chunk: Chunk, notification: Notification, meters: WorkerMeters) -> bool:
    """Say whether the notice is still to be pushed; if not, end what is owed of it in the chunk."""
    now = session.now()
    if notification.withdrawn_at is None and notification.expires_at > now:
        return True
    reason = "withdrawn" if notification.withdrawn_at else "expired"
    ended = (await session.execute(_WITHDRAW, {**_parameters(chunk, now), "reason": reason})).all()
    meters.withdrawn(notification.type, reason=reason, count=len(ended))
    await owe_again(session, notification, ended)
    return False


def _parameters(chunk: Chunk, now: datetime) -> dict[str, Any]:
    # Any: the parameters are of several types.
    return {
        "notification": chunk.notification_id,
        "after": chunk.after or FIRST_ID,
        "through": chunk.through or LAST_ID,
        "now": now,
    }


@dataclass(frozen=True, slots=True)
class Holding:
    """What a worker holds of a chunk, and whether that is all of it that is owed at all.

    `border` is where the chunk ends of a broad notice that goes on behind it.
    """

    leased: list[Leased]
    is_all: bool
    border: UUID | None


async def take(
    session: Session,
    chunk: Chunk,
    notification: Notification,
    lanes: Lanes,
    *,
    held_for: timedelta,
    meters: WorkerMeters,
) -> Holding:
    """Find what a chunk owes and hold what may be sent now.

    The first who comes to a chunk writes it down as held; whoever takes it over leases what is left of it.
    """
    now = session.now()
    free = {platform for platform, lane in lanes.items() if lane.lets_all_through(now)}
    is_quiet: dict[str, bool] = {}

    def may_leave(target: Target) -> bool:
        if target.platform not in free:
            return False
        if notification.breaks_quiet_hours:
            return True
        if target.time_zone not in is_quiet:
            is_quiet[target.time_zone] = _quiet_until(now, target.time_zone) is not None
        return not is_quiet[target.time_zone]

    owed = await owe(
        session, notification, after=chunk.after, through=chunk.through, held_for=held_for, may_leave=may_leave
    )
    leased = [Leased(target=target, fence=1, attempts=1, is_probe=False) for target in owed.held]
    is_all = owed.is_first and not owed.waiting_count
    if not is_all:
        within = chunk if owed.border is None else replace(chunk, through=owed.border)
        leased += await lease(session, within, notification, lanes, held_for=held_for, meters=meters)
    return Holding(leased=leased, is_all=is_all, border=owed.border)


async def lease(
    session: Session,
    chunk: Chunk,
    notification: Notification,
    lanes: Lanes,
    *,
    held_for: timedelta,
    meters: WorkerMeters,
) -> list[Leased]:
    """Hold what may be sent now: all that is due on lanes in order, and one probe on each whose circuit is open."""
    now = session.now()
    range_ = _parameters(chunk, now)
    is_broad = notification.audience is not None
    is_warning = notification.type in WARNINGS
    rechecked = {**range_, "broad": is_broad, "warning": is_warning, "kind": notification.channel}
    settled = (await session.execute(_WITHDRAW_SETTLED, rechecked)).all()
    meters.withdrawn(notification.type, reason="no longer owed", count=len(settled))
    await owe_again(session, notification, settled)
    orphaned = (await session.execute(_WITHDRAW_ORPHANED, range_)).all()
    meters.withdrawn(notification.type, reason="no longer owed", count=len(orphaned))
    await owe_again(session, notification, orphaned)
    quiet: Sequence[str] = ()
    if not notification.breaks_quiet_hours:
        zones = await session.scalars(_ZONES, range_)
        quiet = [zone for zone in zones if _quiet_until(now, zone) is not None]
    due = {"now": now, "lease": held_for, "quiet": list(quiet)}
    free = [platform for platform, lane in lanes.items() if lane.lets_all_through(now)]
    rows = await session.execute(_LEASE, {**range_, **due, "platforms": free})
    leased = [_leased(row, is_probe=False) for row in rows]
    for platform in [platform for platform, lane in lanes.items() if lane.lets_probe_through(now)]:
        only = {**due, "platforms": [platform]}
        first: UUID | None = await session.scalar(_FIRST_DUE, {**range_, **only})
        if first is None or not await take_probe(session, platform, answered_within=held_for):
            continue
        rows = await session.execute(_LEASE, {**range_, **only, "after": UUID(int=first.int - 1), "through": first})
        leased += [_leased(row, is_probe=True) for row in rows]
    return leased


def _quiet_until(now: datetime, zone: str) -> datetime | None:
    return end_of_quiet_hours(now, zone, begins=QUIET_FROM, ends=QUIET_UNTIL)


def _leased(row: Row[Any], *, is_probe: bool) -> Leased:
    # Any: a row of many columns.
    return Leased(target=target_of(row), fence=row.fence, attempts=row.attempts, is_probe=is_probe)


async def store(
    session: Session,
    chunk: Chunk,
    notification: Notification,
    leased: Sequence[Leased],
    results: Mapping[UUID, Outcome],
    *,
    jitter: Callable[[], float],
) -> list[tuple[Platform, str]]:
    """Write down what came of each send whose lease still holds, and take away the tokens that were refused.

    What a digest stood for that was refused as a message is owed again, each notice by itself. Returns the platform and
    the outcome of each that was written; one without an outcome was `retried`, or `unsent`.
    """
    sent = [one for one in leased if isinstance(results.get(one.target.device_id), Sent)]
    others = [one for one in leased if not isinstance(results.get(one.target.device_id), Sent)]
    written = [(one.target.platform, models.Outcome.sent.value) for one in await _store_sent(session, chunk, sent)]
    if not others:
        return written
    verdicts = {
        one.target.device_id: judge(
            results.get(one.target.device_id), attempts=one.attempts, jitter=jitter(), now=session.now()
        )
        for one in others
    }
    await take_away_tokens(session, [one.target for one in others], results)
    for one in await _store_others(session, chunk, notification, others, verdicts):
        verdict = verdicts[one.target.device_id]
        written.append((one.target.platform, verdict.outcome or ("retried" if verdict.has_begun else "unsent")))
    return written


async def _store_sent(session: Session, chunk: Chunk, sent: Sequence[Leased]) -> Sequence[Leased]:
    """Store the most of them, nearly always, by a statement of their own; return those whose lease still held."""
    if not sent:
        return ()
    parameters = {
        "notification": chunk.notification_id,
        "now": session.now(),
        "ids": [one.target.device_id for one in sent],
        "fences": [one.fence for one in sent],
    }
    held = set(await session.scalars(_STORE_SENT, parameters))
    return [one for one in sent if one.target.device_id in held]


async def _store_others(
    session: Session,
    chunk: Chunk,
    notification: Notification,
    others: Sequence[Leased],
    verdicts: Mapping[UUID, Verdict],
) -> Sequence[Leased]:
    """Store what ended otherwise, or not yet; return those whose lease still held."""
    parameters = {
        "notification": chunk.notification_id,
        "now": session.now(),
        "ids": list(verdicts),
        "fences": [one.fence for one in others],
        "outcomes": [verdict.outcome for verdict in verdicts.values()],
        "reasons": [verdict.reason for verdict in verdicts.values()],
        "not_befores": [verdict.not_before for verdict in verdicts.values()],
        "begun": [verdict.has_begun for verdict in verdicts.values()],
    }
    rows = (await session.execute(_STORE, parameters)).all()
    refused = [row for row in rows if verdicts[row.device_id].outcome is models.Outcome.rejected]
    await owe_again(session, notification, refused, each_alone=True)
    held = {row.device_id for row in rows}
    return [one for one in others if one.target.device_id in held]


async def take_away_tokens(session: Session, targets: Sequence[Target], results: Mapping[UUID, Outcome]) -> None:
    """Drop the tokens that are dead, and set aside those that were refused; one that changed since the send stays."""
    for outcome, statement in ((TokenDead, _DROP_TOKENS), (TokenRefused, _QUARANTINE_TOKENS)):
        refused = [target for target in targets if isinstance(results.get(target.device_id), outcome)]
        if refused:
            ids, tokens = [target.device_id for target in refused], [target.token for target in refused]
            await session.execute(statement, {"ids": ids, "tokens": tokens, "now": session.now()})
    foreign = sum(isinstance(result, TokenRefused) and result.is_foreign for result in results.values())
    if foreign:  # an alert: phones with an app that was built for another project get no push at all
        log.error("push_tokens_of_another_project", count=foreign)


async def next_look(session: Session, chunk: Chunk, *, breaks_quiet_hours: bool) -> datetime | None:
    """Return when the earliest delivery still owed in the chunk may be tried, or None when all have an outcome."""
    now = session.now()
    rows = (await session.execute(_OPEN, _parameters(chunk, now))).all()
    lanes = await find_lanes(session) if rows else {}
    times = []
    for row in rows:
        if row.platform is None:  # its device was deleted: there is nothing to wait for but the end of its lease
            times.append(row.next_at)
            continue
        free_at = lanes[Platform(row.platform)].free_at(row.next_at)
        quiet = None if breaks_quiet_hours else _quiet_until(free_at, row.time_zone)
        times.append(quiet or free_at)
    return min(times, default=None)
