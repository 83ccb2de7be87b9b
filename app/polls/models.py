"""Tables of polls: the question, the electorate frozen at its opening, votes by name, ballots without one."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class SubjectType(StrEnum):
    """What a poll hangs on; `subject_id` has no foreign key, since these are two tables."""

    meeting = "meeting"
    resolution = "resolution"


class Matter(StrEnum):
    """What is decided: admission and recognition need two thirds, the others more than half (domain.md 20)."""

    resolution = "resolution"
    admission = "admission"
    recognition = "recognition"
    other = "other"


class Secrecy(StrEnum):
    """Whether names stand beside the votes; fixed at the opening (domain.md 21)."""

    open = "open"
    secret = "secret"  # noqa: S105 a kind of poll


class PollStatus(StrEnum):
    draft = "draft"
    open = "open"
    closed = "closed"


class Counted(StrEnum):
    """How an elector counts in the denominator (domain.md 19)."""

    always = "always"
    if_voting = "if_voting"


class Choice(StrEnum):
    """domain.md 21: `other` is another opinion."""

    in_favour = "for"
    against = "against"
    other = "other"


# By its values: `for` cannot be a name in Python.
_CHOICE = Enum(Choice, native_enum=False, length=20, values_callable=lambda kind: [choice.value for choice in kind])


class Poll(Base):
    """A question put to the branch, or to its committee; the figures are null until the close.

    `version` rises with each step of an organiser, not with a vote. `rule_set` is the key of the rules in force at the
    opening; `electorate_count` then counts those who count always, and from the close on is the denominator.
    """

    __tablename__ = "polls"
    __table_args__ = (
        Index("ix_polls_organisation_id_created_at", "organisation_id", "created_at", "id"),
        Index("ix_polls_subject_id", "subject_id"),
        CheckConstraint("(status = 'closed') = (passed IS NOT NULL)", name="result"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    subject_type: Mapped[SubjectType]
    subject_id: Mapped[UUID]
    question: Mapped[str] = mapped_column(Text)
    matter: Mapped[Matter]
    secrecy: Mapped[Secrecy]
    status: Mapped[PollStatus]
    # Set at the opening: whether only the branch committee votes.
    for_committee: Mapped[bool] = mapped_column(server_default=text("false"))
    rule_set: Mapped[str | None] = mapped_column(String(60))
    electorate_count: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    for_count: Mapped[int | None]
    against_count: Mapped[int | None]
    other_count: Mapped[int | None]
    passed: Mapped[bool | None]


class Elector(Base):
    """Who may vote, as it was when the poll was opened."""

    __tablename__ = "electors"
    __table_args__ = (Index("ix_electors_member_id", "member_id"),)

    poll_id: Mapped[UUID] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    counted: Mapped[Counted]


class Vote(Base):
    """A vote of an open poll; `entered_by` is somebody else where a show of hands was written down."""

    __tablename__ = "votes"

    poll_id: Mapped[UUID] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    choice: Mapped[Choice] = mapped_column(_CHOICE)
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    voted_at: Mapped[datetime]


class Participation(Base):
    """Who has voted in a secret poll: no time and no serial, so that nothing says in which order."""

    __tablename__ = "participations"

    poll_id: Mapped[UUID] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True)
    voter: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)


class Ballot(Base):
    """A ballot of a secret poll; its id is random (UUIDv4), since a UUIDv7 would tell its time."""

    __tablename__ = "ballots"
    __table_args__ = (Index("ix_ballots_poll_id", "poll_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    poll_id: Mapped[UUID] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"))
    choice: Mapped[Choice] = mapped_column(_CHOICE)
