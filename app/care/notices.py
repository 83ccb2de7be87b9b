"""What a nudged member is told."""

from datetime import timedelta

from sqlalchemy import select

from app.care.events import MemberNudged
from app.care.models import Nudge
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.members.models import Member

LONGEST = timedelta(hours=72)
"""A phone abroad may be off the network for a weekend; the inbox keeps it anyway."""


async def _prepare(session: Session, event: MemberNudged) -> Prepared | None:
    """Tell the member, unless no worker came to it for days: a nudge is of its hour."""
    nudge = await session.get_one(Nudge, event.nudge_id)
    expires_at = nudge.nudged_at + LONGEST
    if expires_at <= session.now():
        return None
    return Prepared(
        audience=select(Member.id).where(Member.id == nudge.member_id),
        params={},
        expires_at=expires_at,
    )


def _render(_: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Chi bộ hỏi thăm đồng chí", en="Your branch asks after you")
    body = Text(
        vi="Chi bộ mong nhận được tin của đồng chí. Mời đồng chí xem thông báo, trả lời lịch sinh hoạt, hoặc gọi điện "
        "cho chi bộ khi thuận tiện.",
        en="Your branch would be glad to hear from you. Please look at the notices, reply to the meeting, or ring up "
        "when it suits you.",
    )
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=MemberNudged,
        type="member_nudged",
        channel=Channel.system,
        title=Text(vi="Sổ tay đảng viên", en="Member handbook"),
        body=Text(vi="Chi bộ mong nhận được tin của đồng chí", en="Your branch would be glad to hear from you"),
        prepare=_prepare,
        render=_render,
    ),
)
