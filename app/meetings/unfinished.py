"""The agenda's point on tasks that are still open, in the words a secretary would write."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

TITLE = "Việc chưa hoàn thành từ các kỳ trước"
LONGEST_BODY = 5000
"""As long as the body of a point may be when a secretary writes it."""
_MORE = "… và {count} việc khác"


@dataclass(frozen=True, slots=True)
class OpenTask:
    """What the agenda says of one."""

    title: str
    assignee: str
    due_on: date


def write_body(tasks: Iterable[OpenTask]) -> str:
    """Return one line a task, with assignee and deadline; what does not fit is counted in the last line."""
    lines = [f"- {task.title}{write_assignee(task.assignee)}{task.due_on:%d/%m/%Y}" for task in tasks]
    shown = list(lines)
    while len(text := "\n".join(_with_rest(shown, len(lines) - len(shown)))) > LONGEST_BODY:
        shown.pop()
    return text


def write_assignee(full_name: str) -> str:
    """Return what stands between a task's title and its deadline."""
    return f" – {full_name}, hạn "


def _with_rest(shown: list[str], left_out: int) -> list[str]:
    return [*shown, _MORE.format(count=left_out)] if left_out else shown
