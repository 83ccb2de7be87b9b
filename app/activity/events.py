"""Facts about one's own entries. The lane says that the member is told."""

from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change, Op


class EntryEvent(Event):
    """What every fact about an entry carries; the member's own scope holds it, and for its leaders the branch's."""

    subject_type = "activity_entry"

    member_id: UUID
    version: int

    def changes(self) -> tuple[Change, ...]:
        scopes = (self.member_id, self.organisation_id)
        return tuple(Change(scope, "activity_entry", self.subject_id, self.version) for scope in scopes)


class EntrySubmitted(EntryEvent):
    """A member wrote down something they took part in, or wrote anew what was returned.

    `former_id`: the branch whose leaders had it before, and forget it, where the member has moved since.
    """

    code = "activity.entry_submitted"

    former_id: UUID | None = None

    def changes(self) -> tuple[Change, ...]:
        if self.former_id is None:
            return super().changes()
        gone = Change(self.former_id, "activity_entry", self.subject_id, self.version, Op.delete)
        return (*super().changes(), gone)


class EntryWithdrawn(EntryEvent):
    code = "activity.entry_withdrawn"

    def changes(self) -> tuple[Change, ...]:
        return tuple(replace(change, op=Op.delete) for change in super().changes())


class EntryConfirmed(EntryEvent):
    code = "activity.entry_confirmed"
    lane: ClassVar[Lane | None] = Lane.bulk


class EntryReturned(EntryEvent):
    code = "activity.entry_returned"
    lane: ClassVar[Lane | None] = Lane.bulk
