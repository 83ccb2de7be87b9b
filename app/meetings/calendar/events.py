"""Facts about calendars; the secret is in no row, log or event."""

from app.kernel.events import Event


class CalendarMade(Event):
    """A member took an address to fetch their meetings from; the one before ended with it."""

    code = "meetings.calendar_made"
    subject_type = "calendar"


class CalendarEnded(Event):
    code = "meetings.calendar_ended"
    subject_type = "calendar"
