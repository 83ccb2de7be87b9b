"""`sotay member`: the erasure of a person."""

from typing import Annotated
from uuid import UUID

import typer

from app.cli import work
from app.cli.terminal import database_settings, screen
from app.kernel.db import Session
from app.privacy.erasure.service import Erased, erase_member

command = typer.Typer(help="Đảng viên · members", no_args_is_help=True)


@command.callback()
def _member() -> None:
    """Đảng viên · members."""


@command.command()
def erase(
    *,
    member: Annotated[UUID, typer.Option(help="Mã (id) của đảng viên · id of the member")],
    though_a_member: Annotated[
        bool,
        typer.Option("--though-a-member", help="Cả khi còn sinh hoạt, do luật yêu cầu · also before they have left"),
    ] = False,
) -> None:
    """Xóa thông tin cá nhân của người đã thôi sinh hoạt; không lấy lại được · erase who somebody was, for good.

    Nghị quyết, biên bản và chuỗi nhật ký vẫn nguyên vẹn · resolutions, minutes and the log's chain stay whole.
    """
    _, url = database_settings()

    async def forget(session: Session) -> Erased:
        return await erase_member(session, member, though_a_member=though_a_member)

    erased = work.run(url, forget)
    screen.print(
        f"Đã xóa {erased.row_count} dòng, và thông tin trong {erased.fact_count} sự kiện\n"
        f"{erased.row_count} rows are erased, and what {erased.fact_count} facts said",
        soft_wrap=True,
    )
