"""What people are told of reorganisations: whom, and in which words."""

from datetime import timedelta

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Audience, Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.security import PostKind
from app.members.models import Post
from app.members.queries import holds_on
from app.organisations.models import Organisation
from app.reorganisations.events import OrganisationReorganised, ReorganisationFailed
from app.reorganisations.models import Reorganisation

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")
_BODIES = {
    "merger": Text(vi="Hợp nhất từ: {former}", en="Merged from: {former}"),
    "division": Text(vi="Tách từ: {former}", en="Split from: {former}"),
    "move": Text(vi="Trực thuộc tổ chức khác từ hôm nay", en="It belongs to another organisation from today on"),
    "renaming": Text(vi="Tên cũ: {former}", en="Its former name: {former}"),
}


async def _prepare_reorganised(session: Session, event: OrganisationReorganised) -> Prepared:
    organisation = await session.get_one(Organisation, event.subject_id)
    return Prepared(
        audience=Audience(organisation_id=event.subject_id),
        params={"kind": event.kind, "name": organisation.name, "former": ", ".join(event.former_names)},
        expires_at=session.now() + LONGEST,
    )


async def _prepare_failed(session: Session, event: ReorganisationFailed) -> Prepared:
    plan = await session.get_one(Reorganisation, event.subject_id)
    organisation = await session.get_one(Organisation, plan.organisation_id)
    # Whoever sees the plan today: who made it may hold no post any more.
    administrators = select(Post.member_id).where(
        Post.organisation_id.in_(organisation.path),
        Post.kind == PostKind.administrator,
        holds_on(Post.starts_on, Post.ends_on, session.today()),
    )
    return Prepared(
        audience=administrators.distinct(),
        params={"name": organisation.name, "day": plan.effective_on.strftime("%d/%m/%Y")},
        expires_at=session.now() + LONGEST,
    )


def _render_reorganised(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Sắp xếp tổ chức: {name}", en="Reorganised: {name}").format(name=params["name"])
    return title.to(reader.locale), _BODIES[params["kind"]].format(former=params["former"]).to(reader.locale)


def _render_failed(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Không thực hiện được việc sắp xếp: {name}", en="Not reorganised: {name}")
    body = Text(vi="Dự kiến ngày {day}; xem lý do trong phương án", en="Planned for {day}; the plan says why")
    return title.format(name=params["name"]).to(reader.locale), body.format(day=params["day"]).to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=OrganisationReorganised,
        type="organisation_reorganised",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Tổ chức của đồng chí được sắp xếp lại", en="Your organisation has been reorganised"),
        prepare=_prepare_reorganised,
        render=_render_reorganised,
    ),
    Notice(
        event=ReorganisationFailed,
        type="reorganisation_failed",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Một việc sắp xếp đã định không thực hiện được", en="A planned reorganisation was not possible"),
        prepare=_prepare_failed,
        render=_render_failed,
    ),
)
