"""The table of posts held."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.kernel.security import PostKind


class Tenure(StrEnum):
    """By which right a post is held; both give the same rights for as long as it is held."""

    elected = "elected"
    acting = "acting"


class Post(Base):
    """A post in an organisation, held by a member from a day to a day (both included)."""

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_organisation_id_kind", "organisation_id", "kind"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[PostKind]
    tenure: Mapped[Tenure] = mapped_column(server_default=text("'elected'"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
