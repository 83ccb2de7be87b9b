"""What people are told of their membership: the member, and the branch's leaders."""

from datetime import date, timedelta

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.security import LEADERS
from app.members.models import Member, Post
from app.members.queries import holds_on
from app.memberships.events import MembershipEvent, StandingBegun, StandingChanged
from app.memberships.models import DecidedKind, StandingDecision

_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")
_NEWS = Text(vi="Có thay đổi về trạng thái sinh hoạt", en="A standing of membership has changed")
_KINDS = {
    DecidedKind.temporarily_exempt: Text(vi="Miễn sinh hoạt tạm thời", en="Temporary exemption"),
    DecidedKind.exempt: Text(vi="Miễn công tác và sinh hoạt", en="Exemption"),
    DecidedKind.suspended: Text(vi="Đình chỉ sinh hoạt", en="Suspension"),
}


async def _prepare(session: Session, event: MembershipEvent) -> Prepared:
    decision = await session.get_one(StandingDecision, event.subject_id, with_for_update={"read": True})
    leaders = select(Post.member_id).where(
        Post.organisation_id == event.organisation_id,
        Post.kind.in_(LEADERS),
        holds_on(Post.starts_on, Post.ends_on, session.today()),
    )
    people = leaders.union(select(Member.id).where(Member.id == event.member_id)).subquery()
    name = await session.scalar(select(Member.full_name).where(Member.id == event.member_id))
    return Prepared(
        audience=select(people.c[0]).where(people.c[0] != event.actor_member_id),
        params={
            "member": name,
            "kind": decision.kind.value,
            "starts_on": decision.starts_on.isoformat(),
            "ends_on": None if decision.ends_on is None else decision.ends_on.isoformat(),
            "revoked": decision.revoked_at is not None,
        },
        expires_at=session.now() + timedelta(hours=24),
    )


def _render(params: Params, reader: Reader) -> tuple[str, str]:
    kind = _KINDS[DecidedKind(params["kind"])].to(reader.locale)
    begin = date.fromisoformat(params["starts_on"])
    if params["revoked"]:
        body = Text(vi="Đã hủy vì ghi nhầm", en="Revoked: it was a mistake")
    elif params["ends_on"] is None:
        body = Text(vi="Từ ngày {begin}", en="From {begin}").format(begin=f"{begin:%d/%m/%Y}")
    else:
        end = date.fromisoformat(params["ends_on"])
        days = {"begin": f"{begin:%d/%m/%Y}", "end": f"{end:%d/%m/%Y}"}
        body = Text(vi="Từ ngày {begin} đến ngày {end}", en="From {begin} to {end}").format(**days)
    return f"{kind}: {params['member']}", body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=StandingBegun,
        type="standing_begun",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare,
        render=_render,
    ),
    Notice(
        event=StandingChanged,
        type="standing_changed",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare,
        render=_render,
    ),
)
