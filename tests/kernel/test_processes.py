"""The supervisor for real: children killed, stubborn, orphaned; the database killed under it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.kernel.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
SUPERVISOR = """
import asyncio, logging, sys
from pathlib import Path
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.processes import Command, supervise

logging.basicConfig(format="%(message)s", stream=sys.stdout)
home, grace, *scripts = sys.argv[1:]
server = EmbeddedPostgres(Path(home), durable=False)
watch = [server.start]
if home == "-":
    def fail():
        raise RuntimeError("a watch that fails")
    watch = [fail]
commands = [Command(f"c{n}", ["/bin/sh", "-c", each], {"NUMBER": str(n)}) for n, each in enumerate(scripts)]
asyncio.run(supervise(commands, watch=watch, grace=float(grace)))
server.stop()
print("over", flush=True)
"""


class Supervised:
    """A supervisor in a process of its own; what it and its children say, line by line."""

    def __init__(self, home: Path | str, grace: float, *scripts: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", SUPERVISOR, str(home), str(grace), *scripts],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            self.lines.extend(line.rstrip() for line in iter(lines.readline, ""))

    def said(self, pattern: str, times: int = 1, seconds: float = 10) -> list[str]:
        """Wait until `times` lines match, and return what their group caught."""

        def found() -> list[str]:
            return [match[1] for line in list(self.lines) if (match := re.fullmatch(pattern, line))]

        wait_until(lambda: len(found()) >= times, seconds)
        return found()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        self._reader.join(10)
        return code


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        threading.Event().wait(0.01)


def is_alive(pid: int) -> bool:
    """A zombie is as good as gone: who reaps orphans is the machine's affair."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def supervised() -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(home: Path | str, grace: float, *scripts: str) -> Supervised:
        started.append(Supervised(home, grace, *scripts))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


def test_killed_child_comes_back_with_its_environment_and_a_failing_watch_harms_nothing(
    supervised: Callable[..., Supervised],
) -> None:
    service = supervised("-", 5, "echo $NUMBER is $$; exec sleep 60", "echo $NUMBER is $$; exec sleep 60")
    (first,) = service.said(r"1 is (\d+)")
    os.kill(int(first), signal.SIGKILL)
    _, second = service.said(r"1 is (\d+)", times=2, seconds=2)
    assert second != first
    assert len(service.said(r"0 is (\d+)")) == 1
    service.said(r"(c1 .*ended \(code -9\), starts again in 0\.2 s)")
    service.said("(RuntimeError: a watch that fails)")
    assert service.end() == 0
    assert not is_alive(int(second))
    assert service.lines[-1] == "over"


def test_child_that_cannot_stay_up_is_tried_ever_more_slowly(supervised: Callable[..., Supervised]) -> None:
    # What the shell says of it would fall into the supervisor's lines, piece by piece.
    service = supervised("-", 5, "exit 3", "exec /nowhere/at-all 2>/dev/null")
    pauses = service.said(r"c0 .*ended \(code 3\), starts again in (.*) s", times=3)
    assert pauses[:3] == ["0.2", "0.4", "0.8"]
    began = time.monotonic()
    assert service.end(signal.SIGINT) == 0
    assert time.monotonic() - began < 2


def test_children_end_in_order_and_a_stubborn_one_with_all_it_started(
    supervised: Callable[..., Supervised],
) -> None:
    stubborn = "trap '' TERM; sleep 61 & echo left $!; echo ready; while :; do sleep 0.1; done"
    polite = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done"
    service = supervised("-", 0.5, stubborn, polite)
    service.said("(ready)", times=2)
    (left,) = service.said(r"left (\d+)")
    began = time.monotonic()
    assert service.end(signal.SIGHUP) == 0
    assert 0.5 <= time.monotonic() - began < 3
    assert service.lines[-2:] == ["bye", "over"]
    assert not is_alive(int(left))


def test_killed_supervisor_leaves_no_orphans(supervised: Callable[..., Supervised]) -> None:
    service = supervised("-", 5, "echo is $$; exec sleep 62", "echo is $$; exec sleep 62")
    children = service.said(r"is (\d+)", times=2)
    service.end(signal.SIGKILL)
    for child in children:
        wait_until(lambda pid=int(child): not is_alive(pid), seconds=2)  # type: ignore[misc]


def test_killed_database_comes_back_by_itself_and_ends_with_the_service(
    supervised: Callable[..., Supervised],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        service = supervised(directory, 5, "exec sleep 63")
        database = EmbeddedPostgres(Path(directory))
        wait_until(database.is_running)
        killed = database.pid
        assert killed
        os.kill(killed, signal.SIGKILL)
        began = time.monotonic()
        wait_until(lambda: database.pid not in {None, killed} and database.is_running())
        assert time.monotonic() - began < 3
        assert service.end() == 0
        assert database.pid is None
