"""Facts about imports."""

from uuid import UUID

from app.kernel.events import Event
from app.kernel.scopes import Change


class RosterImported(Event):
    """A branch's roster was taken in; without an actor, by the operator at the server's console."""

    code = "members.roster_imported"
    subject_type = "organisation"

    member_ids: tuple[UUID, ...]

    def changes(self) -> tuple[Change, ...]:
        """Return every new member, for the branch and for themself."""
        return tuple(
            Change(scope, "member", member_id, 1)
            for member_id in self.member_ids
            for scope in (self.organisation_id, member_id)
        )
