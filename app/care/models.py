"""Tables of care: nudges given, and whom to ask when a member cannot be reached."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class Nudge(Base):
    """An organiser of the branch let a member know that the branch would like to hear from them."""

    __tablename__ = "nudges"
    __table_args__ = (Index("ix_nudges_member_id_nudged_at", "member_id", "nudged_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    nudged_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    nudged_at: Mapped[datetime]


class ProxyContact(Base):
    """Whom the branch asks about a member: one person, who need not be a member and has not asked to stand here."""

    __tablename__ = "proxy_contacts"

    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    full_name: Mapped[str] = mapped_column(Text)
    relation: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(Text)
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    entered_at: Mapped[datetime]
