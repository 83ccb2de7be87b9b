"""A small supervisor: keeps the service's processes running until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
SETTLED_SECONDS = 10.0
GRACE_SECONDS = 15.0
"""API and worker give what is under way eight seconds, and need some for themselves on a busy machine."""
WATCH_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def keep_to_core(number: int) -> None:
    """Keep this process, and every thread it begins, to one of the cores it may run on; counted around.

    Where the system knows of no such thing, nothing happens.
    """
    if sys.platform == "linux":
        usable = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {usable[number % len(usable)]})


# Linux tells a process of its parent's death only if it asked (PR_SET_PDEATHSIG = 1). It asks in a tiny
# program that then becomes the command: a preexec_fn would run Python between fork and exec, which may
# deadlock beside threads, and a pipe to watch would need every command's help. SIGTERM, so that the command
# ends in order as always.
_TIED = """
import ctypes, os, signal, sys
parent, *argv = sys.argv[1:]
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(parent):
    sys.exit("parent is gone")
try:
    os.execvp(argv[0], argv)
except OSError as error:
    print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
    sys.exit(127)
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One process to keep running: its name in messages, its argv, and what it adds to our environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


async def supervise(
    commands: Sequence[Command],
    *,
    watch: Sequence[Callable[[], None]] = (),
    grace: float = GRACE_SECONDS,
) -> None:
    """Keep every command running and return after SIGTERM, SIGINT or SIGHUP, when all have ended.

    A command that ends is started again after 0.2 s, doubling to 5 s while it lives less than 10 s. Each has
    our stdout and stderr and a process group of its own; at the end they are stopped in the order given,
    SIGTERM first and SIGKILL for the whole group `grace` seconds later. Each callable of `watch` runs twice a
    second in a thread, such as `EmbeddedPostgres.start`, which does nothing while the server is up; what it
    raises is logged. Must run in the main thread, where signals arrive.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    keepers = [_Keeper(command, grace) for command in commands]
    tasks = [asyncio.create_task(keeper.keep()) for keeper in keepers]
    watching = asyncio.create_task(_look_after(watch, stop))
    stopping = asyncio.create_task(stop.wait())
    try:
        # A task that ends before is a fault of this module; the others are then not left running behind it.
        await asyncio.wait([stopping, watching, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        for keeper, task in zip(keepers, tasks, strict=True):
            keeper.stopping.set()
            await asyncio.wait([task])
        await asyncio.gather(stopping, watching, *tasks)
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


class _Keeper:
    """One command, run again and again until `stopping` is set."""

    def __init__(self, command: Command, grace: float) -> None:
        self.stopping = asyncio.Event()
        self._command = command
        self._grace = grace

    async def keep(self) -> None:
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self.stopping.is_set():
            began = loop.time()
            code = await self._run()
            if self.stopping.is_set():
                return
            if loop.time() - began >= SETTLED_SECONDS:
                pause = FIRST_PAUSE
            logger.warning(
                "%s đã dừng (mã %s), chạy lại sau %.1f giây / ended (code %s), starts again in %.1f s",
                self._command.name,
                code,
                pause,
                code,
                pause,
            )
            await _wait(self.stopping, pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _run(self) -> int:
        """Run the command to its end, its own or ours; returns its exit code, or minus the signal."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _TIED, str(os.getpid())),
            *self._command.argv,
            env=os.environ | dict(self._command.env),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
        )
        ended = asyncio.create_task(process.wait())
        told = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([ended, told], return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait([ended], timeout=self._grace)
        # The group, also when its leader has gone: what it left behind would still hold its port.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        return await ended


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def _look_after(watch: Sequence[Callable[[], None]], stop: asyncio.Event) -> None:
    while not stop.is_set():
        for check in watch:
            try:
                await asyncio.to_thread(check)
            except Exception:
                logger.exception("việc trông nom không thành / a watch failed")
        await _wait(stop, WATCH_SECONDS)
