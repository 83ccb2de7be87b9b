"""The table of reorganisations: what was planned for which day, and what became of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class ReorganisationKind(StrEnum):
    merger = "merger"
    division = "division"
    move = "move"
    dissolution = "dissolution"
    renaming = "renaming"


class ReorganisationStatus(StrEnum):
    """`previewed` is what a dry run is called; no row holds it."""

    previewed = "previewed"
    planned = "planned"
    carried_out = "carried_out"
    withdrawn = "withdrawn"
    failed = "failed"


class Reorganisation(Base):
    """Something to be done to the tree on a day, its first of the new order.

    `plan` is a `plans.Plan` and `preview` the `plans.Preview` that was true when it was settled, as JSON. `involved`
    are all organisations that the plan names.
    """

    __tablename__ = "reorganisations"
    __table_args__ = (
        Index("ix_reorganisations_due", "effective_on", postgresql_where=text("status = 'planned'")),
        Index("ix_reorganisations_involved", "involved", postgresql_using="gin"),
        CheckConstraint("(status = 'planned') = (settled_at IS NULL)", name="settled"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[ReorganisationKind]
    status: Mapped[ReorganisationStatus]
    effective_on: Mapped[date]
    reason: Mapped[str | None] = mapped_column(Text)
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)  # Any, twice: JSON
    preview: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    involved: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    planned_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    planned_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
