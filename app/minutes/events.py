"""Facts about minutes; none of them holds a word of what is written there."""

from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change


class MinutesEvent(Event):
    """What every fact about minutes carries; they are the meeting's, and the branch's scope holds them."""

    subject_type = "minutes"

    version: int

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "minutes", self.subject_id, self.version),)


class MinutesEdited(MinutesEvent):
    code = "minutes.edited"


class MinutesSent(MinutesEvent):
    """The draft went to those who took part, for their remarks."""

    code = "minutes.sent"
    lane: ClassVar[Lane | None] = Lane.bulk


class MinutesRemarked(MinutesEvent):
    code = "minutes.remarked"

    remark_id: UUID


class MinutesRemarkAnswered(MinutesEvent):
    code = "minutes.remark_answered"

    remark_id: UUID
    taken: bool


class MinutesApproved(MinutesEvent):
    code = "minutes.approved"

    number: str


class MinutesPublished(MinutesEvent):
    code = "minutes.published"
    lane: ClassVar[Lane | None] = Lane.bulk


class MeetingMissed(Event):
    """The minutes are out, and some on the roster were not there; no person did it."""

    code = "minutes.meeting_missed"
    subject_type = "meeting"
    lane: ClassVar[Lane | None] = Lane.bulk


class MinutesDue(Event):
    """The minutes must be published in so many hours, or by now (0); no person did it."""

    code = "minutes.due"
    subject_type = "meeting"
    lane: ClassVar[Lane | None] = Lane.urgent

    hours_before: int
