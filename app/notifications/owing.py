"""To which devices a notice is owed: those of the inboxes it is in, or of whoever a broad one addresses."""

from uuid import UUID

from sqlalchemy import and_, select, text

from app.identity.models import Account, Device
from app.kernel.db import Session
from app.members.audiences.queries import addressed, is_addressed
from app.notifications.models import Notification
from app.notifications.service import CHUNK_SIZE

# A wish not to be pushed, a notice that was read, an account that was closed: no delivery is owed.
_OWE = text("""
INSERT INTO deliveries (notification_id, device_id)
SELECT :notification, devices.id
FROM devices
JOIN accounts ON accounts.id = devices.account_id AND accounts.disabled_at IS NULL
JOIN inbox_entries ON inbox_entries.member_id = accounts.member_id
    AND inbox_entries.notification_id = :notification AND inbox_entries.read_at IS NULL
WHERE devices.push_token IS NOT NULL
    AND (CAST(:after AS uuid) IS NULL OR devices.id > :after)
    AND (CAST(:through AS uuid) IS NULL OR devices.id <= :through)
    AND NOT EXISTS (
        SELECT FROM notification_preferences AS wish
        WHERE wish.account_id = accounts.id AND wish.kind = :channel AND wish.channel = 'push' AND NOT wish.enabled
    )
ON CONFLICT DO NOTHING
""")

_OWE_BROADLY = text("""
INSERT INTO deliveries (notification_id, device_id)
SELECT :notification, devices.id
FROM devices
JOIN accounts ON accounts.id = devices.account_id
WHERE devices.id = ANY(:devices)
    AND NOT EXISTS (
        SELECT FROM inbox_entries AS read
        WHERE read.member_id = accounts.member_id AND read.notification_id = :notification AND read.read_at IS NOT NULL
    )
    AND NOT EXISTS (
        SELECT FROM notification_preferences AS wish
        WHERE wish.account_id = accounts.id AND wish.kind = :channel AND wish.channel = 'push' AND NOT wish.enabled
    )
ON CONFLICT DO NOTHING
""")


async def owe(session: Session, notification: Notification, *, after: UUID | None, through: UUID | None) -> UUID | None:
    """Write down which devices of a range a notice is owed to; None is no border.

    A broad notice is owed to 500 at a time: where more may lie behind them, the last of the 500 is returned. A worker
    that takes a range over finds the same ones, or, where a dead token was dropped meanwhile, some more.
    """
    owed = {"notification": notification.id, "channel": notification.channel}
    if notification.audience is None or notification.addressed_on is None:
        await session.execute(_OWE, {**owed, "after": after, "through": through})
        return None
    # One range of all devices is given to an audience of few phones; of many, the next 500 are soon come upon.
    is_small = after is None and through is None
    said = (notification.audience, notification.addressed_on)
    is_meant = Account.member_id.in_(addressed(*said)) if is_small else is_addressed(Account.member_id, *said)
    wanted = (
        select(Device.id)
        .join(Account, and_(Account.id == Device.account_id, Account.disabled_at.is_(None)))
        .where(Device.push_token.is_not(None), is_meant)
        .order_by(Device.id)
        .limit(CHUNK_SIZE)
    )
    if after is not None:
        wanted = wanted.where(Device.id > after)
    if through is not None:
        wanted = wanted.where(Device.id <= through)
    devices = (await session.scalars(wanted)).all()
    await session.execute(_OWE_BROADLY, {**owed, "devices": devices})
    return devices[-1] if len(devices) == CHUNK_SIZE and devices[-1] != through else None
