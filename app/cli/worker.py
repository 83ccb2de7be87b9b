"""`sotay worker`: sends notifications and reminders."""

import asyncio
from typing import Annotated

import typer
import uvloop

from app import worker as worker_process
from app.cli.terminal import database_settings, hush, require_bounded_role, require_sound_secrets
from app.kernel.logging import configure_logging
from app.kernel.processes import keep_to_core
from app.kernel.roles import Role

command = typer.Typer()


@command.command()
def worker(
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Chỉ ghi cảnh báo và lỗi · log warnings and errors only")] = (
        False
    ),
) -> None:
    """Gửi thông báo và lời nhắc; chạy bao nhiêu tiến trình cũng được · send notifications and reminders."""
    settings, url = database_settings()
    require_sound_secrets(settings, sends=True)
    configure_logging(settings.log_format)
    if quiet:
        hush()
    require_bounded_role(url, Role.worker)
    if settings.worker_core is not None:
        keep_to_core(settings.worker_core)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker_process.run(settings))
