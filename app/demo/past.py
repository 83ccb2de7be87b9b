"""The days before the demonstration begins: the same commands, with the session's clock at the instant they tell of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.demo.cast import HANOI
from app.kernel.db import Session
from app.kernel.models import EventRow
from app.kernel.notices import by_code
from app.notices import NOTICES
from app.notifications.service import expand


def in_hanoi(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the instant (UTC) at which clocks in Hà Nội show this."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(HANOI)).astimezone(UTC)


@asynccontextmanager
async def at(session: Session, moment: datetime) -> AsyncIterator[None]:
    """Let the session's clock stand at a moment; before it goes on, inboxes have the notices of what happened then.

    They are given out here, and not by the worker later, so that they are dated that day: pushes of more than a day ago
    have expired, and nobody's phone rings for them. The worker finds the jobs done. Two blocks have two moments.
    """
    now = session.moment
    session.moment = moment
    try:
        yield
        told = select(EventRow.id).where(EventRow.occurred_at == moment, EventRow.code.in_(by_code(NOTICES)))
        for event_id in (await session.scalars(told.order_by(EventRow.id))).all():
            await expand(session, event_id, notices=NOTICES)
    finally:
        session.moment = now
