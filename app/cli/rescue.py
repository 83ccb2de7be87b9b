"""`sotay rescue`: lets in again who lost the second factor and has no administrator above."""

from typing import Annotated

import typer

from app.cli import work
from app.cli.terminal import database_settings, refuse, screen
from app.identity.second_factor.service import override_second_factor
from app.kernel.db import Session
from app.kernel.phones import parse_phone
from app.members.models import Member

command = typer.Typer()


@command.command()
def rescue(
    *,
    phone: Annotated[str, typer.Option(help="Số điện thoại đăng nhập · the number they sign in with")],
) -> None:
    """Gỡ xác thực hai bước của người đã mất cả máy lẫn mã khôi phục · turn off a second factor that was lost.

    Mật khẩu giữ nguyên, mọi phiên kết thúc, chủ tài khoản được báo, nhật ký ghi lại · the password stays, every session
    ends, the owner is told, and the log says so.
    """
    _, url = database_settings()
    number = parse_phone(phone)
    if number is None:
        raise refuse("--phone: không phải số điện thoại.", "--phone: this is no telephone number.")

    async def override(session: Session) -> Member:
        return await override_second_factor(session, phone=number)

    member = work.run(url, override)
    screen.print(
        f"Đã gỡ xác thực hai bước của {member.full_name}; mọi phiên đã kết thúc\n"
        f"The second factor of {member.full_name} is off; every session has ended",
        markup=False,
        soft_wrap=True,
    )
