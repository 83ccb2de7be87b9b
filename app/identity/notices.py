"""What people are told about their own sign-ins."""

from datetime import timedelta

from sqlalchemy import select

from app.identity.events import (
    IdentityLinked,
    RefreshTokenReused,
    SecondFactorOverridden,
    SecondFactorRemoved,
    SignedInOnNewDevice,
)
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.members.models import Member

_TITLE = Text(vi="Sổ tay đảng viên", en="Member handbook")
_BODY = Text(vi="Có thông báo về bảo mật tài khoản", en="A notice about the security of your account")

_OwnersFact = RefreshTokenReused | SignedInOnNewDevice | SecondFactorRemoved | SecondFactorOverridden | IdentityLinked


def _prepare(session: Session, event: _OwnersFact, *, breaks_quiet_hours: bool = False, **params: str) -> Prepared:
    return Prepared(
        audience=select(Member.id).where(Member.id == event.member_id),
        params=params,
        expires_at=session.now() + timedelta(hours=24),
        urgent=True,
        breaks_quiet_hours=breaks_quiet_hours,
    )


async def _prepare_reuse(session: Session, event: RefreshTokenReused) -> Prepared:
    return _prepare(session, event, device_name=event.device_name or "?")


async def _prepare_new_device(session: Session, event: SignedInOnNewDevice) -> Prepared:
    # Nobody should sleep while another signs in as them: one that came with a code leaves their phones an hour.
    return _prepare(session, event, breaks_quiet_hours=True, device_name=event.device_name or "?")


async def _prepare_removal(session: Session, event: SecondFactorRemoved) -> Prepared:
    return _prepare(session, event)


async def _prepare_override(session: Session, event: SecondFactorOverridden) -> Prepared:
    # The phones are pushed to for an hour more, at night too: the password alone signs in now.
    return _prepare(session, event, breaks_quiet_hours=True)


async def _prepare_link(session: Session, event: IdentityLinked) -> Prepared:
    return _prepare(session, event, provider=event.provider)


def _render_reuse(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Phiên đăng nhập đã bị kết thúc", en="A session was ended")
    body = Text(
        vi="Mã phiên của thiết bị {device_name} được dùng hai lần, có thể đã bị sao chép. "
        "Hãy đăng nhập lại và đổi mật khẩu.",
        en="The session token of {device_name} was used twice; it may have been copied. "
        "Sign in again and change your password.",
    ).format(**params)
    return title.to(reader.locale), body.to(reader.locale)


def _render_new_device(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Đăng nhập trên thiết bị mới", en="Signed in on a new device")
    body = Text(
        vi="Tài khoản vừa được đăng nhập trên thiết bị mới: {device_name}. Nếu không phải đồng chí, hãy kết thúc phiên "
        "đó và đổi mật khẩu.",
        en="Your account was signed in to on a new device: {device_name}. If it was not you, end that session and "
        "change your password.",
    ).format(**params)
    return title.to(reader.locale), body.to(reader.locale)


def _render_removal(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Đã gỡ xác thực hai bước", en="The second factor was removed")
    body = Text(
        vi="Từ nay tài khoản chỉ cần mật khẩu. Nếu không phải đồng chí yêu cầu, hãy đổi mật khẩu và báo "
        "người quản trị.",
        en="From now on the password alone signs in. If you did not ask for it, change the password and tell an "
        "administrator.",
    ).format(**params)
    return title.to(reader.locale), body.to(reader.locale)


def _render_override(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(
        vi="Người vận hành máy chủ đã gỡ xác thực hai bước", en="The server's operator removed the second factor"
    )
    body = Text(
        vi="Mọi phiên đã kết thúc, từ nay tài khoản chỉ cần mật khẩu. Nếu không phải đồng chí yêu cầu, hãy đổi mật "
        "khẩu và báo cấp trên. Hãy bật lại xác thực hai bước.",
        en="Every session has ended, and the password alone signs in. If you did not ask for it, change the password "
        "and tell those above. Turn a second factor on again.",
    ).format(**params)
    return title.to(reader.locale), body.to(reader.locale)


def _render_link(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Đã liên kết cách đăng nhập mới", en="A new way to sign in was linked")
    body = Text(
        vi="Từ nay có thể đăng nhập qua {provider}. Nếu không phải đồng chí, hãy gỡ liên kết và đổi mật khẩu.",
        en="From now on {provider} signs in too. If it was not you, remove the link and change your password.",
    ).format(**params)
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=RefreshTokenReused,
        type="session_ended",
        channel=Channel.system,
        title=_TITLE,
        body=_BODY,
        prepare=_prepare_reuse,
        render=_render_reuse,
    ),
    Notice(
        event=SignedInOnNewDevice,
        type="new_device",
        channel=Channel.system,
        title=_TITLE,
        body=_BODY,
        prepare=_prepare_new_device,
        render=_render_new_device,
    ),
    Notice(
        event=SecondFactorRemoved,
        type="second_factor_removed",
        channel=Channel.system,
        title=_TITLE,
        body=_BODY,
        prepare=_prepare_removal,
        render=_render_removal,
    ),
    Notice(
        event=SecondFactorOverridden,
        type="second_factor_overridden",
        channel=Channel.system,
        title=_TITLE,
        body=_BODY,
        prepare=_prepare_override,
        render=_render_override,
    ),
    Notice(
        event=IdentityLinked,
        type="identity_linked",
        channel=Channel.system,
        title=_TITLE,
        body=_BODY,
        prepare=_prepare_link,
        render=_render_link,
    ),
)

WARNINGS = frozenset(notice.type for notice in NOTICES)
"""Types whose pushes neither reading nor a wish stops: whoever signs in as the member could do both to hide it."""
