"""The table of who has seen whose record."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.kernel.security import PostKind


class ViewedPart(StrEnum):
    """What was looked at."""

    record = "record"
    """The member's record by itself."""
    roster = "roster"
    """The record as one of the branch's list."""
    phone = "phone"
    """The record as a copy that the viewer's app keeps (`/changes`)."""
    correction = "correction"
    """What the member asked to have corrected, in clear."""
    proxy_contact = "proxy_contact"
    """Whom to ask about the member, with the number in clear."""


class RecordView(Base):
    """The first look of a day by one viewer at one member; the post is the one that let them."""

    __tablename__ = "record_views"
    __table_args__ = (
        UniqueConstraint("member_id", "viewer_id", "viewed_on", "what"),
        Index("ix_record_views_member_id_viewed_at", "member_id", "viewed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    viewer_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    viewed_on: Mapped[date]
    what: Mapped[ViewedPart]
    viewed_at: Mapped[datetime] = mapped_column(index=True)
    post_kind: Mapped[PostKind]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
