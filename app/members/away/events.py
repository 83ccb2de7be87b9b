"""Facts about time away; the place is not among them, it stays in the record."""

from datetime import date
from uuid import UUID

from app.kernel.events import Event
from app.kernel.scopes import Change


class AwayPeriodEntered(Event):
    """The member is away, said by themself or entered by whoever is the actor."""

    code = "members.away_period_entered"
    subject_type = "away_period"

    member_id: UUID
    starts_on: date
    ends_on: date | None
    version: int

    def changes(self) -> tuple[Change, ...]:
        """Return the time away, and the member who shows it, for the branch and for the member."""
        scopes = (self.organisation_id, self.member_id)
        return (
            *(Change(scope, "away_period", self.subject_id, self.version) for scope in scopes),
            *(Change(scope, "member", self.member_id, 1) for scope in scopes),
        )


class AwayPeriodChanged(AwayPeriodEntered):
    """Its days, place or time zone are others; the return is among them."""

    code = "members.away_period_changed"
