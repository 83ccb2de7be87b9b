"""What people are told about their own sign-ins."""

from datetime import timedelta

from sqlalchemy import select

from app.identity.events import RefreshTokenReused
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.members.models import Member


async def _prepare_reuse(session: Session, event: RefreshTokenReused) -> Prepared:
    return Prepared(
        audience=select(Member.id).where(Member.id == event.member_id),
        params={"device_name": event.device_name or "?"},
        expires_at=session.now() + timedelta(hours=24),
        urgent=True,
    )


def _render_reuse(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Phiên đăng nhập đã bị kết thúc", en="A session was ended")
    body = Text(
        vi="Mã phiên của thiết bị {device_name} được dùng hai lần, có thể đã bị sao chép. "
        "Hãy đăng nhập lại và đổi mật khẩu.",
        en="The session token of {device_name} was used twice; it may have been copied. "
        "Sign in again and change your password.",
    ).format(**params)
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=RefreshTokenReused,
        type="session_ended",
        channel=Channel.system,
        title=Text(vi="Sổ tay đảng viên", en="Member handbook"),
        body=Text(vi="Có thông báo về bảo mật tài khoản", en="A notice about the security of your account"),
        prepare=_prepare_reuse,
        render=_render_reuse,
    ),
)
