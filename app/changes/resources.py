"""What a change of each type is shown as: the literal list of types, each with the query that loads a page of them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, cast, func, or_, select

from app.activity.entries.queries import find_activity_entries
from app.activity.schemas import EntryView
from app.announcements.models import UNPUBLISHED, Announcement
from app.announcements.queries import find_announcements
from app.announcements.schemas import AnnouncementView
from app.changes.models import version_at_first
from app.documents.models import Document, Visibility
from app.documents.queries import find_documents
from app.documents.schemas import DocumentView
from app.kernel.db import Session
from app.kernel.models import EventRow
from app.kernel.notices import Notices, Reader
from app.kernel.security import Actor
from app.meetings.events import CourseCorrected, RollTaken
from app.meetings.models import Meeting, MeetingStatus
from app.meetings.queries import find_meetings
from app.meetings.roll.queries import find_rolls
from app.meetings.roll.schemas import RollView
from app.meetings.schemas import MeetingView
from app.meetings.tasks.queries import find_tasks
from app.meetings.tasks.schemas import TaskView
from app.members.away.queries import find_away_periods
from app.members.away.schemas import AwayPeriodView
from app.members.posts.queries import find_posts
from app.members.posts.schemas import PostView
from app.members.queries import find_members
from app.members.schemas import MemberView
from app.minutes.models import Minutes
from app.minutes.queries import find_minutes
from app.minutes.schemas import MinutesView
from app.notifications.queries import find_notifications
from app.notifications.schemas import NotificationView
from app.organisations.queries import find_organisations
from app.organisations.schemas import OrganisationView
from app.polls.queries import find_polls
from app.polls.schemas import PollView
from app.resolutions.comments.queries import find_comments
from app.resolutions.comments.schemas import CommentView
from app.resolutions.queries import find_resolutions
from app.resolutions.schemas import ResolutionView

View = (
    EntryView
    | AnnouncementView
    | AwayPeriodView
    | CommentView
    | DocumentView
    | MeetingView
    | MemberView
    | MinutesView
    | NotificationView
    | OrganisationView
    | PollView
    | PostView
    | ResolutionView
    | RollView
    | TaskView
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """For whom resources are made, and what the inbox needs for its words."""

    actor: Actor
    reader: Reader
    notices: Notices
    public_url: str


Load = Callable[[Session, Viewer, Collection[UUID]], Awaitable[Sequence[View]]]
"""Returns those that the viewer may see; the rest is left out."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A type of object, as change rows name it.

    `stays`: who does not see one has never seen it, unless it was deleted or their own rights are others. Then nobody
    is told to forget it, and nobody learns that it is there. Where that holds of some only, `hidden` selects them of
    given ids: what is still a draft, say, which others may have seen once it is none.
    """

    type: str
    load: Load
    stays: bool = False
    hidden: Callable[[Collection[UUID]], Select[UUID]] | None = None


def _of(find: Callable[[Session, Actor, Collection[UUID]], Awaitable[Sequence[View]]]) -> Load:
    async def load(session: Session, viewer: Viewer, ids: Collection[UUID]) -> Sequence[View]:
        return await find(session, viewer.actor, ids)

    return load


async def _load_notifications(session: Session, viewer: Viewer, ids: Collection[UUID]) -> Sequence[View]:
    return await find_notifications(
        session, viewer.actor, ids, notices=viewer.notices, reader=viewer.reader, public_url=viewer.public_url
    )


def _unpublished(ids: Collection[UUID]) -> Select[UUID]:
    return select(Announcement.id).where(Announcement.id.in_(ids), Announcement.status.in_(UNPUBLISHED))


def _of_committees(ids: Collection[UUID]) -> Select[UUID]:
    # As they were uploaded, or when the epoch began: one that was changed may have been everybody's before.
    untouched = or_(Document.version == 1, Document.version == version_at_first())
    committees = (Document.visibility == Visibility.committee, untouched)
    return select(Document.id).where(Document.id.in_(ids), *committees)


def _called_to_by_nobody(ids: Collection[UUID]) -> Select[UUID]:
    return select(Meeting.id).where(Meeting.id.in_(ids), Meeting.status == MeetingStatus.draft)


def _never_of_others(ids: Collection[UUID]) -> Select[UUID]:
    # Whom a meeting's corrected course no longer names had its draft minutes; whom its roll no longer says there, had
    # them if they were sent before.
    one = func.unnest(cast(list(ids), ARRAY(Uuid))).column_valued("one")
    sent_at = select(Minutes.sent_at).where(Minutes.meeting_id == one).scalar_subquery()
    corrected = or_(
        EventRow.code == CourseCorrected.code, and_(EventRow.code == RollTaken.code, EventRow.occurred_at >= sent_at)
    )
    return select(one).where(~select(EventRow.id).where(EventRow.subject_id == one, corrected).exists())


RESOURCES = (
    Resource("activity_entry", _of(find_activity_entries), stays=True),
    Resource("announcement", _of(find_announcements), hidden=_unpublished),
    Resource("away_period", _of(find_away_periods), stays=True),
    Resource("comment", _of(find_comments), stays=True),
    Resource("document", _of(find_documents), hidden=_of_committees),
    Resource("meeting", _of(find_meetings), hidden=_called_to_by_nobody),
    Resource("member", _of(find_members)),
    Resource("minutes", _of(find_minutes), hidden=_never_of_others),
    Resource("notification", _load_notifications, stays=True),
    Resource("organisation", _of(find_organisations)),
    Resource("poll", _of(find_polls), stays=True),
    Resource("post", _of(find_posts)),
    Resource("resolution", _of(find_resolutions), stays=True),
    Resource("roll", _of(find_rolls)),
    Resource("task", _of(find_tasks)),
)
