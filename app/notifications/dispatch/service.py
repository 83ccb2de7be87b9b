"""Delivering a chunk: find what is owed, lease it, send, store each outcome, come back for the rest.

A broad notice comes as ranges of devices, however long: each job takes the first 500 of its range, and leaves what lies
behind them to another job before it sends.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.kernel.clock import Clock
from app.kernel.db import Database, synchronised
from app.kernel.jobs import JobArguments, Lane, hand_over
from app.kernel.notices import UNKNOWN_BODY, UNKNOWN_TITLE, Notices, by_type
from app.kernel.push import Outcomes, PushMessage, PushSender
from app.kernel.telemetry import WorkerMeters
from app.notifications import models
from app.notifications.departures import withdraw_departed
from app.notifications.digests.service import Digest, gather, send_gathered
from app.notifications.fcm import UNHEARD_DELAY
from app.notifications.lanes.queries import Lanes, find_lanes
from app.notifications.lanes.service import report_all
from app.notifications.leases.service import Chunk, Holding, Leased, is_due, next_look, store, take
from app.notifications.models import Notification
from app.notifications.owing import owe_again
from app.notifications.pace.service import Pace, settle, take_turn
from app.notifications.service import CHUNK_SIZE, DELIVER_TASK

log = structlog.get_logger()

_FINAL = frozenset(models.Outcome)
STORED_AT_ONCE = 100
"""Outcomes stored in one transaction: few, since a crash forgets, and sends again, what was not stored yet."""
STORED_EVERY = timedelta(seconds=1)
"""So long at most an answer waits for the slowest of its part; a dead token is sent to until it is stored."""


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
    pace: Pace

    def last_send(self) -> datetime:
        """Return until when what is leased next may be sent.

        Asked before the lease: a worker that is suspended in between wakes up past it, and sends nothing. When who sent
        it has died the peer may still read the last request, after its timeout even, and wants to be left alone then.
        """
        return self.clock() + max(self.lease - self.timeout - UNHEARD_DELAY, timedelta(seconds=1))


async def deliver(office: PostOffice, chunk: Chunk, *, job_id: int | None = None) -> None:
    """Push a notice to the devices of one chunk, as far as it is owed now, and defer a job for what remains.

    Safe to run again, at once or after a crash: a delivery with a final outcome is not sent again, and one that was on
    its way goes with the same tag, so that the phone shows it once. `job_id` is the job's that runs.
    """
    turn = await take_turn(office.database, office.pace, chunk.notification_id, wanted=CHUNK_SIZE)
    if turn.waits is not None:
        async with synchronised(office.database) as session:
            at = session.now() + turn.waits
            await hand_over(session, job_id, DELIVER_TASK, _arguments(chunk), lane=turn.lane, at=at)
        return
    holding = Holding(leased=[], is_all=False, border=None)
    lanes: Lanes = {}
    digests: Mapping[UUID, Digest] = {}
    until = office.last_send()
    async with synchronised(office.database) as session:
        notification = await session.get_one(Notification, chunk.notification_id)
        lane = Lane.urgent if notification.urgent else Lane.bulk
        if await is_due(session, chunk, notification, office.meters):
            lanes = await find_lanes(session)
            departed = await withdraw_departed(session, notification, after=chunk.after, through=chunk.through)
            await owe_again(session, notification, departed)
            holding = await take(session, chunk, notification, lanes, held_for=office.lease, meters=office.meters)
            if holding.border is not None:
                behind, chunk = replace(chunk, after=holding.border), replace(chunk, through=holding.border)
                left, kept = _arguments(behind), _arguments(chunk)
                await hand_over(session, job_id, DELIVER_TASK, left, kept=kept, lane=lane)
            digests = await gather(session, notification, holding.leased)
    await settle(office.database, turn, used=len(holding.leased))
    ended = (
        await _send(office, chunk, notification, holding.leased, lanes, digests, until=until) if holding.leased else 0
    )
    again = None
    is_through = holding.is_all and ended == len(holding.leased)
    if not is_through:
        async with synchronised(office.database) as session:
            again = await next_look(session, chunk, breaks_quiet_hours=notification.breaks_quiet_hours)
            if again is not None:
                await hand_over(session, job_id, DELIVER_TASK, _arguments(chunk), lane=lane, at=again)
    log.info(
        "chunk_delivered",
        notification_id=str(chunk.notification_id),
        type=notification.type,
        leased=len(holding.leased),
        ended=ended,
        next_try_at=again.isoformat() if again else None,
    )


def _arguments(chunk: Chunk) -> JobArguments:
    return {
        "notification_id": str(chunk.notification_id),
        "after": str(chunk.after) if chunk.after else None,
        "through": str(chunk.through) if chunk.through else None,
    }


async def _send(
    office: PostOffice,
    chunk: Chunk,
    notification: Notification,
    leased: Sequence[Leased],
    lanes: Lanes,
    digests: Mapping[UUID, Digest],
    *,
    until: datetime,
) -> int:
    """Send to all, store the outcomes of each part as it is through, and return how many sends have ended for good.

    Of a part that some slow answer holds up, what is answered by then is stored each second.
    """
    message = _message(notification, office)
    inbox = f"{office.public_url}/m/inbox"
    storing = asyncio.Lock()  # one connection a job is enough

    async def keep(part: Sequence[Leased], results: Outcomes) -> int:
        async with storing, synchronised(office.database) as session:
            written = await store(session, chunk, notification, part, results, jitter=office.jitter)
            probes = {one.target.device_id for one in part if one.is_probe}
            await report_all(session, [one.target for one in part], results, lanes, probes=probes)
        office.meters.stored(notification.type, written, leased=len(part))
        return sum(outcome in _FINAL for _, outcome in written)

    async def send(part: Sequence[Leased]) -> int:
        told: Outcomes = {}
        targets = [one.target for one in part]
        sending = asyncio.create_task(
            send_gathered(office.sender, message, targets, digests, inbox=inbox, until=until, told=told)
        )
        ended = 0
        try:
            while part:
                await asyncio.wait({sending}, timeout=STORED_EVERY.total_seconds())
                is_through = sending.done() and sending.exception() is None
                answered = part if is_through else [one for one in part if one.target.device_id in told]
                part = [] if is_through else [one for one in part if one.target.device_id not in told]
                if answered:
                    ended += await keep(answered, told)
                if sending.done():
                    sending.result()
        finally:
            sending.cancel()
        return ended

    # The sender serves them in turn, so that the first parts are through, and safe from a crash, before the last begin.
    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(send(leased[start : start + STORED_AT_ONCE]))
            for start in range(0, len(leased), STORED_AT_ONCE)
        ]
    return sum(part.result() for part in parts)


def _message(notification: Notification, office: PostOffice) -> PushMessage:
    # Of a type that only a newer release knows it says at least that there is something new.
    notice = by_type(office.notices).get(notification.type)
    return PushMessage(
        notification_id=notification.id,
        type=notification.type,
        channel=notification.channel,
        subject_id=notification.subject_id,
        link=f"{office.public_url}/m/{notification.subject_id}",
        title=notice.title if notice else UNKNOWN_TITLE,
        body=notice.body if notice else UNKNOWN_BODY,
        expires_at=notification.expires_at,
        urgent=notification.urgent,
    )
