"""`sotay backup`: database and files into a folder, while the service runs."""

from pathlib import Path
from typing import Annotated

import psycopg
import typer

from app.cli.terminal import database_refuses, database_settings, no_database, refuse_text, screen
from app.kernel.backups import BackupRefused, back_up
from app.kernel.clock import system_clock

command = typer.Typer()


@command.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Thư mục mới để ghi vào · the new folder to write")],
) -> None:
    """Sao lưu cơ sở dữ liệu và tệp trong khi hệ thống vẫn chạy · back up database and files while all goes on."""
    settings, url = database_settings()
    in_bucket = settings.documents_url is not None
    try:
        made = back_up(url, folder, documents=None if in_bucket else settings.documents_dir, at=system_clock())
    except psycopg.OperationalError as error:
        raise no_database(error) from None
    except psycopg.Error as error:
        raise database_refuses(error) from None
    except BackupRefused as refusal:
        raise refuse_text(refusal.text, code=1) from None
    screen.print(
        f"Đã sao lưu vào {folder}: {made.said.vi}\nBacked up in {folder}: {made.said.en}\n"
        "Khóa (keys, vault, web-push, audit) không nằm trong đó · The keys are not in it",
        markup=False,
        soft_wrap=True,
    )
    if in_bucket:
        screen.print(
            "Tệp nằm trong SOTAY_DOCUMENTS_URL; hãy sao lưu riêng · Files lie in SOTAY_DOCUMENTS_URL; back it up too",
            style="yellow",
            soft_wrap=True,
        )
