"""What people are told of transfers: the secretaries of both branches, and the member."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.security import LEADERS
from app.members.models import Member, Post
from app.members.queries import holds_on
from app.organisations.models import Organisation
from app.transfers.events import (
    MemberDeparted,
    StayChanged,
    TransferAccepted,
    TransferEvent,
    TransferRefused,
    TransferReminderDue,
    TransferStarted,
    TransferWithdrawn,
)
from app.transfers.models import Transfer, TransferStatus

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")
_NEWS = Text(vi="Có thông tin về thủ tục chuyển sinh hoạt đảng", en="News of a transfer of membership")


def _leaders(session: Session, organisation_ids: Sequence[UUID | None]) -> Select[UUID]:
    return select(Post.member_id).where(
        Post.organisation_id.in_([one for one in organisation_ids if one is not None]),
        Post.kind.in_(LEADERS),
        holds_on(Post.starts_on, Post.ends_on, session.today()),
    )


async def _prepared(
    session: Session, transfer: Transfer, leaders: Select[UUID], *, member: bool, by: UUID | None, **more: int
) -> Prepared:
    people = leaders.union(select(Member.id).where(Member.id == transfer.member_id)) if member else leaders.distinct()
    everybody = people.subquery()
    audience = select(everybody.c[0])
    names = await session.execute(
        select(Organisation.id, Organisation.name).where(
            Organisation.id.in_([transfer.from_organisation_id, transfer.to_organisation_id])
        )
    )
    name = {row.id: row.name for row in names}
    params = {
        "member": await session.scalar(select(Member.full_name).where(Member.id == transfer.member_id)),
        "from": name[transfer.from_organisation_id],
        "to": transfer.to_place if transfer.to_organisation_id is None else name[transfer.to_organisation_id],
        "until": None if transfer.until is None else transfer.until.isoformat(),
        **more,
    }
    return Prepared(
        audience=audience if by is None else audience.where(everybody.c[0] != by),
        params=params,
        expires_at=session.now() + LONGEST,
    )


async def _transfer(session: Session, event: TransferEvent | TransferReminderDue) -> Transfer:
    """Return the transfer, kept as it is until the notice is written."""
    return await session.get_one(Transfer, event.subject_id, with_for_update={"read": True})


async def _prepare_started(session: Session, event: TransferStarted) -> Prepared | None:
    transfer = await _transfer(session, event)
    if transfer.status is not TransferStatus.started:
        return None
    leaders = _leaders(session, [transfer.to_organisation_id])
    return await _prepared(session, transfer, leaders, member=True, by=event.actor_member_id)


async def _prepare_decided(
    session: Session, event: TransferAccepted | TransferRefused | TransferWithdrawn | StayChanged
) -> Prepared:
    transfer = await _transfer(session, event)
    leaders = _leaders(session, [transfer.from_organisation_id, transfer.to_organisation_id])
    return await _prepared(session, transfer, leaders, member=True, by=event.actor_member_id)


async def _prepare_departed(session: Session, event: MemberDeparted) -> Prepared | None:
    transfer = await _transfer(session, event)
    if transfer.to_organisation_id is not None:  # `TransferAccepted` tells of it
        return None
    if transfer.status is not TransferStatus.accepted:
        return None
    leaders = _leaders(session, [transfer.from_organisation_id])
    return await _prepared(session, transfer, leaders, member=True, by=event.actor_member_id)


async def _prepare_reminder(session: Session, event: TransferReminderDue) -> Prepared | None:
    transfer = await _transfer(session, event)
    if transfer.status is not TransferStatus.started:
        return None
    leaders = _leaders(session, [transfer.from_organisation_id, transfer.to_organisation_id])
    return await _prepared(session, transfer, leaders, member=False, by=None, days=event.working_days)


def _said(title: Text) -> Text:
    return Text(vi=title.vi + ": {member}", en=title.en + ": {member}")


def _render(title: Text, params: Params, reader: Reader) -> tuple[str, str]:
    body = Text(vi="Từ {from} đến {to}", en="From {from} to {to}")
    filled = body.format(**{"from": params["from"], "to": params["to"]})
    return _said(title).format(member=params["member"]).to(reader.locale), filled.to(reader.locale)


def _render_started(params: Params, reader: Reader) -> tuple[str, str]:
    return _render(Text(vi="Giới thiệu chuyển sinh hoạt", en="Transfer asked for"), params, reader)


def _render_accepted(params: Params, reader: Reader) -> tuple[str, str]:
    return _render(Text(vi="Đã tiếp nhận chuyển sinh hoạt", en="Transfer accepted"), params, reader)


def _render_refused(params: Params, reader: Reader) -> tuple[str, str]:
    return _render(Text(vi="Không tiếp nhận chuyển sinh hoạt", en="Transfer refused"), params, reader)


def _render_withdrawn(params: Params, reader: Reader) -> tuple[str, str]:
    return _render(Text(vi="Rút hồ sơ chuyển sinh hoạt", en="Transfer withdrawn"), params, reader)


def _render_stay(params: Params, reader: Reader) -> tuple[str, str]:
    title, body = _render(Text(vi="Đổi thời hạn sinh hoạt tạm thời", en="Stay ends on another day"), params, reader)
    until = Text(vi=", đến ngày {until}", en=", until {until}")
    return title, body + until.format(until=f"{date.fromisoformat(params['until']):%d/%m/%Y}").to(reader.locale)


def _render_reminder(params: Params, reader: Reader) -> tuple[str, str]:
    title, body = _render(Text(vi="Chuyển sinh hoạt chưa xong", en="Transfer still open"), params, reader)
    since = Text(vi=". Đã {days} ngày làm việc kể từ ngày giấy giới thiệu", en=". {days} working days since the letter")
    return title, body + since.format(days=params["days"]).to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=TransferStarted,
        type="transfer_started",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare_started,
        render=_render_started,
    ),
    Notice(
        event=TransferAccepted,
        type="transfer_accepted",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare_decided,
        render=_render_accepted,
    ),
    Notice(
        event=MemberDeparted,
        type="member_departed",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare_departed,
        render=_render_accepted,
    ),
    Notice(
        event=TransferRefused,
        type="transfer_refused",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare_decided,
        render=_render_refused,
    ),
    Notice(
        event=TransferWithdrawn,
        type="transfer_withdrawn",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare_decided,
        render=_render_withdrawn,
    ),
    Notice(
        event=StayChanged,
        type="stay_changed",
        channel=Channel.system,
        title=_HANDBOOK,
        body=_NEWS,
        prepare=_prepare_decided,
        render=_render_stay,
    ),
    Notice(
        event=TransferReminderDue,
        type="transfer_reminder",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Có hồ sơ chuyển sinh hoạt chưa xong", en="A transfer of membership is still open"),
        prepare=_prepare_reminder,
        render=_render_reminder,
    ),
)
