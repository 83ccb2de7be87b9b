"""The agenda's point on open tasks never grows beyond what a point may hold."""

from datetime import date

from app.meetings.unfinished import LONGEST_BODY, OpenTask, write_body

TASK = OpenTask(title="Rà soát hộ nghèo", assignee="Lê Văn Cường", due_on=date(2026, 12, 5))


def test_each_open_task_is_a_line_with_assignee_and_deadline() -> None:
    assert write_body([TASK, TASK]) == "\n".join(["- Rà soát hộ nghèo – Lê Văn Cường, hạn 05/12/2026"] * 2)


def test_tasks_that_do_not_fit_are_counted() -> None:
    text = write_body([TASK] * 200)
    *lines, last = text.split("\n")
    assert len(text) <= LONGEST_BODY
    assert last == f"… và {200 - len(lines)} việc khác"
    assert len(lines) > 90
