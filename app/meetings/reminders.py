"""When reminders are due: a pure table of hours before the start, each meeting's a few minutes from the hour."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from app.meetings.models import ReminderAudience

HOURS_BEFORE = {ReminderAudience.home: (24, 1), ReminderAudience.away: (72, 24)}


SPREAD_MINUTES = 5
QUARTER_HOUR = 15
"""Minutes. Everybody's reminders are due on these, and FCM asks to keep a minute or more from them."""


def due_times(
    meeting_id: UUID, starts_at: datetime, *, now: datetime
) -> Iterator[tuple[ReminderAudience, int, datetime]]:
    """Yield audience, hours before and due instant of each reminder of a meeting that still lies ahead of `now`.

    Meetings begin at the same few hours: by their ids they are spread over five minutes before and after, away from
    the quarter hours (reliability-security.md 4). One whose hour is over, though its minutes are not, does not follow.
    """
    for audience, hours in HOURS_BEFORE.items():
        for before in hours:
            hour = starts_at - timedelta(hours=before)
            due_at = _spread(hour, meeting_id)
            if min(hour, due_at) > now:
                yield audience, before, due_at


def _spread(hour: datetime, meeting_id: UUID) -> datetime:
    around = [hour + timedelta(minutes=by) for by in range(-SPREAD_MINUTES, SPREAD_MINUTES + 1)]
    # Every zone's clock is some quarter hours from every other's.
    quiet = [at for at in around if 1 < at.minute % QUARTER_HOUR < QUARTER_HOUR - 1]
    return quiet[meeting_id.int % len(quiet)]
