"""When reminders are due: a pure table of hours before the start."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.meetings.models import ReminderAudience

HOURS_BEFORE = {ReminderAudience.home: (24, 1), ReminderAudience.away: (72, 24)}


def due_times(starts_at: datetime, *, now: datetime) -> Iterator[tuple[ReminderAudience, int, datetime]]:
    """Yield audience, hours before and due instant of each reminder of a meeting that still lies ahead of `now`."""
    for audience, hours in HOURS_BEFORE.items():
        for before in hours:
            due_at = starts_at - timedelta(hours=before)
            if due_at > now:
                yield audience, before, due_at
