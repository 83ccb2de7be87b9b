"""Tables of privacy: what was agreed to, what members want corrected."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class CorrectableField(StrEnum):
    """The fields of a record that its member may want corrected: those that its keepers may change."""

    full_name = "full_name"
    born_on = "born_on"
    sex = "sex"
    card_number = "card_number"
    citizen_id = "citizen_id"
    phone = "phone"
    admitted_on = "admitted_on"
    official_on = "official_on"


class CorrectionStatus(StrEnum):
    pending = "pending"
    accepted = "accepted"
    rejected = "rejected"
    withdrawn = "withdrawn"


class Consent(Base):
    """That a member agreed to a text, from an instant until it was withdrawn; rows are never made anew."""

    __tablename__ = "consents"
    __table_args__ = (
        Index(
            "uq_consents_member_id_version",
            "member_id",
            "version",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    version: Mapped[str] = mapped_column(String(20))
    accepted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class CorrectionRequest(Base):
    """What should stand in a field of a member's record, as the record would hold it; of each field one is open."""

    __tablename__ = "correction_requests"
    __table_args__ = (
        Index("ix_correction_requests_member_id_id", "member_id", "id"),
        Index(
            "uq_correction_requests_member_id_field",
            "member_id",
            "field",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    field: Mapped[CorrectableField]
    value: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    status: Mapped[CorrectionStatus]
    answer: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
