"""`sotay push status`: how the sending stands, for people and, with --json, for machines."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from app.cli import work
from app.cli.terminal import database_settings, screen
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.notifications.figures.queries import LATE_AFTER, Ended, Standing, find_standing, list_ended

command = typer.Typer(help="Việc gửi thông báo tới điện thoại · pushes to phones", no_args_is_help=True)

NOT_FAILED = frozenset({"sent", "withdrawn"})


@command.callback()
def _push() -> None:
    """Việc gửi thông báo tới điện thoại · pushes to phones."""


@command.command()
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Cho máy đọc · for machines")] = False,
) -> None:
    """Cho biết việc gửi đang ra sao; mã thoát 1 khi có điều cần báo động · how the sending stands; exits 1 if badly."""
    settings, url = database_settings()

    async def look(session: Session) -> tuple[Standing, Sequence[Ended]]:
        silence = timedelta(seconds=3 * settings.worker_heartbeat_seconds)
        return await find_standing(session, silence=silence), await list_ended(session)

    standing, ended = work.run(url, look)
    problems = dict(_problems(standing))
    if as_json:
        told = {**asdict(standing), "ended": [asdict(each) for each in ended], "problems": list(problems)}
        print(json.dumps(told, default=str, ensure_ascii=False))  # noqa: T201 untouched by the screen's width
    else:
        _show(standing, ended)
        for text in problems.values():
            screen.print(f"[red]{text.vi}[/red] · {text.en}", soft_wrap=True)
        if not problems:
            screen.print("[green]Không có gì phải báo động[/green] · nothing to raise an alarm about", soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _problems(standing: Standing) -> Iterable[tuple[str, Text]]:
    """Yield what `.docker/alerts.yaml` would raise an alarm about, by a code of its own."""
    if standing.deliveries.oldest_due_seconds > LATE_AFTER.total_seconds():
        yield (
            "deliveries_late",
            Text(vi="Có thông báo đến hạn mà quá lâu chưa gửi", en="a delivery has been due for too long"),
        )
    for circuit in standing.circuits:
        if circuit.is_open:
            yield (
                f"circuit_open_{circuit.platform}",
                Text(
                    vi=f"Không gửi được tới {circuit.platform}: {circuit.reason}",
                    en=f"nothing gets through to {circuit.platform}: {circuit.reason}",
                ),
            )
    if any(lane.oldest_due_seconds > LATE_AFTER.total_seconds() for lane in standing.lanes):
        yield "jobs_late", Text(vi="Có việc đến hạn mà quá lâu chưa làm", en="a job has been due for too long")
    if standing.workers_alive == 0:
        yield "no_worker", Text(vi="Không có tiến trình gửi nào hoạt động", en="no worker is alive")


def _show(standing: Standing, ended: Sequence[Ended]) -> None:
    deliveries = standing.deliveries
    table = _table("Đang nợ\nowed", "Số\nnumber")
    table.add_row("Đến hạn gửi · due now", _number(deliveries.due))
    table.add_row("Chờ đến giờ · waiting for their time", _number(deliveries.waiting))
    table.add_row("Đang gửi · leased", _number(deliveries.leased))
    table.add_row("Hết hạn giữ mà không có kết quả · lapsed leases", _number(deliveries.lapsed))
    table.add_row("Cái cũ nhất đến hạn đã · oldest due for", _lasting(deliveries.oldest_due_seconds))
    screen.print(table)
    _show_ended(ended)
    lanes = _table("Hàng đợi\nqueue", "Đến hạn\ndue", "Chờ\nwaiting", "Đang làm\ndoing", "Cũ nhất\noldest")
    for lane in standing.lanes:
        numbers = map(_number, (lane.due, lane.waiting, lane.doing))
        lanes.add_row(lane.lane.value, *numbers, _lasting(lane.oldest_due_seconds))
    screen.print(lanes)
    workers = _table("Tiến trình gửi\nworker", "Nhịp cuối\nlast heartbeat", "Đang làm\ndoing", "")
    for worker in standing.workers:
        state = "[green]hoạt động · alive[/green]" if worker.alive else "[red]im lặng · silent[/red]"
        workers.add_row(str(worker.id), f"{_lasting(worker.silent_seconds)} trước · ago", str(worker.doing), state)
    screen.print(workers)


def _show_ended(ended: Sequence[Ended]) -> None:
    table = _table(
        "Nền tảng\nplatform",
        "1 giờ gửi\n1 h sent",
        "1 giờ hỏng\n1 h failed",
        "24 giờ gửi\n24 h sent",
        "24 giờ hỏng\n24 h failed",
    )
    for platform in dict.fromkeys(each.platform for each in ended):
        sent = [each for each in ended if each.platform == platform and each.outcome == "sent"]
        failed = [each for each in ended if each.platform == platform and each.outcome not in NOT_FAILED]
        table.add_row(
            platform,
            *(_number(sum(each.last_hour for each in some)) for some in (sent, failed)),
            *(_number(sum(each.last_day for each in some)) for some in (sent, failed)),
        )
    screen.print(table)


def _table(first: str, *others: str) -> Table:
    table = Table(first, box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _number(number: int) -> str:
    """Write thousands apart as Vietnamese does: 1.000.000."""
    return f"{number:,}".replace(",", ".")


def _lasting(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
