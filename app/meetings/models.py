"""Tables of the branch meeting: the schedule, its agenda, the members' replies and the reminders that are due."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base


class MeetingKind(StrEnum):
    """domain.md 11: a thematic meeting never stands instead of the regular one."""

    regular = "regular"
    thematic = "thematic"
    extraordinary = "extraordinary"
    committee = "committee"


class MeetingStatus(StrEnum):
    """domain.md 13. Postponed is announced with another time: it may begin, be cancelled or be postponed again."""

    draft = "draft"
    announced = "announced"
    postponed = "postponed"
    cancelled = "cancelled"
    in_session = "in_session"
    ended = "ended"
    minutes_approved = "minutes_approved"
    published = "published"


UPCOMING = frozenset({MeetingStatus.announced, MeetingStatus.postponed})


class ReplyKind(StrEnum):
    attending = "attending"
    attending_online = "attending_online"
    absent = "absent"


class ReminderAudience(StrEnum):
    """Members away are reminded earlier (72 h and 24 h) than members at home (24 h and 1 h)."""

    home = "home"
    away = "away"


class AgendaItem(Base):
    """One point of an agenda, in its place."""

    __tablename__ = "agenda_items"
    __table_args__ = (CheckConstraint("minutes IS NULL OR minutes > 0", name="minutes"),)

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int | None]
    presenter: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)


class Meeting(Base):
    """A meeting of one organisation.

    `version` rises with every change; `schedule_version` only when time or place changed, which people are told of.
    """

    __tablename__ = "meetings"
    __table_args__ = (
        Index("ix_meetings_organisation_id_starts_at", "organisation_id", "starts_at", "id"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[MeetingKind]
    status: Mapped[MeetingStatus]
    title: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    online_url: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    schedule_version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    agenda: Mapped[list[AgendaItem]] = relationship(
        lazy="raise", order_by=AgendaItem.position, cascade="all, delete-orphan", passive_deletes=True
    )


class MeetingReply(Base):
    """Whether a member will come; `entered_by` is somebody else where a secretary wrote it down for them."""

    __tablename__ = "meeting_replies"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    reply: Mapped[ReplyKind]
    reason: Mapped[str | None] = mapped_column(Text)
    schedule_version: Mapped[int]
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    replied_at: Mapped[datetime]

    __table_args__ = (Index("ix_meeting_replies_member_id", "member_id"),)


class MeetingReminder(Base):
    """A reminder due at an instant; written with the announcement, moved with the meeting, swept each minute."""

    __tablename__ = "meeting_reminders"
    __table_args__ = (Index("ix_meeting_reminders_due", "due_at", postgresql_where=text("sent_at IS NULL")),)

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    audience: Mapped[ReminderAudience] = mapped_column(primary_key=True)
    hours_before: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
