"""The command that forgets notices: out of the inboxes, off the phones, and what is left of them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select, tuple_
from sqlalchemy.sql.dml import ReturningDelete

from app.kernel.db import Session
from app.kernel.ids import new_id
from app.kernel.scopes import Change, Op
from app.notifications.models import InboxEntry, Notification, SmsDelivery

NOTICES_KEPT = timedelta(days=730)
NOTICES_A_ROUND = 500


async def forget_old_notices(session: Session) -> bool:
    """Delete some entries, text messages and notices of two years ago; say whether there may be more.

    Phones are told to forget what left an inbox. A notice goes when no inbox has it any more.
    """
    oldest = new_id(session.now() - NOTICES_KEPT)
    entries = (await session.execute(_some_entries(oldest))).all()
    session.changes.extend(
        Change(entry.member_id, "notification", entry.notification_id, version=3, op=Op.delete) for entry in entries
    )
    texts = (await session.scalars(_some_texts(oldest))).all()
    if NOTICES_A_ROUND in (len(entries), len(texts)):
        return True
    notices = (await session.execute(_some_notices(oldest))).all()
    session.changes.extend(
        Change(notice.audience_organisation_id, "notification", notice.id, version=3, op=Op.delete)
        for notice in notices
        if notice.audience_organisation_id is not None
    )
    return len(notices) == NOTICES_A_ROUND


def _some_entries(oldest: UUID) -> ReturningDelete[UUID, UUID]:
    key = (InboxEntry.member_id, InboxEntry.notification_id)
    some = select(*key).where(InboxEntry.notification_id < oldest).limit(NOTICES_A_ROUND)
    return delete(InboxEntry).where(tuple_(*key).in_(some)).returning(*key)


def _some_texts(oldest: UUID) -> ReturningDelete[UUID]:
    key = (SmsDelivery.notification_id, SmsDelivery.member_id)
    some = select(*key).where(SmsDelivery.notification_id < oldest).limit(NOTICES_A_ROUND)
    return delete(SmsDelivery).where(tuple_(*key).in_(some)).returning(SmsDelivery.member_id)


def _some_notices(oldest: UUID) -> ReturningDelete[UUID, UUID | None]:
    some = (
        select(Notification.id)
        .where(Notification.id < oldest, ~exists().where(InboxEntry.notification_id == Notification.id))
        .limit(NOTICES_A_ROUND)
    )
    return (
        delete(Notification)
        .where(Notification.id.in_(some))
        .returning(Notification.id, Notification.audience_organisation_id)
    )
