"""The table of decisions about a membership; the standings that follow from them are rows of `standings`."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.members.models import StandingKind


class DecidedKind(StrEnum):
    """The standings that a person decides on beside the member's own course; the last four are final."""

    temporarily_exempt = "temporarily_exempt"
    exempt = "exempt"
    suspended = "suspended"
    resigned = "resigned"
    removed = "removed"
    expelled = "expelled"
    deceased = "deceased"

    @property
    def standing(self) -> StandingKind:
        """Return the standing it makes."""
        return StandingKind(self.value)


ENDINGS = frozenset({DecidedKind.resigned, DecidedKind.removed, DecidedKind.expelled, DecidedKind.deceased})
NEEDING_NUMBER = ENDINGS - {DecidedKind.deceased} | {DecidedKind.suspended}
"""What a committee decides in writing."""


class StandingDecision(Base):
    """What was decided about one member, from a day to a day (both included); `reason` is for who keeps records.

    A revoked one was a mistake: its standing is gone, and the row says why.
    """

    __tablename__ = "standing_decisions"
    __table_args__ = (
        Index("ix_standing_decisions_member_id", "member_id", "created_at", "id"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="order"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_because IS NULL)", name="revoked"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[DecidedKind]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    decision_number: Mapped[str | None] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(Text)
