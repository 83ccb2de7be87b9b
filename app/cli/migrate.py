"""`sotay migrate`: brings the database to this version."""

import typer
from sqlalchemy.exc import OperationalError

from app.cli.terminal import database_settings, no_database, screen
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
        raise no_database(error.orig or error) from None
    revision = newest_revision()
    screen.print(f"Cơ sở dữ liệu ở phiên bản {revision} · the database is at revision {revision}", soft_wrap=True)
