"""Which facts of activity people are told of, whom, and in which words."""

from datetime import timedelta

from sqlalchemy import select

from app.activity.events import EntryConfirmed, EntryEvent, EntryReturned
from app.activity.models import ActivityEntry, EntryStatus
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.members.models import Member

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")


async def _prepare(session: Session, event: EntryEvent) -> Prepared | None:
    """Tell the one who wrote it, unless they have written it anew or withdrawn it meanwhile.

    By its status: its version has risen where a backup was brought back since.
    """
    entry = await session.get(ActivityEntry, event.subject_id, with_for_update={"read": True})
    said = EntryStatus.confirmed if isinstance(event, EntryConfirmed) else EntryStatus.returned
    if entry is None or entry.status is not said:
        return None
    return Prepared(
        audience=select(Member.id).where(Member.id == entry.member_id),
        params={"title": entry.title, "reason": entry.reason},
        expires_at=session.now() + LONGEST,
    )


def _render_confirmed(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Đã xác nhận hoạt động", en="Activity confirmed")
    return title.to(reader.locale), params["title"]


def _render_returned(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Cần bổ sung hoạt động: {title}", en="Activity returned: {title}").format(title=params["title"])
    reason = Text(vi="Lý do: {reason}", en="Reason: {reason}").format(reason=params["reason"])
    return title.to(reader.locale), reason.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=EntryConfirmed,
        type="entry_confirmed",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Hoạt động đồng chí ghi đã được xác nhận", en="An activity you wrote down is confirmed"),
        prepare=_prepare,
        render=_render_confirmed,
    ),
    Notice(
        event=EntryReturned,
        type="entry_returned",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Hoạt động đồng chí ghi cần bổ sung", en="An activity you wrote down needs more"),
        prepare=_prepare,
        render=_render_returned,
    ),
)
