"""Tables of transfers: what both sides confirm, and the days on which they are reminded of it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class TransferKind(StrEnum):
    """domain.md 7 and 8: for good, or for some months with a return."""

    permanent = "permanent"
    temporary = "temporary"


class TransferStatus(StrEnum):
    """Started by the old branch, and then accepted or refused by the new one, or withdrawn by the old one.

    One out of the system is accepted by the old branch, and may be withdrawn after that as a mistake.
    """

    started = "started"
    accepted = "accepted"
    refused = "refused"
    withdrawn = "withdrawn"


class Transfer(Base):
    """A move of one member; to a branch in the system, or to a place that words name.

    `until` is the last day at the host of a temporary one. `rule_set` is the key (`app.rules`) of the rules of its
    letter's day, by which `present_by` and `due_on` were counted.
    """

    __tablename__ = "transfers"
    __table_args__ = (
        Index("ix_transfers_member_id", "member_id"),
        Index("uq_transfers_open", "member_id", unique=True, postgresql_where=text("status = 'started'")),
        Index("ix_transfers_from_organisation_id", "from_organisation_id", "created_at", "id"),
        Index("ix_transfers_to_organisation_id", "to_organisation_id", "created_at", "id"),
        CheckConstraint("(to_organisation_id IS NULL) <> (to_place IS NULL)", name="destination"),
        CheckConstraint("(kind = 'temporary') = (until IS NOT NULL)", name="until"),
        CheckConstraint("(status = 'accepted') = (received_on IS NOT NULL)", name="received"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[TransferKind]
    for_study: Mapped[bool]
    status: Mapped[TransferStatus]
    from_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    to_organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    to_place: Mapped[str | None] = mapped_column(Text)
    letter_number: Mapped[str] = mapped_column(String(60))
    letter_on: Mapped[date]
    until: Mapped[date | None]
    received_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(Text)
    left_without_secretary: Mapped[bool] = mapped_column(server_default=text("false"))
    rule_set: Mapped[str] = mapped_column(String(40))
    present_by: Mapped[date]
    due_on: Mapped[date]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    started_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]


class TransferReminder(Base):
    """A day on which both secretaries are reminded of an open transfer; swept, and gone once it is decided."""

    __tablename__ = "transfer_reminders"
    __table_args__ = (Index("ix_transfer_reminders_due", "due_on", postgresql_where=text("sent_at IS NULL")),)

    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("transfers.id"), primary_key=True)
    working_days: Mapped[int] = mapped_column(primary_key=True)
    due_on: Mapped[date]
    sent_at: Mapped[datetime | None]
