"""Workers to be killed: real processes, forked from one that has imported the worker already."""

import asyncio
import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

import uvloop

from app import worker as worker_process
from app.kernel.logging import configure_logging
from app.kernel.settings import LogFormat, Settings

EVERYTHING = "tests.faults.__main__"
"""What the server of forks imports: a fork imports what began the storm again, which shall cost it nothing."""


def work(environment: dict[str, str], log: Path) -> None:
    """Be `sotay worker`, in a session of its own, forked from a process that has imported it already."""
    os.setsid()  # as a service is: schedulers share a busy machine among sessions
    with log.open("ab", buffering=0) as out:
        os.dup2(out.fileno(), sys.stdout.fileno())
        os.dup2(out.fileno(), sys.stderr.fileno())
    os.environ.update(environment)
    configure_logging(LogFormat.json)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker_process.run(Settings()))


class Crew:
    """The workers, each with a number of its own, and who restarts them."""

    def __init__(self, size: int, environment: dict[str, str], log: Path) -> None:
        """Each worker finds FCM under a path with its number."""
        self.kills = 0
        self.ended = 0
        self._size = size
        self._environment = environment
        self._log = log
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload([EVERYTHING])
        self._begun = 0
        self._workers: dict[str, BaseProcess] = {}

    def __enter__(self) -> Self:
        self.muster()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.kill()
            worker.join()

    def muster(self) -> list[str]:
        """Start a new worker for each that is gone, and return which ended by themselves."""
        gone = [name for name, worker in self._workers.items() if not worker.is_alive()]
        for name in gone:
            del self._workers[name]
        self.ended += len(gone)
        while len(self._workers) < self._size:
            self._begun += 1
            name = f"/worker-{self._begun}"
            url = {"SOTAY_FCM_URL": self._environment["SOTAY_FCM_URL"] + name}
            worker = self._forks.Process(target=work, args=(self._environment | url, self._log))
            worker.start()
            self._workers[name] = worker
        return gone

    def kill_the_eldest(self) -> str:
        """SIGKILL, and a new one in its place; return who it was."""
        name, eldest = next(iter(self._workers.items()))
        eldest.kill()
        eldest.join()
        del self._workers[name]
        self.kills += 1
        self.muster()
        return name
