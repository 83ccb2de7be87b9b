"""Which cores a process and all below it may run on: so that what a second one adds can be told from what it shares."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path


def usable() -> list[int]:
    """Return the cores that this process may run on."""
    return sorted(os.sched_getaffinity(0))


def pin(pids: Sequence[int], cores: Sequence[int]) -> None:
    """Keep processes, every thread of theirs and whatever is below them on some cores; what they start follows."""
    for pid in pids:
        for each in _with_descendants(pid):
            for thread in _numbers(Path(f"/proc/{each}/task")):
                try:
                    os.sched_setaffinity(thread, cores)
                except ProcessLookupError:
                    continue  # it has ended meanwhile


def _with_descendants(pid: int) -> Iterator[int]:
    yield pid
    for thread in _numbers(Path(f"/proc/{pid}/task")):
        try:
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _with_descendants(int(child))


def _numbers(folder: Path) -> list[int]:
    try:
        return [int(entry.name) for entry in folder.iterdir()]
    except OSError:
        return []
