"""Tables of what reports compare with: plans of admission, and the yearly rating of members."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class Grade(StrEnum):
    """The four grades of a year's rating, from the best."""

    excellent = "excellent"
    good = "good"
    fulfilled = "fulfilled"
    not_fulfilled = "not_fulfilled"


LONGEST_TERM = 5
"""Years of a committee's term."""


class AdmissionTarget(Base):
    """How many members an organisation plans to admit in a year, by itself and all below it."""

    __tablename__ = "admission_targets"
    __table_args__ = (CheckConstraint("plan > 0", name="plan"),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    plan: Mapped[int]
    set_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    set_at: Mapped[datetime]


class TargetKind(StrEnum):
    """What an organisation plans beside a year's admissions."""

    admissions = "admissions"
    new_organisations = "new_organisations"


class CommitteeTarget(Base):
    """How many admissions of a term, or new organisations of a year, a committee plans; both years are included."""

    __tablename__ = "committee_targets"
    __table_args__ = (
        CheckConstraint("plan > 0", name="plan"),
        CheckConstraint("to_year >= from_year", name="years"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    kind: Mapped[TargetKind] = mapped_column(primary_key=True)
    from_year: Mapped[int] = mapped_column(primary_key=True)
    to_year: Mapped[int]
    plan: Mapped[int]
    set_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    set_at: Mapped[datetime]


class MemberRating(Base):
    """How a member was rated for a year, in the branch where they were rated."""

    __tablename__ = "member_ratings"
    __table_args__ = (Index("ix_member_ratings_organisation_id_year", "organisation_id", "year"),)

    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    grade: Mapped[Grade]
    rated_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    rated_at: Mapped[datetime]
