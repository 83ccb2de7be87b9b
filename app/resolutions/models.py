"""Tables of resolutions: the draft, its versions with their paragraphs, comments, supports and answers."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class ResolutionStatus(StrEnum):
    """draft → open for comments → closed → adopted or rejected."""

    draft = "draft"
    open = "open"
    closed = "closed"
    adopted = "adopted"
    rejected = "rejected"


DECIDED = frozenset({ResolutionStatus.adopted, ResolutionStatus.rejected})


class AnswerOutcome(StrEnum):
    """What the secretary makes of a comment (domain.md 23)."""

    taken = "taken"
    taken_in_part = "taken_in_part"
    not_taken = "not_taken"


class Resolution(Base):
    """A resolution of one organisation; its text stands in `resolution_versions` and `resolution_paragraphs`.

    `version` names the current text and rises when it is rewritten; `revision` rises with every change of the row, of
    its status too.
    """

    __tablename__ = "resolutions"
    __table_args__ = (
        Index("ix_resolutions_organisation_id_created_at", "organisation_id", "created_at", "id"),
        Index("ix_resolutions_due", "comments_until", postgresql_where=text("status = 'open'")),
        UniqueConstraint("organisation_id", "number_year", "number_in_year"),
        CheckConstraint("status <> 'open' OR comments_until IS NOT NULL", name="open_until"),
        CheckConstraint("(status = 'adopted') = (number IS NOT NULL)", name="numbered"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    meeting_id: Mapped[UUID | None] = mapped_column(ForeignKey("meetings.id", ondelete="SET NULL"), index=True)
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[ResolutionStatus]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    comments_until: Mapped[datetime | None]
    number: Mapped[str | None] = mapped_column(String(40))
    number_year: Mapped[int | None]
    number_in_year: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by_poll_id: Mapped[UUID | None] = mapped_column(ForeignKey("polls.id"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]

    def status_at(self, now: datetime) -> ResolutionStatus:
        """Return the status at an instant: comments close by themselves at `comments_until`, before any sweep."""
        is_over = self.comments_until is not None and self.comments_until <= now
        return ResolutionStatus.closed if self.status is ResolutionStatus.open and is_over else self.status


class ResolutionVersion(Base):
    """One text of a resolution; it never changes."""

    __tablename__ = "resolution_versions"

    resolution_id: Mapped[UUID] = mapped_column(ForeignKey("resolutions.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]


class ResolutionParagraph(Base):
    """One numbered paragraph of one version; it keeps its `paragraph_id` through the versions."""

    __tablename__ = "resolution_paragraphs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["resolution_id", "version"],
            ["resolution_versions.resolution_id", "resolution_versions.version"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("resolution_id", "version", "position"),
    )

    resolution_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    paragraph_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class ResolutionComment(Base):
    """What a member says of one version, whole or one paragraph of it, and the secretary's answer.

    `revision` rises with every change, supports too.
    """

    __tablename__ = "resolution_comments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["resolution_id", "version"],
            ["resolution_versions.resolution_id", "resolution_versions.version"],
            ondelete="CASCADE",
        ),
        # Where no paragraph is named, the second key asks nothing.
        ForeignKeyConstraint(
            ["resolution_id", "version", "paragraph_id"],
            [
                "resolution_paragraphs.resolution_id",
                "resolution_paragraphs.version",
                "resolution_paragraphs.paragraph_id",
            ],
            ondelete="CASCADE",
        ),
        Index("ix_resolution_comments_resolution_id_created_at", "resolution_id", "created_at", "id"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint("answer <> 'not_taken' OR answer_body IS NOT NULL", name="reasoned"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resolution_id: Mapped[UUID]
    version: Mapped[int]
    paragraph_id: Mapped[UUID | None]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    answer: Mapped[AnswerOutcome | None]
    answer_body: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    answered_at: Mapped[datetime | None]


class CommentSupport(Base):
    """A member stands behind somebody else's comment."""

    __tablename__ = "comment_supports"

    comment_id: Mapped[UUID] = mapped_column(ForeignKey("resolution_comments.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]
