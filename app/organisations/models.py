"""Tables of the tree: an organisation as it is today, and the dated periods of what it was called and where it hung."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class OrganisationKind(StrEnum):
    """Levels of the party's structure; which stands below which is data, never code (domain.md 1)."""

    central = "central"
    province = "province"
    commune = "commune"
    grassroots = "grassroots"
    committee = "committee"
    branch = "branch"
    group = "group"


class SuccessionKind(StrEnum):
    """How one organisation came after another: it took its place, or part of what it had."""

    merged = "merged"
    divided = "divided"


class Organisation(Base):
    """An organisation today; `path` runs from the root to itself, so that "is it below?" is one array test.

    One that was merged into another hangs below that `successor_id`, which is always one that lasts: who has rights
    over the successor has them over what it left. `parent_id` stays the one it had. `ended_above` are organisations
    that ended while this one stood below them, whose papers its members still read.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        Index("ix_organisations_path", "path", postgresql_using="gin"),
        Index("ix_organisations_successor_id", "successor_id", postgresql_where=text("successor_id IS NOT NULL")),
        CheckConstraint("path[array_length(path, 1)] = id", name="path_ends_with_itself"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="validity"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    path: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    kind: Mapped[OrganisationKind]
    # 14 digits in groups 2-3-3-3-3, `000` for a level that is absent (domain.md 3).
    code: Mapped[str | None] = mapped_column(String(14), unique=True)
    name: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    ended_above: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))


class OrganisationPeriod(Base):
    """What an organisation was called and where it hung, from a day to the day before the next period."""

    __tablename__ = "organisation_periods"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)


class OrganisationSuccession(Base):
    """That an organisation came after another one, from a day on."""

    __tablename__ = "organisation_successions"

    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True, index=True)
    effective_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[SuccessionKind]
