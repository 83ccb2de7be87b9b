"""Notices that are written without a fact to tell of, for tests of how they are pushed."""

from datetime import timedelta
from uuid import UUID, uuid4

from app.kernel.db import Session
from app.kernel.push import Channel
from app.kernel.scopes import Change
from app.notifications.models import InboxEntry, Notification

OF_TOMORROW = "of_tomorrow"


async def add_notification(
    session: Session, organisation_id: UUID, *, urgent: bool = False, kind: str = "announcement_published"
) -> UUID:
    """Write a notice of an announcement in the inbox of nobody."""
    notification_id = session.new_id()
    session.add(
        Notification(
            id=notification_id,
            event_id=uuid4(),
            type=kind,
            channel=Channel.announcement,
            organisation_id=organisation_id,
            subject_type="announcement",
            subject_id=uuid4(),
            params={"title": "Kế hoạch"},
            urgent=urgent,
            breaks_quiet_hours=False,
            created_at=session.now(),
            expires_at=session.now() + timedelta(days=1),
        )
    )
    await session.flush()
    return notification_id


async def tell_of_tomorrow(session: Session, organisation_id: UUID, member_id: UUID) -> UUID:
    """Write a notice into a member's inbox as the worker of a later release does, whose type is not known here."""
    notification_id = await add_notification(session, organisation_id, kind=OF_TOMORROW)
    session.add(
        InboxEntry(member_id=member_id, notification_id=notification_id, created_at=session.now(), read_at=None)
    )
    session.changes.append(Change(member_id, "notification", notification_id, version=1))
    return notification_id
