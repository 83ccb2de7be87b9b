"""Tables of admissions: the candidacy of one person, and the steps of its dossier that are done."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class CandidateSource(StrEnum):
    """Who proposed the candidate."""

    youth_union = "youth_union"
    trade_union = "trade_union"
    farmers_association = "farmers_association"
    womens_union = "womens_union"
    veterans_association = "veterans_association"
    students = "students"
    armed_forces = "armed_forces"
    residents = "residents"
    other = "other"


class CandidacyStatus(StrEnum):
    """In the pool, then admitted on probation and recognised; or dropped from the pool."""

    pool = "pool"
    admitted = "admitted"
    recognised = "recognised"
    dropped = "dropped"


class Candidacy(Base):
    """Somebody on the way to membership; as a person they are a row of `members` with the standing `candidate`.

    `next_reminder_on` is the day on which the branch's leaders are next reminded of the end of the probation, and
    `admitted_on` the admission from which it was reckoned: the one that counts is in the member's record. There too an
    official date may end what is `admitted` here (`queries.status_on_record`). `rule_set` is the key (`app.rules`) of
    the rules of the day it was entered.
    """

    __tablename__ = "candidacies"
    __table_args__ = (
        Index("ix_candidacies_organisation_id", "organisation_id", "created_at", "id"),
        Index("ix_candidacies_reminder", "next_reminder_on", postgresql_where=text("next_reminder_on IS NOT NULL")),
        CheckConstraint("mentor_1_id <> mentor_2_id", name="mentors"),
        CheckConstraint("(status IN ('admitted', 'recognised')) = (admitted_on IS NOT NULL)", name="admitted"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    status: Mapped[CandidacyStatus]
    source: Mapped[CandidateSource]
    mentor_1_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    mentor_2_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    certificate_number: Mapped[str | None] = mapped_column(String(60))
    certified_on: Mapped[date | None]
    decision_number: Mapped[str | None] = mapped_column(String(60))
    decided_on: Mapped[date | None]
    admitted_on: Mapped[date | None]
    recognition_number: Mapped[str | None] = mapped_column(String(60))
    recognition_decided_on: Mapped[date | None]
    dropped_because: Mapped[str | None] = mapped_column(Text)
    next_reminder_on: Mapped[date | None]
    rule_set: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]


class CandidacyStep(Base):
    """A step of the dossier that is done; which there are is in the rule set."""

    __tablename__ = "candidacy_steps"

    candidacy_id: Mapped[UUID] = mapped_column(ForeignKey("candidacies.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    done_on: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
