"""Delivering text messages: who is owed one of a notice, a lease for each, the send, the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import structlog
from sqlalchemy import Row, Select, case, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.identity.queries import away_zone
from app.kernel.db import Session, synchronised
from app.kernel.jobs import Lane, hand_over
from app.kernel.notices import by_type
from app.kernel.push import QUIET_FROM, QUIET_UNTIL, Rejected, RetryAfter, Sent, backoff
from app.kernel.sms import Sms, SmsOutcome, SmsSender
from app.kernel.timezones import end_of_quiet_hours
from app.members.models import Member
from app.notifications.departures import is_there_still
from app.notifications.dispatch.service import PostOffice
from app.notifications.models import Notification, SmsDelivery
from app.notifications.queries import select_texted
from app.notifications.service import TEXT_TASK, UNKNOWN_WAITS
from app.organisations.models import Organisation

log = structlog.get_logger()

AT_ONCE = 50
"""Messages leased together: few, since a crash may send again what was not stored yet, and each one costs."""

_LEASE = text("""
UPDATE sms_deliveries
SET leased_until = clock_timestamp() + :lease, fence = fence + 1, attempts = attempts + 1
FROM members
WHERE notification_id = :notification AND member_id = ANY(:members) AND outcome IS NULL AND members.id = member_id
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
RETURNING member_id, members.phone, fence, attempts
""")

_STORE = text("""
UPDATE sms_deliveries
SET outcome = :outcome, reason = :reason, not_before = :not_before, leased_until = NULL, finished_at = :finished_at
WHERE notification_id = :notification AND member_id = :member AND fence = :fence AND outcome IS NULL
RETURNING member_id
""")


@dataclass(frozen=True, slots=True)
class Leased:
    """A message held by this worker; a result is taken only with the lease's own `fence`."""

    member_id: UUID
    sms: Sms
    fence: int
    attempts: int


async def text_people(
    office: PostOffice, sender: SmsSender, notification_id: UUID, *, job_id: int | None = None
) -> None:
    """Send a notice as a text to whoever has a telephone and no app, and defer a job for those who wait.

    Safe to run again, at once or after a crash: a message with an outcome is not sent again, and one that was on its
    way goes with the same reference. What only a newer release has words for waits for it. `job_id` is the job's that
    runs.
    """
    until = office.last_send()
    arguments = {"notification_id": str(notification_id)}
    async with synchronised(office.database) as session:
        notification = await session.get_one(Notification, notification_id)
        if notification.type not in by_type(office.notices) and not _is_over(session, notification):
            at = session.now() + UNKNOWN_WAITS
            await hand_over(session, job_id, TEXT_TASK, arguments, lane=Lane.urgent, at=at)
            return
        leased = await _lease(session, office, notification)
    results = await sender.send([one.sms for one in leased], until=until) if leased else {}
    async with synchronised(office.database) as session:
        for one in leased:
            await _store(session, office, notification, one, results.get(one.sms.reference))
        again = min((row_at for _, row_at in await _open(session, notification)), default=None)
        if again is not None:
            await hand_over(session, job_id, TEXT_TASK, arguments, lane=Lane.urgent, at=again)
    log.info(
        "people_texted",
        notification_id=str(notification_id),
        type=notification.type,
        leased=len(leased),
        sent=sum(isinstance(outcome, Sent) for outcome in results.values()),
        next_try_at=again.isoformat() if again else None,
    )


async def _lease(session: Session, office: PostOffice, notification: Notification) -> list[Leased]:
    now = session.now()
    notice = by_type(office.notices).get(notification.type)
    words = notice.sms if notice else None
    if words is None or _is_over(session, notification):
        await _withdraw(session, notification, everybody=True)
        return []
    await _owe(session, notification)
    await _withdraw(session, notification, everybody=False)
    due = [member_id for member_id, at in await _open(session, notification) if at <= now]
    rows = await session.execute(
        _LEASE, {"notification": notification.id, "members": due[:AT_ONCE], "lease": office.lease}
    )
    said = words(notification.params)
    return [
        Leased(row.member_id, Sms(uuid5(notification.id, str(row.member_id)), row.phone, said), row.fence, row.attempts)
        for row in rows
    ]


def _is_over(session: Session, notification: Notification) -> bool:
    return notification.withdrawn_at is not None or notification.expires_at <= session.now()


async def _owe(session: Session, notification: Notification) -> None:
    owed = (await _texted(session, notification)).subquery()
    await session.execute(
        insert(SmsDelivery)
        .from_select(["notification_id", "member_id"], select(literal(notification.id), owed.c[0]))
        .on_conflict_do_nothing()
    )


async def _texted(session: Session, notification: Notification) -> Select[UUID]:
    texted = select_texted(notification.id, session.today())
    return texted.where(await is_there_still(session, notification, Member.id))


async def _withdraw(session: Session, notification: Notification, *, everybody: bool) -> None:
    """End what is not owed any more: all of it when the notice is over, else what was read or whose member has left."""
    what = update(SmsDelivery).where(
        SmsDelivery.notification_id == notification.id,
        SmsDelivery.outcome.is_(None),
        or_(SmsDelivery.leased_until.is_(None), SmsDelivery.leased_until < func.clock_timestamp()),
    )
    if not everybody:
        what = what.where(SmsDelivery.member_id.not_in(await _texted(session, notification)))
    await session.execute(what.values(outcome="withdrawn", reason="no longer owed", finished_at=session.now()))


async def _open(session: Session, notification: Notification) -> list[tuple[UUID, datetime]]:
    """Return who is still owed a message, and when each may be tried: not at night where they live."""
    now = session.now()
    zone = func.coalesce(away_zone(session.today()).scalar_subquery(), Organisation.time_zone)
    # Whether a lease holds is said by the database's clock alone: the workers' differ.
    held_until = case((SmsDelivery.leased_until >= func.clock_timestamp(), SmsDelivery.leased_until), else_=now)
    at = func.greatest(func.coalesce(SmsDelivery.not_before, now), held_until)
    rows: Sequence[Row[tuple[UUID, str, datetime]]] = (
        await session.execute(
            select(SmsDelivery.member_id, zone.label("zone"), at.label("at"))
            .join(Member, Member.id == SmsDelivery.member_id)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(SmsDelivery.notification_id == notification.id, SmsDelivery.outcome.is_(None))
            .order_by(SmsDelivery.member_id)
        )
    ).all()
    if notification.breaks_quiet_hours:
        return [(row.member_id, row.at) for row in rows]
    return [
        (row.member_id, end_of_quiet_hours(row.at, row.zone, begins=QUIET_FROM, ends=QUIET_UNTIL) or row.at)
        for row in rows
    ]


async def _store(
    session: Session, office: PostOffice, notification: Notification, one: Leased, result: SmsOutcome | None
) -> None:
    outcome, reason, not_before = _row(one, result, session.now(), office.jitter())
    written = await session.scalar(
        _STORE,
        {
            "notification": notification.id,
            "member": one.member_id,
            "fence": one.fence,
            "outcome": outcome,
            "reason": reason,
            "not_before": not_before,
            "finished_at": session.now() if outcome else None,
        },
    )
    if written is not None:
        office.meters.texted(notification.type, outcome or ("unsent" if result is None else "retried"))


def _row(
    one: Leased, result: SmsOutcome | None, now: datetime, jitter: float
) -> tuple[str | None, str | None, datetime | None]:
    """Return the row's outcome, reason and earliest next try; a send that never began is owed at once."""
    match result:
        case None:
            return None, None, None
        case Sent():
            return "sent", None, None
        case Rejected(reason=reason):
            return "rejected", reason, None
        case RetryAfter(delay=delay, reason=reason):
            return None, reason, now + max(delay, backoff(one.attempts - 1, jitter=jitter))
