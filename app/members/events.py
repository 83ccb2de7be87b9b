"""Facts about members; which fields changed is told, what stood in them is not."""

from uuid import UUID

from app.kernel.events import Event
from app.kernel.scopes import Change


class MemberEnrolled(Event):
    code = "members.enrolled"
    subject_type = "member"

    def changes(self) -> tuple[Change, ...]:
        """Return the new member, for the branch and for themself."""
        return (
            Change(self.organisation_id, "member", self.subject_id, 1),
            Change(self.subject_id, "member", self.subject_id, 1),
        )


class MemberCorrected(Event):
    """The record was corrected, or a member recognised as official."""

    code = "members.corrected"
    subject_type = "member"

    fields: tuple[str, ...]
    version: int

    def changes(self) -> tuple[Change, ...]:
        """Return the member as they are now, for the branch and for themself."""
        return (
            Change(self.organisation_id, "member", self.subject_id, self.version),
            Change(self.subject_id, "member", self.subject_id, self.version),
        )


class MemberRecordViewed(Event):
    """Somebody whose post lets them looked at a member's record, for the first time that day."""

    code = "members.record_viewed"
    subject_type = "member"


class MemberRosterViewed(Event):
    """The same of records as a list of the branch shows them; of each member for the first time that day."""

    code = "members.roster_viewed"
    subject_type = "organisation"

    member_ids: tuple[UUID, ...]
