"""`sotay api`: answers requests."""

import logging
import signal
from typing import Annotated

import typer
import uvicorn

from app.cli.terminal import database_settings, hush, leave, require_bounded_role, require_sound_secrets
from app.kernel.logging import configure_logging
from app.kernel.roles import Role

command = typer.Typer()

GRACE_SECONDS = 8
PROBES = frozenset({"/healthz", "/readyz"})


@command.command()
def api(
    *,
    host: Annotated[str, typer.Option(help="Địa chỉ lắng nghe · address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    quiet: Annotated[bool, typer.Option("--quiet", help="Chỉ ghi cảnh báo và lỗi · log warnings and errors only")] = (
        False
    ),
) -> None:
    """Phục vụ API; SOTAY_DATABASE_URL nêu cơ sở dữ liệu · serve the API."""
    settings, url = database_settings()
    require_sound_secrets(settings, sends=False)
    configure_logging(settings.log_format)
    for handler in logging.getLogger().handlers:
        handler.addFilter(is_no_passed_probe)
    if quiet:
        hush()
    require_bounded_role(url, Role.app)
    # uvicorn ends in order and then sends the signal to whatever took it before: by default, the process dies of it.
    signal.signal(signal.SIGTERM, leave)
    uvicorn.run(
        "app.main:from_environment",
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def is_no_passed_probe(record: logging.LogRecord) -> bool:
    """Keep every line but those of a load balancer that asked and was satisfied."""
    line = record.msg
    if not isinstance(line, dict) or line.get("route") not in PROBES:
        return True
    return bool(line.get("status") != 200)  # noqa: PLR2004 OK
