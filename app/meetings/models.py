"""Tables of the branch meeting: from the schedule to the roll and the tasks given out."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, text
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
OVER = frozenset({MeetingStatus.ended, MeetingStatus.minutes_approved, MeetingStatus.published})
BEGUN = OVER | {MeetingStatus.in_session}
ROLL_OPEN = frozenset({MeetingStatus.in_session, MeetingStatus.ended})
"""The roll can be corrected until the minutes, which are made of it, are approved."""


class ReplyKind(StrEnum):
    attending = "attending"
    attending_online = "attending_online"
    absent = "absent"


class ReminderAudience(StrEnum):
    """Members away are reminded earlier (72 h and 24 h) than members at home (24 h and 1 h)."""

    home = "home"
    away = "away"


class RosterStanding(StrEnum):
    """What somebody on the roster was on the day; only official members vote, guests are in no headcount."""

    official = "official"
    probationary = "probationary"
    temporary_guest = "temporary_guest"


class Attendance(StrEnum):
    """domain.md 15."""

    present = "present"
    present_online = "present_online"
    late = "late"
    excused = "excused"
    unexcused = "unexcused"
    exempt = "exempt"


TOOK_PART = frozenset({Attendance.present, Attendance.present_online, Attendance.late})


class RollSource(StrEnum):
    """Who said so: the secretary, or the member by scanning the code on the wall."""

    secretary = "secretary"
    code = "code"


class TaskStatus(StrEnum):
    open = "open"
    done = "done"
    dropped = "dropped"


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


class AgendaItemDocument(Base):
    """A paper attached to a point of an agenda, in its place among them, and since when it has been there."""

    __tablename__ = "agenda_item_documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["meeting_id", "position"], ["agenda_items.meeting_id", "agenda_items.position"], ondelete="CASCADE"
        ),
        Index("ix_agenda_item_documents_document_id", "document_id"),
    )

    meeting_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    place: Mapped[int]
    attached_at: Mapped[datetime]


class Meeting(Base):
    """A meeting of one organisation.

    `version` rises with every change; `schedule_version` only when time or place changed, which people are told of;
    `roll_version` with every change of the roll. `day_version` is the schedule that brought it to its day (the call's,
    or of the last postponement or other day): what was said since then holds, also where hour or hall changed.
    `rule_set` is the key (`app.rules`) of the rules of the day it began. `present_count` and `expected_count` are the
    roll's, written once it is closed; of a closed one that has none they are counted from the roll.
    """

    __tablename__ = "meetings"
    __table_args__ = (
        Index("ix_meetings_organisation_id_starts_at", "organisation_id", "starts_at", "id"),
        Index(
            "ix_meetings_minutes_due",
            "ended_at",
            postgresql_where=text("status IN ('ended', 'minutes_approved')"),
        ),
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
    day_version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    roll_version: Mapped[int] = mapped_column(server_default=text("1"))
    rule_set: Mapped[str | None] = mapped_column(String(40))
    check_in_secret: Mapped[bytes | None]
    chair_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    minute_taker_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    present_count: Mapped[int | None]
    expected_count: Mapped[int | None]

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


class RosterEntry(Base):
    """Somebody convened, as they stood when the meeting began; `attendance` is None until the roll is taken.

    `is_exempt` and `is_away` are the standings of that day (temporarily exempt or exempt; temporarily away), which the
    electorate of a poll needs (domain.md 19). `note` is for organisers only.
    """

    __tablename__ = "roster_entries"
    __table_args__ = (Index("ix_roster_entries_member_id", "member_id"),)

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    standing: Mapped[RosterStanding]
    is_exempt: Mapped[bool]
    is_away: Mapped[bool]
    attendance: Mapped[Attendance | None]
    source: Mapped[RollSource | None]
    checked_in_at: Mapped[datetime | None]
    arrived_offline: Mapped[bool] = mapped_column(server_default=text("false"))
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    note: Mapped[str | None] = mapped_column(Text)


class MeetingGuest(Base):
    """Somebody from another branch or above who sat in; never in the headcount."""

    __tablename__ = "meeting_guests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    full_name: Mapped[str] = mapped_column(Text)
    organisation_name: Mapped[str | None] = mapped_column(Text)
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))


class MeetingTask(Base):
    """What a meeting gave a member to do; while it is open, each next agenda carries it (domain.md 14)."""

    __tablename__ = "meeting_tasks"
    __table_args__ = (
        Index("ix_meeting_tasks_organisation_id_due_on", "organisation_id", "due_on", "id"),
        Index("ix_meeting_tasks_assignee_id_due_on", "assignee_id", "due_on", "id"),
        Index("ix_meeting_tasks_meeting_id", "meeting_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    due_on: Mapped[date]
    status: Mapped[TaskStatus]
    done_at: Mapped[datetime | None]
    closing_note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
