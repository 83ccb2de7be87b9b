"""Facts about announcements. The organisation's scope holds them; what somebody did with one, their own."""

from typing import ClassVar

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change, Op


class AnnouncementEvent(Event):
    """What every fact about an announcement carries."""

    subject_type = "announcement"

    version: int

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "announcement", self.subject_id, self.version),)


class AnnouncementDrafted(AnnouncementEvent):
    code = "announcements.drafted"


class AnnouncementEdited(AnnouncementEvent):
    code = "announcements.edited"


class AnnouncementScheduled(AnnouncementEvent):
    """It will be published at its hour."""

    code = "announcements.scheduled"


class AnnouncementPublished(AnnouncementEvent):
    """By its author, or, with no actor, because its hour had come."""

    code = "announcements.published"
    lane: ClassVar[Lane | None] = Lane.bulk


class AnnouncementGone(AnnouncementEvent):
    """What phones must forget."""

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "announcement", self.subject_id, self.version, Op.delete),)


class AnnouncementDiscarded(AnnouncementGone):
    code = "announcements.discarded"


class AnnouncementTakenBack(AnnouncementGone):
    """It was published, and is withdrawn."""

    code = "announcements.withdrawn"


class AnnouncementRead(AnnouncementEvent):
    """Somebody did something with it that only they and the counts are concerned with."""

    def changes(self) -> tuple[Change, ...]:
        assert self.actor_member_id is not None
        return (Change(self.actor_member_id, "announcement", self.subject_id, self.version),)


class AnnouncementOpened(AnnouncementRead):
    code = "announcements.opened"


class AnnouncementAcknowledged(AnnouncementRead):
    code = "announcements.acknowledged"
