"""Notices that are written without a fact to tell of, for tests of how they are pushed."""

from datetime import timedelta
from uuid import UUID, uuid4

from app.kernel.db import Session
from app.kernel.push import Channel
from app.notifications.models import Notification


async def add_notification(session: Session, organisation_id: UUID, *, urgent: bool = False) -> UUID:
    """Write a notice of an announcement in the inbox of nobody."""
    notification_id = session.new_id()
    session.add(
        Notification(
            id=notification_id,
            event_id=uuid4(),
            type="announcement_published",
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
