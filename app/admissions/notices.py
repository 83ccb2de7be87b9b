"""What people are told of admissions: the branch's leaders of reviews that come due, a member of the recognition."""

from datetime import date, timedelta

from sqlalchemy import select

from app.admissions.events import MemberRecognised, ProbationReviewDue
from app.admissions.models import Candidacy, CandidacyStatus
from app.admissions.queries import is_on_probation
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.security import LEADERS
from app.members.models import Member, Post
from app.members.queries import holds_on

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")


async def _prepare_review(session: Session, event: ProbationReviewDue) -> Prepared | None:
    candidacy = await session.get_one(Candidacy, event.subject_id, with_for_update={"read": True})
    member = await session.get_one(Member, event.member_id)
    if candidacy.status is not CandidacyStatus.admitted or not await is_on_probation(session, member):
        return None
    leaders = select(Post.member_id).where(
        Post.organisation_id == event.organisation_id,
        Post.kind.in_(LEADERS),
        holds_on(Post.starts_on, Post.ends_on, session.today()),
    )
    return Prepared(
        audience=leaders.distinct(),
        params={
            "member": member.full_name,
            "official_due_on": event.official_due_on.isoformat(),
            "review_due_on": event.review_due_on.isoformat(),
        },
        expires_at=session.now() + LONGEST,
    )


async def _prepare_recognised(session: Session, event: MemberRecognised) -> Prepared:
    return Prepared(
        audience=select(Member.id).where(Member.id == event.subject_id),
        params={"official_on": event.official_on.isoformat()},
        expires_at=session.now() + LONGEST,
    )


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _render_review(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Xét công nhận chính thức: {member}", en="Probation to review: {member}")
    body = Text(
        vi="Hết thời gian dự bị ngày {official}; xét công nhận chậm nhất ngày {review}",
        en="The probation is over on {official}; review it by {review}",
    )
    days = {"official": _day(params["official_due_on"]), "review": _day(params["review_due_on"])}
    return title.format(member=params["member"]).to(reader.locale), body.format(**days).to(reader.locale)


def _render_recognised(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Công nhận đảng viên chính thức", en="You are an official member")
    body = Text(vi="Từ ngày {day}", en="From {day}").format(day=_day(params["official_on"]))
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=ProbationReviewDue,
        type="probation_review_due",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Có đảng viên dự bị sắp đến hạn xét công nhận", en="A probation is due for its review"),
        prepare=_prepare_review,
        render=_render_review,
    ),
    Notice(
        event=MemberRecognised,
        type="member_recognised",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Có quyết định về đảng tịch của đồng chí", en="A decision about your membership"),
        prepare=_prepare_recognised,
        render=_render_recognised,
    ),
)
