"""Reads of the inbox and the wishes."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.identity.models import Account, Device
from app.identity.queries import is_active
from app.kernel.db import Session
from app.kernel.notices import Notices, Reader, by_type, render_unknown
from app.kernel.push import Channel
from app.kernel.security import Actor
from app.members.audiences.queries import addresses
from app.members.models import Member
from app.notifications.models import InboxEntry, Notification, NotificationPreference
from app.notifications.schemas import (
    NotificationView,
    PreferenceList,
    PreferenceView,
    PushChannel,
)

FIXED_LINES = "+842"
"""Vietnam's fixed lines, which take no text messages."""

# What was withdrawn stays in the inboxes that have a row of it; a broad notice would be news to whoever looks next.
_stands = or_(Notification.audience_organisation_id.is_(None), Notification.withdrawn_at.is_(None))


def is_broad_and_unread(
    member_id: SQLColumnExpression[UUID], ended: SQLColumnExpression[Sequence[UUID]]
) -> ColumnElement[bool]:
    """Say, for a row of `notifications`, that it addressed a member on its day, as a broad notice, and is not read."""
    return and_(
        Notification.audience_organisation_id.is_not(None),
        Notification.withdrawn_at.is_(None),
        addresses(
            member_id,
            ended,
            organisation_id=Notification.audience_organisation_id,
            part=Notification.audience_part,
            post_kinds=Notification.audience_post_kinds,
            on=Notification.addressed_on,
        ),
        ~exists().where(InboxEntry.member_id == member_id, InboxEntry.notification_id == Notification.id),
    )


async def find_notifications(
    session: Session, actor: Actor, ids: Collection[UUID], *, notices: Notices, reader: Reader, public_url: str
) -> list[NotificationView]:
    """Return those of the notices that are in the inbox, in the reader's words."""
    given = {"me": actor.member_id, "ended": list(actor.ended), "ids": list(ids)}
    rows = (await session.execute(_select_found(), given)).all()
    return _views(rows, notices=notices, reader=reader, public_url=public_url)


# Made once: to put it together takes longer than to answer it.
@cache
def _select_found() -> CompoundSelect[Any]:
    # Any: rows of several columns.
    ended, ids = (bindparam(name, type_=ARRAY(Uuid())) for name in ("ended", "ids"))
    kinds = select_inbox(bindparam("me", type_=Uuid()), ended)
    return union_all(*(some.where(identifier == any_(ids)) for some, identifier in kinds))


def select_inbox(
    member_id: SQLColumnExpression[UUID], ended: SQLColumnExpression[Sequence[UUID]]
) -> tuple[tuple[Select[Any], InstrumentedAttribute[UUID]], ...]:
    """Select what has a row in a member's inbox, and what is broad and not read, each with its id to narrow it by.

    Any: rows of several columns.
    """
    shown = (Notification.id, Notification.type, Notification.subject_id, Notification.params)
    # With an offset it stays inside, and is looked up for one row of the inbox after another: joined, the planner may
    # walk through everybody's notices for the newest of one member.
    noticed = select(*shown).where(Notification.id == InboxEntry.notification_id, _stands).offset(0).lateral("noticed")
    in_a_row = (
        select(noticed, InboxEntry.created_at, InboxEntry.read_at)
        .join_from(InboxEntry, noticed, true())
        .where(InboxEntry.member_id == member_id)
    )
    broad = is_broad_and_unread(member_id, ended)
    in_none = select(*shown, Notification.created_at, null().label("read_at")).where(broad)
    return (in_a_row, InboxEntry.notification_id), (in_none, Notification.id)


def _views(rows: Sequence[Row[Any]], *, notices: Notices, reader: Reader, public_url: str) -> list[NotificationView]:
    kinds = by_type(notices)
    views = []
    for row in rows:
        render = kinds[row.type].render if row.type in kinds else render_unknown
        title, body = render(row.params, reader)
        views.append(
            NotificationView(
                id=row.id,
                type=row.type,
                title=title,
                body=body,
                link=f"{public_url}/m/{row.subject_id}",
                created_at=row.created_at,
                read_at=row.read_at,
            )
        )
    return views


async def list_my_preferences(session: Session, actor: Actor) -> PreferenceList:
    """Return every kind on every channel with the member's wish; what was never said is on."""
    rows = await session.execute(
        select(NotificationPreference.kind, NotificationPreference.channel, NotificationPreference.enabled).where(
            NotificationPreference.account_id == actor.account_id
        )
    )
    said = {(row.kind, row.channel): row.enabled for row in rows}
    items = [
        PreferenceView(kind=kind, channel=channel, enabled=said.get((kind.value, channel.value), True))
        for kind in Channel
        for channel in PushChannel
    ]
    return PreferenceList(items=items, next_cursor=None)


def select_texted(notification_id: UUID, today: date) -> Select[UUID]:
    """Select the members who can only be told by a text message: they have a mobile's number and never had the app.

    Of a notice that stands in their inbox, unread; a broad one is sent to nobody.
    """
    return (
        select(Member.id)
        .join(InboxEntry, InboxEntry.member_id == Member.id)
        .where(
            InboxEntry.notification_id == notification_id,
            InboxEntry.read_at.is_(None),
            Member.phone.is_not(None),
            ~Member.phone.startswith(FIXED_LINES),
            is_active(today),
            ~exists().where(Account.member_id == Member.id, Device.account_id == Account.id),
        )
    )
