"""Tables of the person: who they are, the dated rows of their membership and posts, the times they work away."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.kernel.security import PostKind


class Sex(StrEnum):
    male = "male"
    female = "female"


class Education(StrEnum):
    """The highest schooling, from the least (lower secondary or less); each holds those before it."""

    lower_secondary = "lower_secondary"
    upper_secondary = "upper_secondary"
    vocational = "vocational"
    college = "college"
    university = "university"
    masters = "masters"
    doctorate = "doctorate"


class Occupation(StrEnum):
    """Where somebody works, in the groups by which admissions are counted."""

    farming = "farming"
    enterprise = "enterprise"
    public_service = "public_service"
    armed_forces = "armed_forces"
    student = "student"
    retired = "retired"
    other = "other"


class StandingKind(StrEnum):
    """States of membership, several at once as dated rows (domain.md 5); the last five are final."""

    candidate = "candidate"
    probationary = "probationary"
    official = "official"
    temporary_away = "temporary_away"
    temporary_guest = "temporary_guest"
    temporarily_exempt = "temporarily_exempt"
    exempt = "exempt"
    suspended = "suspended"
    transferring = "transferring"
    transferred = "transferred"
    resigned = "resigned"
    removed = "removed"
    expelled = "expelled"
    deceased = "deceased"


class Tenure(StrEnum):
    """By which right a post is held; both give the same rights for as long as it is held."""

    elected = "elected"
    acting = "acting"


MEMBERSHIP = frozenset({StandingKind.probationary, StandingKind.official})
FINAL = frozenset(
    {
        StandingKind.transferred,
        StandingKind.resigned,
        StandingKind.removed,
        StandingKind.expelled,
        StandingKind.deceased,
    }
)


class Member(Base):
    """A person with a party card, or on the way to one; `organisation_id` is the home branch today.

    `has_left` says that a final standing holds; the database keeps it with the standings. Who has left keeps their
    numbers as history: they are one person's among those who have not, and who comes back is entered anew.
    Education, ethnicity and occupation are those of the dossier of admission: reports count admissions by them.
    """

    __tablename__ = "members"
    __table_args__ = (
        Index("ix_members_organisation_id_sort_key", "organisation_id", "sort_key", "id"),
        Index("uq_members_card_number", "card_number", unique=True, postgresql_where=text("NOT has_left")),
        Index("uq_members_citizen_id", "citizen_id", unique=True, postgresql_where=text("NOT has_left")),
        Index("uq_members_phone", "phone", unique=True, postgresql_where=text("NOT has_left")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    full_name: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(Text(collation="C"))
    search_key: Mapped[str] = mapped_column(Text)
    born_on: Mapped[date | None]
    sex: Mapped[Sex | None]
    card_number: Mapped[str | None] = mapped_column(String(20))
    citizen_id: Mapped[str | None] = mapped_column(String(12))
    phone: Mapped[str | None] = mapped_column(String(16))
    admitted_on: Mapped[date | None]
    official_on: Mapped[date | None]
    education: Mapped[Education | None]
    is_ethnic_minority: Mapped[bool | None]
    occupation: Mapped[Occupation | None]
    has_left: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]


class Standing(Base):
    """One state of one member from a day to a day; the organisation is the one where it holds (a host, for a guest)."""

    __tablename__ = "standings"
    __table_args__ = (
        Index("ix_standings_member_id_kind", "member_id", "kind"),
        Index("ix_standings_organisation_id_kind", "organisation_id", "kind"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[StandingKind]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


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


class AwayPeriod(Base):
    """A member working away from a day to a day (both included; open when the return is not known)."""

    __tablename__ = "away_periods"
    __table_args__ = (CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="order"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    place: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
