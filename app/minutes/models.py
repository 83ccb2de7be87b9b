"""Tables of minutes: what was written and frozen, remarks on it, its number, its reminders, and the finished papers."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class MinutesStatus(StrEnum):
    """In draft the organisers write, in review those who took part remark; approved they are frozen."""

    draft = "draft"
    in_review = "in_review"
    approved = "approved"
    published = "published"


FROZEN = frozenset({MinutesStatus.approved, MinutesStatus.published})


class Minutes(Base):
    """The minutes of one meeting, from the first word that somebody wrote; before that they are composed on the fly.

    `sections` is a list of {heading, body}. `record` holds, from the approval on, everything the minutes say
    (`record.MinutesRecord`). `number` counts the organisation's minutes of `year`.
    """

    __tablename__ = "minutes"
    __table_args__ = (UniqueConstraint("organisation_id", "year", "number"),)

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    status: Mapped[MinutesStatus]
    year: Mapped[int | None]
    number: Mapped[int | None]
    sections: Mapped[list[dict[str, str | None]]] = mapped_column(JSONB)
    conclusion: Mapped[str | None] = mapped_column(Text)
    record: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # Any: JSON
    version: Mapped[int] = mapped_column(server_default=text("1"))
    composed_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    composed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    published_at: Mapped[datetime | None]


class MinutesRemark(Base):
    """What somebody who took part has to say of the draft; `taken` is None until an organiser answers."""

    __tablename__ = "minutes_remarks"
    __table_args__ = (Index("ix_minutes_remarks_meeting_id_created_at", "meeting_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("minutes.meeting_id", ondelete="CASCADE"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    taken: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    answered_at: Mapped[datetime | None]


class MinutesNumber(Base):
    """The last number given to minutes of an organisation in a year."""

    __tablename__ = "minutes_numbers"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class MinutesReminder(Base):
    """That the organisers were reminded, so many hours before minutes had to be published."""

    __tablename__ = "minutes_reminders"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    hours_before: Mapped[int] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


class MinutesPaper(Base):
    """The PDF of approved minutes, typeset once: a later version of the software never changes its bytes."""

    __tablename__ = "minutes_papers"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("minutes.meeting_id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
