"""What the commands share: the two streams, refusals in both languages, the settings of this run, and its end."""

import logging
import os
from types import FrameType
from typing import NoReturn

import psycopg
import structlog
import typer
from pydantic import ValidationError
from rich.console import Console

from app.kernel.i18n import Text
from app.kernel.roles import judge_role
from app.kernel.secrets import find_weaknesses
from app.kernel.settings import Settings

screen = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

log = structlog.get_logger()

_DRIVER = "postgresql+psycopg://"


def refuse(vi: str, en: str, *, code: int = 2) -> typer.Exit:
    """Say in Vietnamese, then in English, why not, and return the exception that ends the command."""
    return refuse_text(Text(vi=vi, en=en), code=code)


def refuse_text(text: Text, *, code: int = 2) -> typer.Exit:
    """Like `refuse`, for a text that is there already."""
    errors.print(text.vi, style="red", markup=False, soft_wrap=True)
    errors.print(text.en, markup=False, soft_wrap=True)
    return typer.Exit(code)


def read_settings(**given: object) -> Settings:
    """Return the settings of the environment, with what the command line says instead (None says nothing).

    Ends the command when they are not valid. The database's URL comes out with the driver's name in it.
    """
    said = {name: value for name, value in given.items() if value is not None}
    try:
        settings = Settings.model_validate({**Settings().model_dump(), **said})
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or 'SOTAY_…'}: {each['msg']}" for each in error.errors()
        )
        raise refuse(f"Cấu hình chưa đúng: {wrong}", f"The configuration is not valid: {wrong}") from None
    urls = {"database_url": settings.database_url, "database_replica_url": settings.database_replica_url}
    return settings.model_copy(update={name: _with_driver(url) for name, url in urls.items() if url is not None})


def _with_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    # As psql takes it; the driver is ours to name.
    return _DRIVER + rest if separator and scheme in {"postgresql", "postgres"} else url


def database_settings() -> tuple[Settings, str]:
    """Return the settings and the URL of the database; ends the command when there is none."""
    settings = read_settings()
    if settings.database_url is None:
        raise refuse(
            "Thiếu SOTAY_DATABASE_URL; `sotay serve` tự khởi động cơ sở dữ liệu kèm theo.",
            "SOTAY_DATABASE_URL is not set; `sotay serve` starts an embedded database by itself.",
        )
    return settings, settings.database_url


def require_sound_secrets(settings: Settings, *, sends: bool) -> None:
    """Say what is wrong with the secrets that a process would use; ends the command where it must not start with them.

    `sends` says whether it is a worker.
    """
    found = list(find_weaknesses(settings, sends=sends))
    for weakness in found:
        where, text = weakness.where, weakness.text
        refuse(f"{where}: {text.vi}", f"{where}: {text.en}")
    if any(weakness.is_fatal for weakness in found):
        raise typer.Exit(2)


def require_bounded_role(url: str, role: str) -> None:
    """End the command where the process would go past the row policies; without a database it waits for one.

    Where the login could go past them by itself, that is logged.
    """
    try:
        standing = judge_role(url, role)
    except psycopg.OperationalError as error:
        if f'role "{role}"' in str(error) or "permission denied to set role" in str(error):
            raise refuse(
                f"Không nhận được vai trò {role}; hãy chạy `sotay migrate`, hoặc GRANT {role} cho vai trò kết nối.",
                f"The role {role} cannot be taken; run `sotay migrate`, or GRANT {role} to the role that connects.",
                code=1,
            ) from None
        return  # the process says itself that the database is away, and goes on asking
    if standing.refusal is not None:
        raise refuse_text(standing.refusal)
    if standing.login_may_bypass:
        log.warning("login_may_bypass_row_security", role=str(role))


def no_database(error: Exception) -> typer.Exit:
    """Say that the database does not answer, with what the driver says of it (never the password)."""
    reason = " ".join(str(error).split())
    return refuse(f"Không kết nối được cơ sở dữ liệu: {reason}", f"The database cannot be reached: {reason}", code=1)


def database_refuses(error: psycopg.Error) -> typer.Exit:
    """Say what the database says to it, which a revision says in both languages; no detail, which may hold a row."""
    vi, separator, en = (error.diag.message_primary or str(error)).partition(" · ")
    if separator:
        return refuse(vi, en, code=1)
    return refuse(f"Cơ sở dữ liệu từ chối: {vi}", f"The database refuses: {vi}", code=1)


def was_set(name: str) -> bool:
    """Say whether the environment names a setting itself."""
    return f"SOTAY_{name.upper()}" in os.environ


def hush() -> None:
    """Let only warnings and errors through: in `sotay serve` the pushes and the guide are what people read."""
    logging.getLogger().setLevel(logging.WARNING)


def leave(number: int, frame: FrameType | None) -> NoReturn:
    """End the command as a success: what a signal to stop asks for."""
    del number, frame
    raise SystemExit(0)
