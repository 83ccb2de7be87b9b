"""The read of what is said to oneself: a screen (`kernel.screens`)."""

from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.announcements.models import Announcement, AnnouncementDocument, AnnouncementReceipt
from app.announcements.queries import addresses_on, is_current
from app.documents.models import Document
from app.documents.queries import visible_to_asking
from app.kernel.asking import ENDED, ME, NOW, TODAY
from app.kernel.db import Question
from app.kernel.pagination import PageRequest
from app.kernel.screens import LAST_ID, LIMIT, Listed, instant, page_of

_INSTANT = DateTime(timezone=True)
_LAST_PUBLISHED = bindparam("last_published", None, _INSTANT)
_ALWAYS = literal_column("'infinity'::timestamptz", _INSTANT)
_ANY_ID = literal_column("'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid", Uuid())


def behind(paging: PageRequest) -> dict[str, Any]:
    """Return the parameters (Any: of several types) of `my_announcements`; raises CursorInvalid."""
    after = paging.after_instant() or (None, None)
    return {"last_published": after[0], "last_id": after[1]}


@cache
def my_announcements() -> Question:
    """Ask for what is said to the caller today: published, not expired, not withdrawn; the newest first."""
    found = (
        select(
            *Announcement.__table__.columns,
            _documents().label("documents"),
            AnnouncementReceipt.opened_at,
            AnnouncementReceipt.acknowledged_at,
        )
        .outerjoin(
            AnnouncementReceipt,
            and_(AnnouncementReceipt.announcement_id == Announcement.id, AnnouncementReceipt.member_id == ME),
        )
        .where(
            is_current(NOW),
            addresses_on(ME, ENDED, TODAY),
            tuple_(Announcement.published_at, Announcement.id)
            < tuple_(func.coalesce(_LAST_PUBLISHED, _ALWAYS), func.coalesce(LAST_ID, _ANY_ID)),
        )
        .order_by(Announcement.published_at.desc(), Announcement.id.desc())
        .limit(LIMIT + 1)
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    shown = found.c
    state = func.concat_ws(
        ".", shown.id, shown.version, shown.opened_at, shown.acknowledged_at, cast(shown.documents, Text)
    )
    order = (shown.published_at.desc(), shown.id.desc())
    return page_of(Listed(found=found, state=state, order=order, key=instant(shown.published_at), items=_items))


def _items(found: CTE) -> Select[Any]:
    # Any: as `AnnouncementView` has them; what is current is published.
    shown = found.c
    audience = func.json_build_object("part", shown.audience_part, "post_kinds", shown.audience_post_kinds)
    instants = ("publish_at", "published_at", "expires_at", "opened_at", "acknowledged_at")
    told = ("id", "version", "organisation_id", "title", "body", "status", "needs_acknowledgement")
    return select(
        *(shown[name] for name in told),
        audience.label("audience"),
        *(instant(shown[name]).label(name) for name in instants),
        func.coalesce(shown.documents, func.json_build_array()).label("documents"),
    )


def _documents() -> ColumnElement[Any]:
    """Return what goes with a row of `announcements`, as far as the reader may open it (Any: JSON), or null."""
    shown = (Document.id, Document.title, Document.file_name, Document.media_type, Document.size_bytes)
    one = func.json_build_object(
        *(part for column in shown for part in (column.name, column)), "uploaded_at", instant(Document.uploaded_at)
    )
    return (
        select(func.json_agg(aggregate_order_by(one, AnnouncementDocument.position)))
        .join_from(AnnouncementDocument, Document, Document.id == AnnouncementDocument.document_id)
        .where(AnnouncementDocument.announcement_id == Announcement.id, visible_to_asking())
        .correlate(Announcement)
        .scalar_subquery()
    )
