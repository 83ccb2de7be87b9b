"""`sotay seed`: the demonstration in the embedded database, or a made-up province of any size in an empty one."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from argon2 import PasswordHasher
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app.cli import work
from app.cli.terminal import errors, no_database, read_settings, refuse, screen
from app.demo.cast import PASSWORD
from app.demo.province.seed import STEPS, Account, seed_province
from app.demo.province.shape import HOME, Shape, TooSmall
from app.demo.seed import OtherDataFound, seed_demo
from app.documents.store import DocumentStore
from app.kernel.clock import system_clock
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.migrating import migrate
from app.kernel.passwords import Passwords
from app.kernel.postgres import EmbeddedPostgres, PostgresUnavailable
from app.kernel.settings import Settings

command = typer.Typer(help="Dữ liệu dùng thử · data to try with")

DataDir = Annotated[Path | None, typer.Option(help="Nơi `sotay serve` đang chạy · where it is running")]


@command.callback(invoke_without_command=True)
def seed(context: typer.Context, data_dir: DataDir = None) -> None:
    """Tạo dữ liệu minh họa trong cơ sở dữ liệu kèm theo đang chạy · make the demonstration's data.

    Its passwords are known to everybody, so it reads no SOTAY_DATABASE_URL: only the embedded server of a data
    directory, while `sotay serve` runs it, is filled.
    """
    if context.invoked_subcommand is not None:
        return
    settings, url = _embedded(data_dir)

    async def fill(session: Session) -> None:
        await seed_demo(session, passwords=Passwords(PasswordHasher(), concurrency=1), store=_store(settings))

    try:
        work.run(url, fill, role=None)
    except OtherDataFound:
        raise refuse(
            f"Trong {settings.data_dir} đã có dữ liệu khác; hãy dùng --data-dir với thư mục mới.",
            f"{settings.data_dir} holds other data; use --data-dir with a new directory.",
        ) from None
    screen.print("Dữ liệu minh họa đã sẵn sàng · the demonstration's data is there", soft_wrap=True)


@command.command()
def province(
    *,
    members: Annotated[int, typer.Option(help="Số đảng viên · members")] = 75_180,
    organisations: Annotated[int, typer.Option(help="Số tổ chức cơ sở đảng · grassroots organisations")] = 663,
    branches: Annotated[int, typer.Option(help="Số chi bộ · branches")] = 4_509,
    years: Annotated[int, typer.Option(min=1, max=20, help="Số năm hoạt động · years of activity")] = 2,
    meetings_factor: Annotated[
        float,
        typer.Option(min=0.05, max=20, help="Số cuộc họp mỗi tháng của một chi bộ · meetings a month of a branch"),
    ] = 1,
    seed: Annotated[int, typer.Option(help="Cùng số thì cùng dữ liệu · the same number gives the same data")] = 1945,
    until: Annotated[
        str | None, typer.Option(help="Ngày hiện tại của dữ liệu, YYYY-MM-DD · the data's present day; today if unsaid")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="Cơ sở dữ liệu trống khác · another empty database, instead of the embedded one")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Tạo một tỉnh giả lập trong cơ sở dữ liệu trống · make a province up, in an empty database.

    All accounts have one password, which is printed: never for real members. A database with any organisation in it
    is refused, and only one that is named by --database-url is taken instead of the embedded one.
    """
    try:
        present = date.fromisoformat(until) if until else system_clock().astimezone(HOME).date()
        shape = Shape(
            members=members,
            organisations=organisations,
            branches=branches,
            years=years,
            meetings_factor=meetings_factor,
            seed=seed,
            until=present,
        )
    except TooSmall:
        raise refuse(
            "Cần ít nhất ba đảng viên mỗi chi bộ và một chi bộ mỗi tổ chức cơ sở.",
            "At least three members a branch and a branch a grassroots organisation are needed.",
        ) from None
    except ValueError:
        raise refuse("--until: ngày không hợp lệ", "--until is not a date") from None
    settings, url = _named(database_url) if database_url else _embedded(data_dir)
    try:
        people = _make(settings, url, shape)
    except OtherDataFound:
        raise refuse(
            "Cơ sở dữ liệu đã có tổ chức; chỉ tạo trong cơ sở dữ liệu trống.",
            "The database has organisations already; only an empty one is filled.",
        ) from None
    except psycopg.OperationalError as error:
        raise no_database(error) from None
    for person in people:
        screen.print(
            f"  {person.phone}  {person.full_name:<22} {person.role.vi} · {person.role.en}  {person.organisation_id}",
            markup=False,
            soft_wrap=True,
        )
    screen.print(f"Mật khẩu chung · everybody's password: {PASSWORD}", markup=False, soft_wrap=True)


def _make(settings: Settings, url: str, shape: Shape) -> list[Account]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors) as progress:
        tasks = {step: progress.add_task(f"{step.vi} · {step.en}", total=None, start=False) for step in STEPS}

        def report(step: Text, done: int, total: int) -> None:
            task = tasks[step]
            if done == 0:
                progress.start_task(task)
            progress.update(task, completed=done, total=total)

        return asyncio.run(
            seed_province(
                url,
                shape,
                password_hash=PasswordHasher().hash(PASSWORD),
                store=_store(settings),
                clock=system_clock,
                report=report,
            )
        )


def _embedded(data_dir: Path | None) -> tuple[Settings, str]:
    """Return the settings and the migrated database of a data directory whose server is running."""
    settings = read_settings(data_dir=data_dir)
    try:
        url = EmbeddedPostgres(settings.data_dir).url
    except PostgresUnavailable as error:
        errors.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    migrate(url)
    return settings, url


def _named(database_url: str) -> tuple[Settings, str]:
    settings = read_settings(database_url=database_url)
    assert settings.database_url is not None
    try:
        migrate(settings.database_url)
    except psycopg.OperationalError as error:
        raise no_database(error) from None
    return settings, settings.database_url


def _store(settings: Settings) -> DocumentStore:
    return DocumentStore.open(settings.documents_url, directory=settings.documents_dir)
