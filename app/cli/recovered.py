"""`sotay recovered`: said once a server has been brought back to an earlier instant by PostgreSQL itself."""

import typer
from sqlalchemy import func, select

from app.changes.service import begin_epoch
from app.cli import work
from app.cli.terminal import database_settings, refuse, screen
from app.kernel.db import Session

command = typer.Typer()


class StillRecovering(Exception):
    """The server replays its log, or waits to be told that the instant is the right one."""


@command.command()
def recovered() -> None:
    """Báo rằng máy chủ đã trở lại một thời điểm trước; điện thoại đồng bộ lại từ đầu · after point-in-time recovery.

    Before API and workers start: phones have seen what this state does not know, and start again, each by itself at its
    next sync. Said twice, they do so twice.
    """
    _, url = database_settings()
    try:
        work.run(url, _begin)
    except StillRecovering:
        raise refuse(
            "Máy chủ còn đang phục hồi; xem dữ liệu đã đúng thời điểm chưa, rồi SELECT pg_wal_replay_resume().",
            "The server is still recovering; look whether it is the right instant, then SELECT pg_wal_replay_resume().",
            code=1,
        ) from None
    screen.print(
        "Mọi điện thoại sẽ đồng bộ lại từ đầu.\nEvery phone will start again at its next sync.\n"
        "Tiếp theo · Next: sotay migrate; sotay audit verify --anchor …; sotay push status",
        markup=False,
        soft_wrap=True,
    )


async def _begin(session: Session) -> None:
    if await session.scalar(select(func.pg_is_in_recovery())):
        raise StillRecovering
    await begin_epoch(session)
