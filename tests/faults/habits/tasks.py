"""Tasks given out, changed and reported done."""

from datetime import timedelta

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def _colleague(owner: Owner) -> str:
    members = [each for each in owner.phone.store.of("member") if each["organisation"]["id"] == owner.phone.branch]
    return str(owner.chance.choice(members)["id"]) if members else owner.me


def give(owner: Owner) -> Write | None:
    meeting = owner.one("meeting", owner.has_status("in_session", "ended"))
    if meeting is None:
        return None
    words = owner.words("Thu đảng phí")
    body = {"title": words, "assignee_id": _colleague(owner), "due_on": f"{owner.today() + timedelta(20)}"}
    path = f"meetings/{meeting['id']}/tasks"
    return owner.make("meeting_tasks", path, body, words, "meetings.task_given", names_itself=False)


def change(owner: Owner) -> Write | None:
    task = owner.one("task", owner.has_status("open"))
    if task is None:
        return None
    words = owner.words("Thu đảng phí quý")
    return owner.write(
        "change task",
        "PATCH",
        f"tasks/{task['id']}",
        {"title": words},
        version=owner.version("task", task),
        table="meeting_tasks",
        row_id=task["id"],
        words=words,
    )


def report(owner: Owner) -> Write | None:
    task = owner.one("task", lambda each: each["assignee_id"] == owner.me and each["status"] == "open")
    return (
        None
        if task is None
        else owner.write("report task", "PUT", f"tasks/{task['id']}/done", {}, state=(("done", task["id"]), True))
    )
