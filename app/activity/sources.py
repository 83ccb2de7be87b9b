"""Where each kind of activity is read: one `Source` a kind and table, all paged newest first by one statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.activity.models import ActivityEntry, ActivityType, EntryStatus
from app.activity.years import HOME
from app.announcements.models import Announcement, AnnouncementReceipt
from app.meetings.models import (
    OVER,
    TOOK_PART,
    Meeting,
    MeetingReply,
    MeetingTask,
    ReplyKind,
    RosterEntry,
    TaskStatus,
)
from app.polls.models import Elector, Participation, Poll, PollStatus, Vote
from app.resolutions.models import Resolution, ResolutionComment, ResolutionVersion

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
"""Any: of whatever type the owner's column is."""

ALL: ColumnElement[bool] = true()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of activity in one table: whose it is, when it was, what it was about.

    `id` is unique among all sources. `variant` chooses between the words of a kind (`wording.py`); no column says how
    somebody voted. `counts` says which rows a year's figures count.
    """

    type: ActivityType
    table: FromClause
    member_id: Column
    id: Column
    occurred_at: Column
    organisation_id: Column
    subject_type: str
    subject_id: Column
    title: Column
    where: ColumnElement[bool] = ALL
    counts: ColumnElement[bool] = ALL
    variant: Column | None = None
    status: Column | None = None
    body: Column | None = None
    document_id: Column | None = None

    def newest(
        self, member_id: UUID, *, begin: datetime, end: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Select[Any]:
        """Select a member's newest ones in a time, after a key; the columns are the same of every source."""
        wanted = (
            select(
                self.id.label("id"),
                self.occurred_at.label("occurred_at"),
                literal(self.type.value, Text).label("type"),
                self.organisation_id.label("organisation_id"),
                literal(self.subject_type, Text).label("subject_type"),
                self.subject_id.label("subject_id"),
                self.title.label("title"),
                _text(self.variant).label("variant"),
                _text(self.status).label("status"),
                _text(self.body).label("body"),
                cast(null() if self.document_id is None else self.document_id, Uuid).label("document_id"),
            )
            .select_from(self.table)
            .where(self.member_id == member_id, self._between(begin, end))
            .order_by(self.occurred_at.desc(), self.id.desc())
            .limit(limit)
        )
        return wanted if after is None else wanted.where(tuple_(self.occurred_at, self.id) < tuple_(*after))

    def counted(self, members: Select[UUID], *, begin: datetime, end: datetime) -> Select[Any, str, int]:
        """Select member, kind and how many in a time."""
        return (
            select(
                self.member_id.label("member_id"), literal(self.type.value, Text).label("type"), func.count().label("n")
            )
            .select_from(self.table)
            .where(self.member_id.in_(members), self._between(begin, end), self.counts)
            .group_by(self.member_id)
        )

    def _between(self, begin: datetime, end: datetime) -> ColumnElement[bool]:
        return and_(self.where, self.occurred_at >= begin, self.occurred_at < end)


def _text(column: Column | None) -> ColumnElement[Any]:
    return cast(null() if column is None else column, Text)


def _made_of(kind: ActivityType, *keys: Column) -> ColumnElement[UUID]:
    """Make an id of a row that has none of its own: always the same, and not that of what it is about."""
    joined: ColumnElement[str] = literal(kind.value, Text)
    for key in keys:
        joined += cast(key, Text)
    return cast(func.md5(joined), Uuid)


# From the electors, whose table has an index by member.
_ELECTORS = Elector.__table__.join(Poll.__table__, Poll.id == Elector.poll_id)

SOURCES = (
    Source(
        type=ActivityType.meeting_attended,
        table=RosterEntry.__table__.join(Meeting.__table__, Meeting.id == RosterEntry.meeting_id),
        member_id=RosterEntry.member_id,
        id=_made_of(ActivityType.meeting_attended, RosterEntry.meeting_id, RosterEntry.member_id),
        occurred_at=func.coalesce(Meeting.started_at, Meeting.starts_at),
        organisation_id=Meeting.organisation_id,
        subject_type="meeting",
        subject_id=Meeting.id,
        title=Meeting.title,
        where=and_(Meeting.status.in_(OVER), RosterEntry.attendance.in_(TOOK_PART)),
    ),
    Source(
        type=ActivityType.meeting_replied,
        table=MeetingReply.__table__.join(Meeting.__table__, Meeting.id == MeetingReply.meeting_id),
        member_id=MeetingReply.member_id,
        id=_made_of(ActivityType.meeting_replied, MeetingReply.meeting_id, MeetingReply.member_id),
        occurred_at=MeetingReply.replied_at,
        organisation_id=Meeting.organisation_id,
        subject_type="meeting",
        subject_id=Meeting.id,
        title=Meeting.title,
        variant=case((MeetingReply.reply == ReplyKind.absent, "absent"), else_="coming"),
    ),
    Source(
        type=ActivityType.commented,
        table=ResolutionComment.__table__.join(
            Resolution.__table__, Resolution.id == ResolutionComment.resolution_id
        ).join(
            ResolutionVersion.__table__,
            and_(
                ResolutionVersion.resolution_id == ResolutionComment.resolution_id,
                ResolutionVersion.version == ResolutionComment.version,
            ),
        ),
        member_id=ResolutionComment.author_id,
        id=ResolutionComment.id,
        occurred_at=ResolutionComment.created_at,
        organisation_id=Resolution.organisation_id,
        subject_type="resolution",
        subject_id=Resolution.id,
        # As it was then: who has left the branch is not told how the draft went on.
        title=ResolutionVersion.title,
    ),
    Source(
        type=ActivityType.acknowledged,
        table=AnnouncementReceipt.__table__.join(
            Announcement.__table__, Announcement.id == AnnouncementReceipt.announcement_id
        ),
        member_id=AnnouncementReceipt.member_id,
        id=_made_of(ActivityType.acknowledged, AnnouncementReceipt.announcement_id, AnnouncementReceipt.member_id),
        occurred_at=AnnouncementReceipt.acknowledged_at,
        organisation_id=Announcement.organisation_id,
        subject_type="announcement",
        subject_id=Announcement.id,
        title=Announcement.title,
    ),
    Source(
        type=ActivityType.voted,
        table=_ELECTORS.join(
            Vote.__table__, and_(Vote.poll_id == Elector.poll_id, Vote.member_id == Elector.member_id)
        ),
        member_id=Elector.member_id,
        id=_made_of(ActivityType.voted, Elector.poll_id, Elector.member_id),
        occurred_at=Vote.voted_at,
        organisation_id=Poll.organisation_id,
        subject_type="poll",
        subject_id=Poll.id,
        title=Poll.question,
    ),
    Source(
        type=ActivityType.voted,
        table=_ELECTORS.join(
            Participation.__table__,
            and_(Participation.poll_id == Elector.poll_id, Participation.voter == Elector.member_id),
        ),
        member_id=Elector.member_id,
        id=_made_of(ActivityType.voted, Elector.poll_id, Elector.member_id),
        # Taking part in a secret poll has no time (reliability-security.md 18), and counts from the close on.
        occurred_at=Poll.opened_at,
        organisation_id=Poll.organisation_id,
        subject_type="poll",
        subject_id=Poll.id,
        title=Poll.question,
        counts=Poll.status == PollStatus.closed,
    ),
    Source(
        type=ActivityType.task_done,
        table=MeetingTask.__table__,
        member_id=MeetingTask.assignee_id,
        id=MeetingTask.id,
        occurred_at=MeetingTask.done_at,
        organisation_id=MeetingTask.organisation_id,
        subject_type="task",
        subject_id=MeetingTask.id,
        title=MeetingTask.title,
        where=MeetingTask.status == TaskStatus.done,
    ),
    Source(
        type=ActivityType.entry,
        table=ActivityEntry.__table__,
        member_id=ActivityEntry.member_id,
        id=ActivityEntry.id,
        occurred_at=func.timezone(HOME.key, cast(ActivityEntry.occurred_on, DateTime(timezone=False))),
        organisation_id=ActivityEntry.organisation_id,
        subject_type="activity_entry",
        subject_id=ActivityEntry.id,
        title=ActivityEntry.title,
        counts=ActivityEntry.status == EntryStatus.confirmed,
        status=ActivityEntry.status,
        body=ActivityEntry.body,
        document_id=ActivityEntry.document_id,
    ),
)
"""All of them; a new kind of activity is one more, with its words in `wording.py`."""
