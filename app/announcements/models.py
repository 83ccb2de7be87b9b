"""Tables of announcements: what is said to whom, and who has opened or acknowledged it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.kernel.notices import Audience, AudiencePart
from app.kernel.security import PostKind


class AnnouncementStatus(StrEnum):
    """`expired` is what a published one is called once its end has come; no row holds it."""

    draft = "draft"
    scheduled = "scheduled"
    published = "published"
    expired = "expired"
    withdrawn = "withdrawn"


UNPUBLISHED = frozenset({AnnouncementStatus.draft, AnnouncementStatus.scheduled})


class Announcement(Base):
    """What an organisation tells the people at or below it, or a part of them; no row is written for any of them."""

    __tablename__ = "announcements"
    __table_args__ = (
        Index("ix_announcements_organisation_id_created_at", "organisation_id", "created_at", "id"),
        Index(
            "ix_announcements_published",
            "organisation_id",
            "published_at",
            "id",
            postgresql_where=text("status = 'published'"),
        ),
        Index("ix_announcements_due", "publish_at", postgresql_where=text("status = 'scheduled'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[AnnouncementStatus]
    audience_part: Mapped[AudiencePart]
    audience_post_kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    needs_acknowledgement: Mapped[bool] = mapped_column(Boolean)
    publish_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]

    @property
    def audience(self) -> Audience:
        """Return whom it addresses."""
        return Audience(
            organisation_id=self.organisation_id,
            part=self.audience_part,
            post_kinds=tuple(map(PostKind, self.audience_post_kinds)),
        )


class AnnouncementDocument(Base):
    """A document that goes with an announcement, in its place."""

    __tablename__ = "announcement_documents"
    __table_args__ = (Index("ix_announcement_documents_document_id", "document_id"),)

    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id", ondelete="CASCADE"), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    position: Mapped[int]


class AnnouncementReceipt(Base):
    """That a member opened an announcement, and acknowledged it; there is no row for who did neither."""

    __tablename__ = "announcement_receipts"
    __table_args__ = (Index("ix_announcement_receipts_member_id", "member_id"),)

    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    opened_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
