"""Facts about meetings. The lane says that members are told; a cosmetic change has none."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change, Op
from app.meetings.models import ReminderAudience, ReplyKind


class MeetingEvent(Event):
    """What every fact about a meeting carries; the branch's scope holds the meeting."""

    subject_type = "meeting"

    version: int

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "meeting", self.subject_id, self.version),)


class MeetingScheduled(MeetingEvent):
    """A draft was written; only organisers see it."""

    code = "meetings.scheduled"


class MeetingEdited(MeetingEvent):
    """A draft was rewritten, or something changed that nobody needs to be told of."""

    code = "meetings.edited"


class MeetingDiscarded(MeetingEvent):
    """A draft was deleted."""

    code = "meetings.discarded"

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "meeting", self.subject_id, self.version, Op.delete),)


class MeetingAnnounced(MeetingEvent):
    code = "meetings.announced"
    lane: ClassVar[Lane | None] = Lane.urgent


class MeetingMoved(MeetingEvent):
    """Time or place of an announced meeting changed."""

    code = "meetings.moved"
    lane: ClassVar[Lane | None] = Lane.urgent

    starts_before: datetime
    place_before: str | None


class MeetingPostponed(MeetingEvent):
    code = "meetings.postponed"
    lane: ClassVar[Lane | None] = Lane.urgent

    starts_before: datetime
    reason: str


class MeetingCancelled(MeetingEvent):
    code = "meetings.cancelled"
    lane: ClassVar[Lane | None] = Lane.urgent

    reason: str


class MeetingStarted(MeetingEvent):
    code = "meetings.started"


class MeetingEnded(MeetingEvent):
    code = "meetings.ended"


class MeetingReminderDue(Event):
    """The hour of a reminder has come; no person did it."""

    code = "meetings.reminder_due"
    subject_type = "meeting"
    lane: ClassVar[Lane | None] = Lane.bulk

    audience: ReminderAudience
    hours_before: int
    schedule_version: int


class MeetingReplied(Event):
    """A member, or somebody for them, said whether they come."""

    code = "meetings.replied"
    subject_type = "meeting"

    member_id: UUID
    reply: ReplyKind
    version: int

    def changes(self) -> tuple[Change, ...]:
        return (
            Change(self.organisation_id, "meeting", self.subject_id, self.version),
            Change(self.member_id, "meeting", self.subject_id, self.version),
        )
