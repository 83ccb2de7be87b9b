"""`sotay serve`: the whole service on this machine, from nothing."""

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from app.cli.terminal import errors, leave, no_database, read_settings, refuse, require_sound_secrets, screen, was_set
from app.demo import cast, guide
from app.kernel.clock import system_clock
from app.kernel.postgres import EmbeddedPostgres, PostgresUnavailable
from app.kernel.processes import Command, supervise
from app.kernel.revisions import newest_revision
from app.kernel.settings import LogFormat, Settings

command = typer.Typer()

PROGRAM = (sys.executable, "-m", "app.cli")
LOOK_AGAIN = timedelta(milliseconds=50)
DEMO_RATE_LIMIT = 6_000
"""Whoever tries it lets programs ask as one member; the answers still say how much is left."""
SLOW_AFTER = timedelta(seconds=60)
SETTLED_WITHIN = timedelta(seconds=3)
# Where a machine forbids it for all of Python, every start would compile every library anew; empty is "not forbidden".
KEEP_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 compared with, not listened on


@command.command()
def serve(
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Tạo một xã minh họa · seed a commune to try")] = False,
    host: Annotated[str, typer.Option(help="Địa chỉ lắng nghe · address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    data_dir: Annotated[Path | None, typer.Option(help="Khóa ký và PostgreSQL kèm theo · keys and PostgreSQL")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="In cả nhật ký · show every log line")] = False,
) -> None:
    """Chạy toàn bộ trên máy này: PostgreSQL, nâng cấp, API, tiến trình gửi · run everything on this machine."""
    settings = read_settings(
        data_dir=data_dir,
        public_url=None if was_set("public_url") else f"http://127.0.0.1:{port}",
        log_format=None if was_set("log_format") else LogFormat.console,
        rate_limit_per_minute=DEMO_RATE_LIMIT if demo and not was_set("rate_limit_per_minute") else None,
    )
    require_sound_secrets(settings, sends=True)
    if demo:
        _require_demo_possible(settings)
    _require_free(host, port, option="--port")
    metrics = _metrics_ports(settings)
    # Until the processes run and `supervise` takes the signals over, leave through the `finally` below.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    postgres = None
    url = settings.database_url
    try:
        if url is None:
            postgres = EmbeddedPostgres(settings.data_dir)
            url = _start(postgres, settings)
        _prepare(url, settings, demo=demo)
        quiet = () if verbose else ("--quiet",)
        environment = {
            "SOTAY_DATABASE_URL": url,
            "SOTAY_DATA_DIR": str(settings.data_dir),
            "SOTAY_PUBLIC_URL": settings.public_url,
            "SOTAY_LOG_FORMAT": settings.log_format.value,
            "SOTAY_RATE_LIMIT_PER_MINUTE": str(settings.rate_limit_per_minute),
            **KEEP_BYTECODE,
        }
        commands = [
            Command(
                "api",
                [*PROGRAM, "api", "--host", host, "--port", str(port), *quiet],
                environment | metrics["api"],
            ),
            Command("worker", [*PROGRAM, "worker", *quiet], environment | metrics["worker"]),
        ]
        near = "127.0.0.1" if host in EVERYWHERE else host
        asyncio.run(_run(commands, near, port, url, demo=demo, watch=[postgres.start] if postgres else []))
    finally:
        if postgres is not None:
            postgres.stop()


async def _run(
    commands: list[Command], host: str, port: int, url: str, *, demo: bool, watch: list[Callable[[], None]]
) -> None:
    announcing = asyncio.create_task(_announce(host, port, url, demo=demo))
    await supervise(commands, watch=watch)
    announcing.cancel()
    await asyncio.gather(announcing, return_exceptions=True)


def _require_demo_possible(settings: Settings) -> None:
    if settings.database_url is not None:
        raise refuse(
            "--demo chỉ chạy trên cơ sở dữ liệu kèm theo; hãy bỏ SOTAY_DATABASE_URL.",
            "--demo runs on the embedded database only; unset SOTAY_DATABASE_URL.",
        )
    if find_spec("faker") is None:
        raise refuse(
            "--demo cần phần bổ sung `demo`: pip install 'sotay[demo]'.",
            "--demo needs the extra `demo`: pip install 'sotay[demo]'.",
        )


def _metrics_ports(settings: Settings) -> dict[str, dict[str, str]]:
    """Return what API and worker are told: the port that is set for the one, the next one for the other."""
    if settings.metrics_port is None:
        return {"api": {}, "worker": {}}
    told = {}
    for name, port in zip(("api", "worker"), range(settings.metrics_port, settings.metrics_port + 2), strict=True):
        _require_free(settings.metrics_host, port, option="SOTAY_METRICS_PORT")
        told[name] = {"SOTAY_METRICS_PORT": str(port)}
    return told


def _require_free(host: str, port: int, *, option: str) -> None:
    """Refuse a port that is taken at once: the API's process would try it again and again."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        raise refuse(
            f"Không dùng được {host}:{port} (có thể đang bận); hãy chọn cổng khác bằng {option}.",
            f"{host}:{port} cannot be used ({error.strerror}); choose another with {option}.",
        ) from None


def _start(postgres: EmbeddedPostgres, settings: Settings) -> str:
    try:
        postgres.start()
    except PostgresUnavailable as error:
        errors.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(
        f"PostgreSQL {postgres.version} trong {settings.data_dir.resolve()}: để dùng thử, không cho dữ liệu thật"
        " · for trying out, not for production data",
        soft_wrap=True,
        markup=False,
        style="dim",
    )
    return postgres.url


def _prepare(url: str, settings: Settings, *, demo: bool) -> None:
    """Migrate and seed in a process of their own, and only where something is to be done.

    Both import much; a second start, where a glance at the database shows that nothing is missing, does without.
    """
    try:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            current = is_at_head(connection) and (not demo or cast.is_current(connection, system_clock()))
            if current and not demo and cast.is_there(connection):
                _warn_of_demo(settings)
    except psycopg.OperationalError as error:
        raise no_database(error) from None
    if current:
        return
    if demo:
        screen.print("Đang tạo dữ liệu minh họa · making the demonstration's data …", style="dim")
        argv = [*PROGRAM, "seed", "--data-dir", str(settings.data_dir)]
    else:
        argv = [*PROGRAM, "migrate"]
    environment = {**os.environ, **KEEP_BYTECODE} | ({} if demo else {"SOTAY_DATABASE_URL": url})
    done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 our own program
    if done.returncode != 0:
        raise typer.Exit(done.returncode)


def _warn_of_demo(settings: Settings) -> None:
    screen.print(
        f"Trong {settings.data_dir.resolve()} còn dữ liệu minh họa, mật khẩu ai cũng biết: đừng nhập người thật"
        " vào đây, hãy chọn --data-dir khác.\n"
        "The demonstration's people are still in it, with a password that everybody knows: enter nobody real here,"
        " choose another --data-dir.",
        soft_wrap=True,
        markup=False,
        style="red",
    )


def is_at_head(connection: psycopg.Connection) -> bool:
    """Say whether every revision has been run on the database."""
    known = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    if known != (True,):
        return False
    return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest_revision(),)]


async def _announce(host: str, port: int, url: str, *, demo: bool) -> None:
    """Print the address, and in the demonstration what to try, once the service says that it is ready."""
    loop = asyncio.get_running_loop()
    slow_at = loop.time() + SLOW_AFTER.total_seconds()
    while not await asyncio.to_thread(_is_ready, host, port):
        if loop.time() > slow_at:
            slow_at = float("inf")
            errors.print("Chưa sẵn sàng sau một phút; xem lại với --verbose · not ready after a minute; try --verbose")
        await asyncio.sleep(LOOK_AGAIN.total_seconds())
    if demo:
        # The first meeting's pushes leave now; what to try should stand below them, not between.
        for _ in range(SETTLED_WITHIN // LOOK_AGAIN):
            if await asyncio.to_thread(_is_settled, url):
                break
            await asyncio.sleep(LOOK_AGAIN.total_seconds())
    address = f"http://{host}:{port}"
    text = guide.demo(address, now=system_clock()) if demo else guide.ready(address)
    screen.print(text, markup=False, soft_wrap=True)


def _is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_settled(url: str) -> bool:
    try:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            return cast.is_settled(connection)
    except psycopg.Error:
        return True
