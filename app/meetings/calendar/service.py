"""Commands of the calendar: take an address, revoke it, and a program's fetch, which is noted once an hour."""

import secrets
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import or_, update

from app.identity.models import Account
from app.kernel.db import Session, unless_overtaken
from app.kernel.events import record
from app.kernel.security import Actor
from app.meetings.calendar import queries
from app.meetings.calendar.events import CalendarEnded, CalendarMade
from app.meetings.calendar.feed import write_feed
from app.meetings.calendar.models import CalendarFeed
from app.meetings.calendar.schemas import CalendarAddress

KNOWN_AS_REVOKED_FOR = timedelta(days=180)
"""From then on an address is answered like one never given."""
NOTED_EVERY = timedelta(hours=1)
SECRET_BYTES = 32


async def make_my_calendar(session: Session, actor: Actor, *, public_url: str) -> CalendarAddress:
    """Give out a new address, which ends the one before."""
    await session.get_one(Account, actor.account_id, with_for_update=True)  # of two at once, the later one's holds
    await _revoke(session, actor)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed = CalendarFeed(
        id=session.new_id(),
        account_id=actor.account_id,
        secret_hash=queries.secret_hash(secret),
        created_at=session.now(),
    )
    session.add(feed)
    await record(
        session,
        CalendarMade(organisation_id=actor.organisation_id, subject_id=feed.id, actor_member_id=actor.member_id),
    )
    address = f"{public_url.rstrip('/')}/v1/calendars/{secret}.ics"
    url = "webcal://" + address.partition("://")[2]
    return CalendarAddress(url=url, https_url=address, created_at=feed.created_at)


async def revoke_my_calendar(session: Session, actor: Actor) -> None:
    """End one's address; again changes nothing."""
    ended = await _revoke(session, actor)
    if ended is not None:
        await record(
            session,
            CalendarEnded(organisation_id=actor.organisation_id, subject_id=ended, actor_member_id=actor.member_id),
        )


async def fetch_calendar(session: Session, secret: str, *, public_url: str) -> bytes:
    """Return the feed of an address; raises CalendarNotFound, CalendarRevoked.

    The fetch is noted, but no more than once an hour: programs that ask each minute write nothing.
    """
    feed, reader = await queries.find_by_secret(session, secret)
    entries = await queries.list_entries(session, reader)
    due = session.now() - NOTED_EVERY
    if feed.last_fetched_at is None or feed.last_fetched_at <= due:
        async with unless_overtaken(session):
            await session.execute(
                update(CalendarFeed)
                .where(
                    CalendarFeed.id == feed.id,
                    or_(CalendarFeed.last_fetched_at.is_(None), CalendarFeed.last_fetched_at <= due),
                )
                .values(last_fetched_at=session.now())
            )
    return write_feed(entries, host=str(urlsplit(public_url).hostname))


async def _revoke(session: Session, actor: Actor) -> UUID | None:
    ended: UUID | None = await session.scalar(
        update(CalendarFeed)
        .where(CalendarFeed.account_id == actor.account_id, CalendarFeed.revoked_at.is_(None))
        .values(revoked_at=session.now())
        .returning(CalendarFeed.id)
    )
    return ended
