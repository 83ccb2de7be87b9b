"""Reads of the inbox and the wishes."""

from sqlalchemy import select, tuple_

from app.kernel.db import Session
from app.kernel.notices import Notices, Reader, by_type
from app.kernel.pagination import PageRequest
from app.kernel.push import Channel
from app.kernel.security import Actor
from app.notifications.models import InboxEntry, Notification, NotificationPreference
from app.notifications.schemas import (
    NotificationPage,
    NotificationView,
    PreferenceList,
    PreferenceView,
    PushChannel,
)


async def list_my_notifications(
    session: Session, actor: Actor, *, paging: PageRequest, notices: Notices, reader: Reader, public_url: str
) -> NotificationPage:
    """Return a page of the inbox, newest first, in the reader's words."""
    wanted = (
        select(
            Notification.id,
            Notification.type,
            Notification.subject_id,
            Notification.params,
            InboxEntry.created_at,
            InboxEntry.read_at,
        )
        .join(Notification, Notification.id == InboxEntry.notification_id)
        .where(InboxEntry.member_id == actor.member_id)
        .order_by(InboxEntry.notification_id.desc())
        .limit(paging.limit + 1)
    )
    if paging.after is not None:
        wanted = wanted.where(tuple_(InboxEntry.notification_id) < tuple_(paging.after[1]))
    rows = (await session.execute(wanted)).all()
    kinds = by_type(notices)
    views = []
    for row in rows:
        title, body = kinds[row.type].render(row.params, reader)
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
    return paging.page(views, into=NotificationPage, view=lambda view: view, key=lambda view: ("", view.id))


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
