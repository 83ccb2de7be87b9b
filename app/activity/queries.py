"""Reads of the log: a member's own year, and an organisation's facts."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Text, case, cast, null, select, union_all

from app.activity import access
from app.activity.access import Reading
from app.activity.models import ActivityType
from app.activity.schemas import ActivityPage, ActivitySubject, ActivityView, LogEntryView, LogPage
from app.activity.sources import SOURCES
from app.activity.wording import PUBLIC, TO_LEADERS, TO_ORGANISERS, say_activity, say_fact
from app.activity.years import bounds_of_year
from app.announcements.models import Announcement, AnnouncementStatus
from app.documents.queries import documents_of
from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.models import EventRow
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.meetings.models import Meeting, MeetingTask
from app.members.models import Member
from app.organisations.queries import get_visible_organisation
from app.polls.models import Poll
from app.resolutions.models import Resolution, ResolutionComment

_COMMENTED = (
    select(Resolution.title)
    .where(Resolution.id == ResolutionComment.resolution_id)
    .correlate(ResolutionComment)
    .scalar_subquery()
)
_PUBLISHED = case((Announcement.status == AnnouncementStatus.published, Announcement.title))

# What a fact's subject is called, by its type, where every organiser may know it: entries and documents of somebody's
# own are for leaders, unpublished announcements for their authors. The title of what was deleted is gone with it.
_TITLES = (
    ("meeting", Meeting.id, Meeting.title),
    ("poll", Poll.id, Poll.question),
    ("resolution", Resolution.id, Resolution.title),
    ("comment", ResolutionComment.id, _COMMENTED),
    ("minutes", Meeting.id, Meeting.title),
    ("announcement", Announcement.id, _PUBLISHED),
    ("task", MeetingTask.id, MeetingTask.title),
)
_TOLD = {Reading.leader: TO_LEADERS, Reading.organiser: TO_ORGANISERS, Reading.officer: PUBLIC}
"""The codes of the facts that readers are told of; auditors of all."""


async def list_my_activity(
    session: Session,
    actor: Actor,
    *,
    year: int | None,
    kind: ActivityType | None,
    paging: PageRequest,
    locale: Locale,
) -> ActivityPage:
    """Return what the caller took part in during a year (this one by default, in Việt Nam), the newest first."""
    begin, end = bounds_of_year(year or session.today().year)
    after = paging.after_instant()
    wanted = union_all(
        *(
            source.newest(actor.member_id, begin=begin, end=end, after=after, limit=paging.limit + 1)
            .subquery()
            .select()
            for source in SOURCES
            if kind in (None, source.type)
        )
    ).subquery()
    newest = wanted.select().order_by(wanted.c.occurred_at.desc(), wanted.c.id.desc()).limit(paging.limit + 1)
    rows = (await session.execute(newest)).all()
    documents = await documents_of(session, [row.document_id for row in rows if row.document_id])

    def view(row: Row[Any]) -> ActivityView:  # Any: a row of many columns
        said = say_activity(ActivityType(row.type), variant=row.variant, title=row.title, locale=locale)
        return ActivityView(
            id=row.id,
            type=row.type,
            occurred_at=row.occurred_at,
            organisation_id=row.organisation_id,
            subject=ActivitySubject(type=row.subject_type, id=row.subject_id),
            summary=said,
            status=row.status,
            title=row.title if row.status else None,
            body=row.body,
            document=documents.get(row.document_id),
        )

    return paging.page(rows, into=ActivityPage, view=view, key=lambda row: (row.occurred_at.isoformat(), row.id))


async def list_activity(
    session: Session, actor: Actor, organisation_id: UUID, *, paging: PageRequest, locale: Locale
) -> LogPage:
    """Return an organisation's facts, the newest first, as far as the caller may know them.

    Organisers read them in words, with who did it, the minute-taker nothing of records; officers above what is public,
    without; auditors everything as codes with ids, and no title. Raises OrganisationNotFound, NotForYourPost.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    reading = access.reading_of_log(actor, organisation.path)
    title: ColumnElement[Any] = cast(null(), Text) if reading is Reading.auditor else _title()
    wanted = (
        select(
            EventRow.id,
            EventRow.occurred_at,
            EventRow.code,
            EventRow.organisation_id,
            EventRow.subject_type,
            EventRow.subject_id,
            EventRow.actor_member_id,
            Member.full_name,
            title.label("title"),
        )
        .outerjoin(Member, Member.id == EventRow.actor_member_id)
        .where(EventRow.organisation_id == organisation.id)
        .order_by(EventRow.id.desc())
        .limit(paging.limit + 1)
    )
    if reading is not Reading.auditor:
        wanted = wanted.where(EventRow.code.in_(_TOLD[reading]))
    if paging.after is not None:
        wanted = wanted.where(EventRow.id < paging.after[1])
    rows = (await session.execute(wanted)).all()

    def view(row: Row[Any]) -> LogEntryView:  # Any: a row of many columns
        return LogEntryView(
            id=row.id,
            type=row.code,
            occurred_at=row.occurred_at,
            organisation_id=row.organisation_id,
            subject=ActivitySubject(type=row.subject_type, id=row.subject_id),
            summary=say_fact(row.code, title=row.title, locale=locale),
            actor_member_id=None if reading is Reading.officer else row.actor_member_id,
            actor_name=row.full_name if reading in {Reading.leader, Reading.organiser} else None,
        )

    return paging.page(rows, into=LogPage, view=view, key=lambda row: ("", row.id))


def _title() -> ColumnElement[Any]:
    return case(
        *(
            (EventRow.subject_type == kind, select(title).where(identifier == EventRow.subject_id).scalar_subquery())
            for kind, identifier, title in _TITLES
        )
    )
