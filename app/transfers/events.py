"""Facts about transfers; reasons and names stay in the rows."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change, Op
from app.transfers.models import TransferKind


class TransferEvent(Event):
    """What every fact about a transfer carries; the member's standings are others from then on."""

    subject_type = "transfer"

    member_id: UUID
    member_version: int

    def changes(self) -> tuple[Change, ...]:
        """Return the member, for the branch that has the fact and for themself."""
        return (
            Change(self.organisation_id, "member", self.member_id, self.member_version),
            Change(self.member_id, "member", self.member_id, self.member_version),
        )


class TransferStarted(TransferEvent):
    """The old branch lets a member go; the new one is asked."""

    code = "transfers.started"
    lane = Lane.bulk

    kind: TransferKind
    to_organisation_id: UUID | None


class TransferAccepted(TransferEvent):
    """The new branch has the member, for good or as a guest."""

    code = "transfers.accepted"
    lane = Lane.bulk

    kind: TransferKind
    from_organisation_id: UUID
    received_on: date
    away_period_ids: tuple[UUID, ...]

    def changes(self) -> tuple[Change, ...]:
        """Return the member, and the times away that the new branch's organisers know of from now on."""
        known = (Change(self.organisation_id, "away_period", one, 1) for one in self.away_period_ids)
        return (*super().changes(), *known)


class MemberDeparted(TransferEvent):
    """The same in the log of the old branch; of who goes to a place outside the system people are told by it."""

    code = "transfers.member_departed"
    lane = Lane.bulk

    kind: TransferKind
    received_on: date
    away_period_ids: tuple[UUID, ...]

    def changes(self) -> tuple[Change, ...]:
        """Return the member, and the times away that the old branch's organisers forget."""
        gone = (Change(self.organisation_id, "away_period", one, 1, Op.delete) for one in self.away_period_ids)
        return (*super().changes(), *gone)


class TransferRefused(TransferEvent):
    """The new branch does not take the member, who stays where they are."""

    code = "transfers.refused"
    lane = Lane.bulk


class TransferWithdrawn(TransferEvent):
    """The old branch took it back; `away_period_ids` are known again where the member had departed by mistake."""

    code = "transfers.withdrawn"
    lane = Lane.bulk

    away_period_ids: tuple[UUID, ...] = Field(default=())

    def changes(self) -> tuple[Change, ...]:
        """Return the member, and the times away that the old branch's organisers had forgotten."""
        known = (Change(self.organisation_id, "away_period", one, 1) for one in self.away_period_ids)
        return (*super().changes(), *known)


class StayChanged(TransferEvent):
    """A temporary transfer ends on another day than it was to."""

    code = "transfers.stay_changed"
    lane = Lane.bulk

    until: date


class TransferReminderDue(Event):
    """So many working days after the letter a transfer is still open."""

    code = "transfers.reminder_due"
    subject_type = "transfer"
    lane = Lane.bulk

    working_days: int
