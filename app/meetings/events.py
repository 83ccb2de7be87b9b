"""Facts about meetings. The lane says that members are told; a cosmetic change has none."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change, Op
from app.meetings.models import Attendance, ReminderAudience, ReplyKind, TaskStatus


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


class MeetingLapsed(MeetingCancelled):
    """It was called off because its branch ended; `called` are whom it had called, who stand elsewhere since."""

    code = "meetings.lapsed"

    called: tuple[UUID, ...]


class MeetingRan(MeetingEvent):
    """The beginning or the end: the roll changes with the meeting."""

    roll_version: int

    def changes(self) -> tuple[Change, ...]:
        return (*super().changes(), Change(self.organisation_id, "roll", self.subject_id, self.roll_version))


class MeetingStarted(MeetingRan):
    code = "meetings.started"


class MeetingEnded(MeetingRan):
    """The organisers can write the minutes."""

    code = "meetings.ended"

    def changes(self) -> tuple[Change, ...]:
        return (*super().changes(), Change(self.organisation_id, "minutes", self.subject_id, 1))


class CourseCorrected(MeetingEvent):
    """When it began and ended, who led it or who writes its minutes was set right; the minutes say that too."""

    code = "meetings.course_corrected"

    started_before: datetime | None
    ended_before: datetime | None

    def changes(self) -> tuple[Change, ...]:
        return (*super().changes(), Change(self.organisation_id, "minutes", self.subject_id, 1))


class MeetingSettled(MeetingEvent):
    """The roll, which shows the meeting's status, changes with it."""

    def changes(self) -> tuple[Change, ...]:
        return (*super().changes(), Change(self.organisation_id, "roll", self.subject_id, 1))


class MinutesApproved(MeetingSettled):
    """The meeting's minutes stand; the minutes feature tells people."""

    code = "meetings.minutes_approved"


class MeetingPublished(MeetingSettled):
    """Minutes and resolution are out; the minutes feature tells people."""

    code = "meetings.published"


class RollEvent(Event):
    """What every fact about a roll carries; `version` is the roll's own.

    The meeting warns organisers of a missing quorum, and minutes that are being written name who was there.
    """

    subject_type = "meeting"

    version: int

    def changes(self) -> tuple[Change, ...]:
        return (
            Change(self.organisation_id, "roll", self.subject_id, self.version),
            Change(self.organisation_id, "meeting", self.subject_id, 1),
            Change(self.organisation_id, "minutes", self.subject_id, 1),
        )


class RollTaken(RollEvent):
    """An organiser entered or corrected attendance; the notes stay out of the log."""

    code = "meetings.roll_taken"

    attendance: dict[UUID, Attendance]

    def changes(self) -> tuple[Change, ...]:
        theirs = (Change(member_id, "roll", self.subject_id, self.version) for member_id in self.attendance)
        return (*super().changes(), *theirs)


class MemberCheckedIn(RollEvent):
    """A member's phone scanned the code."""

    code = "meetings.member_checked_in"

    member_id: UUID
    attendance: Attendance
    arrived_offline: bool

    def changes(self) -> tuple[Change, ...]:
        return (*super().changes(), Change(self.member_id, "roll", self.subject_id, self.version))


class GuestEntered(RollEvent):
    code = "meetings.guest_entered"

    guest_id: UUID


class GuestRemoved(RollEvent):
    code = "meetings.guest_removed"

    guest_id: UUID


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


class MeetingReplyWithdrawn(Event):
    """Who had replied is not called to the meeting any more: they moved, or their membership ended."""

    code = "meetings.reply_withdrawn"
    subject_type = "meeting"

    member_id: UUID
    version: int

    def changes(self) -> tuple[Change, ...]:
        """Return the meeting, whose organisers see how many come."""
        return (Change(self.organisation_id, "meeting", self.subject_id, self.version),)


class TaskEvent(Event):
    """What every fact about a task carries; it stands in the branch's scope and in its assignee's.

    The minutes of its meeting name it. That is another organisation's where the one it was of was merged since:
    `given_in`, which is not kept, as the meeting says it.
    """

    subject_type = "task"

    meeting_id: UUID
    assignee_id: UUID
    version: int
    given_in: UUID | None = Field(default=None, exclude=True)

    def changes(self) -> tuple[Change, ...]:
        """Return it for the meeting's readers too: who moved elsewhere on the day of the merger reads it still."""
        given_in = self.given_in or self.organisation_id
        scopes = dict.fromkeys((self.organisation_id, given_in, self.assignee_id))
        return (
            *(Change(scope, "task", self.subject_id, self.version) for scope in scopes),
            Change(given_in, "minutes", self.meeting_id, 1),
        )


class TaskGiven(TaskEvent):
    """A member was given something to do."""

    code = "meetings.task_given"
    lane: ClassVar[Lane | None] = Lane.bulk


class TaskChanged(TaskEvent):
    """A task was corrected, handed over, closed or reopened."""

    code = "meetings.task_changed"

    assigned_before: UUID
    status: TaskStatus

    def changes(self) -> tuple[Change, ...]:
        return (*super().changes(), Change(self.assigned_before, "task", self.subject_id, self.version))
