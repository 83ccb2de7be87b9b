"""Facts about what a branch that ended had called, drafted or given out."""

from typing import ClassVar

from app.meetings.events import MeetingEvent
from app.organisations.succession.events import PapersHandedOver


class MeetingsHandedOver(PapersHandedOver):
    """Drafts and calls are the successor's now."""

    code = "meetings.handed_over"
    object_type: ClassVar[str] = "meeting"


class TasksHandedOver(PapersHandedOver):
    """Open tasks stand on the successor's next agenda."""

    code = "meetings.tasks_handed_over"
    object_type: ClassVar[str] = "task"


class MeetingLapsed(MeetingEvent):
    """It was called off because its branch ended; the reorganisation tells people."""

    code = "meetings.lapsed"
