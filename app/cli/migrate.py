"""`sotay migrate`: brings the database to this version."""

import psycopg
import typer
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.cli.terminal import database_refuses, database_settings, no_database, refuse, screen
from app.kernel.migrating import migrate as run_migrations
from app.kernel.revisions import newest_revision

command = typer.Typer()


@command.command()
def migrate() -> None:
    """Nâng cấp cơ sở dữ liệu lên phiên bản này · bring the database to this version."""
    _, url = database_settings()
    try:
        run_migrations(url)
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise refuse(
                "Một giao dịch dài đang giữ bảng cần nâng cấp; hãy kết thúc nó (pg_stat_activity) rồi chạy lại.",
                "A long transaction holds a table to be migrated; end it (pg_stat_activity) and run this again.",
                code=1,
            ) from None
        raise no_database(error.orig or error) from None
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise database_refuses(error.orig) from None
        raise
    revision = newest_revision()
    screen.print(f"Cơ sở dữ liệu ở phiên bản {revision} · the database is at revision {revision}", soft_wrap=True)
