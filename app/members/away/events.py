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
        """Return the time away, for the branch and for the member."""
        return (
            Change(self.organisation_id, "away_period", self.subject_id, self.version),
            Change(self.member_id, "away_period", self.subject_id, self.version),
        )


class AwayPeriodChanged(AwayPeriodEntered):
    """Its days, place or time zone are others; the return is among them."""

    code = "members.away_period_changed"
