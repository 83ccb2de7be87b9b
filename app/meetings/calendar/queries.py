"""Reads of calendars: whether one has one, whose an address is, and what it shows."""

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.identity.queries import find_reader
from app.kernel.context import Door, knock
from app.kernel.db import Session
from app.kernel.models import EventRow
from app.kernel.security import Actor, Reader
from app.meetings.calendar.errors import CalendarNotFound, CalendarRevoked
from app.meetings.calendar.feed import Entry, say_location
from app.meetings.calendar.models import CalendarFeed
from app.meetings.calendar.schemas import CalendarState
from app.meetings.convening.queries import is_called
from app.meetings.events import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingEdited,
    MeetingLapsed,
    MeetingMoved,
    MeetingPostponed,
)
from app.meetings.models import Meeting, MeetingStatus
from app.meetings.queries import rules_of

BACK = timedelta(days=60)
AHEAD = timedelta(days=400)
CANCELLED_FOR = timedelta(days=30)
_CHANGES = [
    event.code
    for event in (MeetingAnnounced, MeetingEdited, MeetingMoved, MeetingPostponed, MeetingCancelled, MeetingLapsed)
]
_COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (  # Any: of several types
    Meeting.id,
    Meeting.status,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.time_zone,
    Meeting.place,
    Meeting.online_url,
    Meeting.schedule_version,
    Meeting.rule_set,
)


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret; it has 256 bits already, so a plain SHA-256 protects it."""
    return hashlib.sha256(secret.encode()).digest()


async def get_my_calendar(session: Session, actor: Actor) -> CalendarState:
    """Return whether one has a calendar, never its address: only its hash is kept."""
    feed = await session.scalar(
        select(CalendarFeed).where(CalendarFeed.account_id == actor.account_id, CalendarFeed.revoked_at.is_(None))
    )
    return CalendarState(
        exists=feed is not None,
        created_at=feed.created_at if feed else None,
        last_fetched_at=feed.last_fetched_at if feed else None,
    )


async def find_by_secret(session: Session, secret: str) -> tuple[CalendarFeed, Reader]:
    """Return a feed and whose it is; raises CalendarRevoked.

    Raises CalendarNotFound alike for an address never given and for an account or a membership that ended.
    """
    hashed = secret_hash(secret)
    await knock(session, Door.calendar, hashed.hex())
    feed = await session.scalar(select(CalendarFeed).where(CalendarFeed.secret_hash == hashed))
    if feed is None:
        raise CalendarNotFound
    if feed.revoked_at is not None:
        raise CalendarRevoked
    reader = await find_reader(session, feed.account_id)
    if reader is None:
        raise CalendarNotFound
    return feed, reader


async def list_entries(session: Session, reader: Reader) -> list[Entry]:
    """Return the meetings the member is called to, by their start, from 60 days ago until 400 days ahead.

    A cancelled one stays for 30 days after it was cancelled, so that calendars take it away.
    """
    now = session.now()
    changed_at = func.coalesce(
        select(func.max(EventRow.occurred_at))
        .where(EventRow.subject_id == Meeting.id, EventRow.code.in_(_CHANGES))
        .scalar_subquery(),
        Meeting.created_at,
    )
    wanted: Select[Any] = (
        select(*_COLUMNS, changed_at.label("changed_at"))
        .where(
            is_called(reader, session.today()),
            Meeting.status != MeetingStatus.draft,
            Meeting.starts_at >= now - BACK,
            Meeting.starts_at < now + AHEAD,
            or_(Meeting.status != MeetingStatus.cancelled, changed_at > now - CANCELLED_FOR),
        )
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return [
        Entry(
            meeting_id=row.id,
            starts_at=row.starts_at,
            ends_at=row.ends_at or row.starts_at + rules_of(row).shortest_meeting,
            time_zone=row.time_zone,
            location=say_location(place=row.place, online=row.online_url is not None),
            # RFC 5545, 3.8.7.4: a cancellation is a revision too, and the last one.
            sequence=row.schedule_version + (row.status is MeetingStatus.cancelled),
            changed_at=row.changed_at,
            is_cancelled=row.status is MeetingStatus.cancelled,
        )
        for row in await session.execute(wanted)
    ]
