"""`sotay import roster | tree`: takes in a branch's list of members, or organisations, as the endpoints do."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich import box
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from app.cli import work
from app.cli.terminal import database_settings, refuse, screen
from app.kernel.db import Session
from app.members.imports.service import RosterImport, import_roster
from app.members.imports.verdicts import RowStatus
from app.reorganisations.trees.service import TreeImport, import_tree

command = typer.Typer(help="Nhập dữ liệu từ tệp · take in data from files", no_args_is_help=True)

_VERDICTS = {
    RowStatus.ok: "[green]được[/green]",
    RowStatus.warning: "[yellow]lưu ý[/yellow]",
    RowStatus.error: "[red]lỗi[/red]",
}


@command.callback()
def _import() -> None:
    """Nhập dữ liệu từ tệp · take in data from files."""


@command.command()
def roster(
    file: Annotated[Path, typer.Argument(help="Danh sách đảng viên .xlsx hoặc .csv · the roster")],
    *,
    branch: Annotated[UUID, typer.Option(help="Mã (id) của chi bộ · id of the branch")],
    commit: Annotated[bool, typer.Option("--commit", help="Ghi thật; không có thì chỉ kiểm tra · really import")] = (
        False
    ),
) -> None:
    """Kiểm tra từng dòng, và nhập cả danh sách khi có --commit · judge every row, import all with --commit."""
    _, url = database_settings()
    content = _read(file)

    async def take_in(session: Session) -> RosterImport:
        return await import_roster(session, None, branch, content=content, filename=file.name, commit=commit)

    done = work.run(url, take_in)
    _show(done)
    if done.has_errors:
        screen.print("Còn dòng lỗi nên chưa nhập dòng nào · some rows have errors, so none was imported")
        raise typer.Exit(1)
    if commit:
        count = len(done.member_ids)
        screen.print(f"Đã nhập {count} đảng viên · {count} members imported")
    else:
        screen.print("Chỉ kiểm tra, chưa ghi gì; thêm --commit để nhập · only checked; add --commit to import")


@command.command()
def tree(
    file: Annotated[Path, typer.Argument(help="Các tổ chức .xlsx, .csv hoặc .json · the organisations")],
    *,
    under: Annotated[
        UUID | None, typer.Option(help="Mã (id) của tổ chức cấp trên; không có thì là gốc · id of the one above")
    ] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Ghi thật; không có thì chỉ kiểm tra · really import")] = (
        False
    ),
) -> None:
    """Kiểm tra từng dòng, và tạo cả cây tổ chức khi có --commit · judge every row, found all with --commit."""
    _, url = database_settings()
    content = _read(file)
    with Progress(console=screen, transient=True) as bar:
        task = bar.add_task("Tổ chức · organisations", total=None)

        async def take_in(session: Session) -> TreeImport:
            return await import_tree(
                session,
                under,
                content=content,
                filename=file.name,
                commit=commit,
                progress=lambda written, total: bar.update(task, completed=written, total=total),
            )

        done = work.run(url, take_in)
    _show_tree(done)
    if done.tree.error_count:
        screen.print("Còn dòng lỗi nên chưa tạo tổ chức nào · some rows have errors, so none was founded")
        raise typer.Exit(1)
    if commit:
        screen.print(f"Đã tạo {done.created_count} tổ chức · {done.created_count} organisations founded")
    else:
        count = len(done.tree.verdicts)
        screen.print(f"{count} dòng đều được; thêm --commit để tạo · {count} rows are fine; add --commit to found them")


def _show_tree(done: TreeImport) -> None:
    wrong = [verdict for verdict in done.tree.verdicts if verdict.findings]
    if wrong:
        table = Table("Dòng", "Tên", "Nhận xét", box=box.SIMPLE_HEAD, pad_edge=False)
        for verdict in wrong:
            remarks = "\n".join(finding.text.vi for finding in verdict.findings)
            table.add_row(str(verdict.row.number), escape(verdict.row.name), escape(remarks))
        screen.print(table)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise refuse(f"Không đọc được tệp {file}.", f"{file} cannot be read: {error.strerror}.") from None


def _show(done: RosterImport) -> None:
    table = Table("Dòng", "Họ và tên", "Kết quả", "Nhận xét", box=box.SIMPLE_HEAD, pad_edge=False)
    for verdict in done.roster.verdicts:
        remarks = "\n".join(
            f"{finding.column}: {finding.text.vi}" if finding.column else finding.text.vi
            for finding in verdict.findings
        )
        table.add_row(str(verdict.row_number), escape(verdict.full_name), _VERDICTS[verdict.status], escape(remarks))
    screen.print(table)
    for skipped in done.roster.skipped:
        screen.print(f"Dòng {skipped.row_number}: {skipped.text.vi}", markup=False)
    if done.roster.ignored_columns:
        screen.print("Cột không dùng: " + ", ".join(done.roster.ignored_columns), markup=False)
