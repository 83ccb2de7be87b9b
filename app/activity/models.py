"""The table of one's own entries, and the kinds of activity; all others are read from the tables of features below."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class ActivityType(StrEnum):
    """What a member takes part in (domain.md 24)."""

    meeting_attended = "meeting_attended"
    meeting_replied = "meeting_replied"
    commented = "commented"
    voted = "voted"
    acknowledged = "acknowledged"
    task_done = "task_done"
    entry = "entry"


class EntryStatus(StrEnum):
    """An entry counts once the secretary has confirmed it; a returned one may be written anew."""

    submitted = "submitted"
    confirmed = "confirmed"
    returned = "returned"


class ActivityEntry(Base):
    """Something a member took part in, in their own words; the branch is the one whose secretary judges it."""

    __tablename__ = "activity_entries"
    __table_args__ = (
        Index("ix_activity_entries_member_id_occurred_on", "member_id", "occurred_on", "id"),
        Index("ix_activity_entries_organisation_id_status", "organisation_id", "status", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    status: Mapped[EntryStatus]
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    occurred_on: Mapped[date]
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
