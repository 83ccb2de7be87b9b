"""`sotay restore`: a backup into an empty database, compared row by row."""

from pathlib import Path
from typing import Annotated

import psycopg
import typer

from app.changes.service import begin_epoch
from app.cli import work
from app.cli.terminal import database_refuses, database_settings, no_database, refuse_text, screen
from app.kernel.backups import BackupRefused
from app.kernel.backups import restore as bring_back

command = typer.Typer()


@command.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="Thư mục của `sotay backup` · the folder of `sotay backup`")],
) -> None:
    """Phục hồi vào một cơ sở dữ liệu trống, so từng dòng; điện thoại đồng bộ lại từ đầu · into an empty database.

    Phones have seen what this state does not know: they are told to start again, each by itself at its next sync.
    """
    settings, url = database_settings()
    documents = settings.documents_dir if settings.documents_url is None else None
    try:
        found = bring_back(url, folder, documents=documents)
    except psycopg.OperationalError as error:
        raise no_database(error) from None
    except psycopg.Error as error:
        raise database_refuses(error) from None
    except BackupRefused as refusal:
        raise refuse_text(refusal.text, code=1) from None
    work.run(url, begin_epoch, role=None)  # an older state has no roles yet
    screen.print(
        f"Đã phục hồi và so khớp: {found.said.vi}\nBrought back and compared: {found.said.en}\n"
        "Tiếp theo · Next: sotay migrate; sotay audit verify --anchor …",
        markup=False,
        soft_wrap=True,
    )
