"""Facts about memberships; reasons and names stay in the rows."""

from datetime import date
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change
from app.memberships.models import DecidedKind


class MembershipEvent(Event):
    """What every fact about a decision carries; the member's standings are others from then on."""

    subject_type = "standing"

    member_id: UUID
    member_version: int
    kind: DecidedKind
    starts_on: date
    ends_on: date | None

    def changes(self) -> tuple[Change, ...]:
        """Return the member, for the branch and for themself."""
        return (
            Change(self.organisation_id, "member", self.member_id, self.member_version),
            Change(self.member_id, "member", self.member_id, self.member_version),
        )


class StandingBegun(MembershipEvent):
    """A member was exempted or suspended."""

    code = "memberships.standing_begun"
    lane = Lane.bulk


class StandingChanged(MembershipEvent):
    """It ends on another day than it was to, or was a mistake."""

    code = "memberships.standing_changed"
    lane = Lane.bulk


class MembershipEnded(MembershipEvent):
    """A member resigned, was removed or expelled, or died; nobody's phone is told."""

    code = "memberships.ended"


class MembershipRestored(MembershipEvent):
    """The end had been entered by mistake."""

    code = "memberships.restored"
