"""Commands of the deliveries: send dead letters anew, once what was wrong is set right; forget them after a year."""

from datetime import date
from uuid import UUID

import structlog
from sqlalchemy import exists, null, text, update
from sqlalchemy.orm import aliased

from app.identity.models import Device
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.jobs import Lane, defer
from app.kernel.security import Actor
from app.notifications.deliveries.errors import DeliveryNotDeadLetter, DeliveryNotFound, NoticeOver
from app.notifications.deliveries.events import DeliveriesRequeued
from app.notifications.deliveries.queries import get_administered_notice
from app.notifications.deliveries.schemas import DeliveriesRequeue, RequeuedView
from app.notifications.models import DEAD_LETTERS, Delivery, Notification
from app.notifications.service import DELIVER_TASK

log = structlog.get_logger()

MONTHS_KEPT = 13
"""Whole months that deliveries are kept beside the present one: a year can be compared with the one before."""

_FORGET = text("SELECT forget_deliveries(CAST(:first AS date))")


async def requeue_deliveries(
    session: Session, actor: Actor, organisation_id: UUID, body: DeliveriesRequeue
) -> RequeuedView:
    """Owe the dead letters of a notice again, all of them or one device's, with the tokens out of quarantine.

    Their tries count from nothing. Raises OrganisationNotFound, NotForYourPost, DeliveryNotFound, NoticeOver where
    nothing of it is sent any more, and DeliveryNotDeadLetter for a device whose delivery was not refused.
    """
    notification = await get_administered_notice(session, actor, organisation_id, body.notification_id)
    if notification.withdrawn_at is not None or notification.expires_at <= session.now():
        raise NoticeOver
    requeued = await _requeue(session, notification, body.device_id)
    if not requeued and body.device_id is not None:
        known = await session.get(Delivery, (notification.id, body.device_id))
        raise DeliveryNotFound if known is None else DeliveryNotDeadLetter
    if requeued:
        await _release_tokens(session, requeued)
        lane = Lane.urgent if notification.urgent else Lane.bulk
        # From just before the first to the last of them: a range names its devices without its beginning.
        after, through = UUID(int=max(min(requeued).int - 1, 0)), max(requeued)
        await defer(
            session,
            DELIVER_TASK,
            {"notification_id": str(notification.id), "after": str(after), "through": str(through)},
            lane=lane,
        )
    await record(
        session,
        DeliveriesRequeued(
            organisation_id=notification.organisation_id,
            subject_id=notification.id,
            actor_member_id=actor.member_id,
            count=len(requeued),
        ),
    )
    return RequeuedView(requeued_count=len(requeued))


async def _requeue(session: Session, notification: Notification, device_id: UUID | None) -> list[UUID]:
    dead = update(Delivery).where(Delivery.notification_id == notification.id, Delivery.outcome.in_(DEAD_LETTERS))
    if device_id is not None:
        dead = dead.where(Delivery.device_id == device_id)
    owed = dead.values(outcome=null(), reason=null(), not_before=null(), finished_at=null(), attempts=0)
    return list(await session.scalars(owed.returning(Delivery.device_id)))


async def _release_tokens(session: Session, device_ids: list[UUID]) -> None:
    """Take tokens out of quarantine, where no phone has a newer one and no other phone the same."""
    other = aliased(Device)
    await session.execute(
        update(Device)
        .where(
            Device.id.in_(device_ids),
            Device.push_token.is_(None),
            Device.quarantined_token.is_not(None),
            ~exists().where(other.push_token == Device.quarantined_token),
            ~exists().where(other.quarantined_token == Device.quarantined_token, other.id < Device.id),
        )
        .values(push_token=Device.quarantined_token, quarantined_token=null(), updated_at=session.now())
    )


async def forget_old_deliveries(session: Session) -> bool:
    """Drop the oldest month of deliveries that is past its keeping; return whether there was one.

    Notices and inboxes stay. A drop waits 5 s at most for whoever reads deliveries, since all others wait behind it.
    """
    now = session.now()
    months = now.year * 12 + now.month - 1 - MONTHS_KEPT
    first = date(months // 12, months % 12 + 1, 1)
    await session.execute(text("SET LOCAL lock_timeout = '5s'"))
    partition = await session.scalar(_FORGET, {"first": first})
    if partition is None:
        return False
    log.info("deliveries_forgotten", partition=partition)
    return True
