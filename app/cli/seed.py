"""`sotay seed`: makes the demonstration in the embedded database, and in no other."""

from pathlib import Path
from typing import Annotated

import typer
from argon2 import PasswordHasher

from app.cli import work
from app.cli.terminal import errors, read_settings, refuse, screen
from app.demo.seed import OtherDataFound, seed_demo
from app.documents.store import DocumentStore
from app.kernel.db import Session
from app.kernel.migrating import migrate
from app.kernel.passwords import Passwords
from app.kernel.postgres import EmbeddedPostgres, PostgresUnavailable

command = typer.Typer()


@command.command()
def seed(
    data_dir: Annotated[Path | None, typer.Option(help="Nơi `sotay serve` đang chạy · where it is running")] = None,
) -> None:
    """Tạo dữ liệu minh họa trong cơ sở dữ liệu kèm theo đang chạy · make the demonstration's data.

    Its passwords are known to everybody, so it reads no SOTAY_DATABASE_URL: only the embedded server of a data
    directory, while `sotay serve` runs it, is filled.
    """
    settings = read_settings(data_dir=data_dir)
    try:
        url = EmbeddedPostgres(settings.data_dir).url
    except PostgresUnavailable as error:
        errors.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    migrate(url)

    async def fill(session: Session) -> None:
        store = DocumentStore.open(settings.documents_url, directory=settings.documents_dir)
        await seed_demo(session, passwords=Passwords(PasswordHasher(), concurrency=1), store=store)

    try:
        work.run(url, fill)
    except OtherDataFound:
        raise refuse(
            f"Trong {settings.data_dir} đã có dữ liệu khác; hãy dùng --data-dir với thư mục mới.",
            f"{settings.data_dir} holds other data; use --data-dir with a new directory.",
        ) from None
    screen.print("Dữ liệu minh họa đã sẵn sàng · the demonstration's data is there", soft_wrap=True)
