"""What people are told of announcements."""

from datetime import timedelta

from app.announcements.events import AnnouncementPublished
from app.announcements.models import Announcement, AnnouncementStatus
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel

LONGEST = timedelta(hours=24)


async def _prepare_published(session: Session, event: AnnouncementPublished) -> Prepared | None:
    # Kept as it is until the notice is written: a withdrawal that comes between would find no notice to withdraw.
    announcement = await session.get_one(Announcement, event.subject_id, with_for_update={"read": True})
    until = session.now() + LONGEST
    if announcement.expires_at is not None:
        until = min(until, announcement.expires_at)
    if announcement.status is not AnnouncementStatus.published or until <= session.now():
        return None
    return Prepared(
        audience=announcement.audience,
        params={"title": announcement.title, "needs_acknowledgement": announcement.needs_acknowledgement},
        expires_at=until,
    )


def _render_published(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Thông báo: {title}", en="Announcement: {title}").format(title=params["title"])
    body = {
        True: Text(vi="Mở để đọc và xác nhận đã nhận", en="Open it to read it and to acknowledge it"),
        False: Text(vi="Mở để đọc", en="Open it to read it"),
    }[params["needs_acknowledgement"]]
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=AnnouncementPublished,
        type="announcement_published",
        channel=Channel.announcement,
        title=Text(vi="Sổ tay đảng viên", en="Member handbook"),
        body=Text(vi="Có thông báo mới", en="There is a new announcement"),
        prepare=_prepare_published,
        render=_render_published,
    ),
)
