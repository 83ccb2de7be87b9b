"""Which facts of privacy people are told of, whom, and in which words."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.security import LEADERS, PostKind
from app.members.models import Member, Post
from app.members.queries import holds_on
from app.organisations.models import Organisation
from app.privacy.events import CorrectionAccepted, CorrectionEvent, CorrectionRejected, CorrectionRequested
from app.privacy.models import CorrectableField, CorrectionRequest, CorrectionStatus

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")

FIELDS = {
    CorrectableField.full_name: Text(vi="Họ và tên", en="Full name"),
    CorrectableField.born_on: Text(vi="Ngày sinh", en="Date of birth"),
    CorrectableField.sex: Text(vi="Giới tính", en="Sex"),
    CorrectableField.card_number: Text(vi="Số thẻ đảng", en="Party card number"),
    CorrectableField.citizen_id: Text(vi="Số căn cước", en="Citizen id"),
    CorrectableField.phone: Text(vi="Số điện thoại", en="Phone number"),
    CorrectableField.admitted_on: Text(vi="Ngày vào Đảng", en="Date of admission"),
    CorrectableField.official_on: Text(vi="Ngày chính thức", en="Official date"),
}


async def _prepare_requested(session: Session, event: CorrectionRequested) -> Prepared | None:
    """Tell who decides it, unless it was settled meanwhile."""
    request = await session.get_one(CorrectionRequest, event.subject_id)
    if request.status is not CorrectionStatus.pending:
        return None
    judges = await _find_judges(session, event)
    audience = select(Member.id).where(Member.id.in_(judges))
    return Prepared(audience=audience, params={"field": event.field.value}, expires_at=session.now() + LONGEST)


async def _find_judges(session: Session, event: CorrectionRequested) -> set[UUID]:
    """Return the leaders of the branch but for the asker, since nobody decides their own.

    Where there is no other, those of the nearest organisation on the path, the branch itself first, who administer it.
    """
    branch = await session.get_one(Organisation, event.organisation_id)
    keeps = or_(
        and_(Post.organisation_id == branch.id, Post.kind.in_(LEADERS)),
        and_(Post.organisation_id.in_(branch.path), Post.kind == PostKind.administrator),
    )
    of_others = (Post.member_id != event.member_id, holds_on(Post.starts_on, Post.ends_on, session.today()))
    posts = (await session.scalars(select(Post).where(keeps, *of_others))).all()
    leaders = {post.member_id for post in posts if post.kind in LEADERS}
    nearest = max((branch.path.index(post.organisation_id) for post in posts), default=0)
    return leaders or {post.member_id for post in posts if post.organisation_id == branch.path[nearest]}


async def _prepare_decided(session: Session, event: CorrectionEvent) -> Prepared:
    request = await session.get_one(CorrectionRequest, event.subject_id)
    return Prepared(
        audience=select(Member.id).where(Member.id == event.member_id),
        params={"field": event.field.value, "answer": request.answer},
        expires_at=session.now() + LONGEST,
    )


def _field(params: Params, reader: Reader) -> str:
    return FIELDS[CorrectableField(params["field"])].to(reader.locale)


def _render_requested(params: Params, reader: Reader) -> tuple[str, str]:
    return Text(vi="Đề nghị sửa hồ sơ", en="Correction requested").to(reader.locale), _field(params, reader)


def _render_accepted(params: Params, reader: Reader) -> tuple[str, str]:
    return Text(vi="Hồ sơ đã được sửa", en="Record corrected").to(reader.locale), _field(params, reader)


def _render_rejected(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Không sửa hồ sơ: {field}", en="Record not corrected: {field}")
    reason = Text(vi="Lý do: {reason}", en="Reason: {reason}").format(reason=params["answer"])
    return title.to(reader.locale).format(field=_field(params, reader)), reason.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=CorrectionRequested,
        type="correction_requested",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Có đề nghị sửa hồ sơ chờ xem xét", en="A correction request waits for a decision"),
        prepare=_prepare_requested,
        render=_render_requested,
    ),
    Notice(
        event=CorrectionAccepted,
        type="correction_accepted",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Đề nghị sửa hồ sơ đã được xem xét", en="Your correction request is decided"),
        prepare=_prepare_decided,
        render=_render_accepted,
    ),
    Notice(
        event=CorrectionRejected,
        type="correction_rejected",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Đề nghị sửa hồ sơ đã được xem xét", en="Your correction request is decided"),
        prepare=_prepare_decided,
        render=_render_rejected,
    ),
)
