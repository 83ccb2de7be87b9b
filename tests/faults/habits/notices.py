"""Reading the inbox."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def read(owner: Owner) -> Write | None:
    notice = owner.one("notification", lambda each: each["read_at"] is None)
    return (
        None
        if notice is None
        else owner.write(
            "read", "PUT", f"me/notifications/{notice['id']}/read", state=(("read", notice["id"], owner.me), True)
        )
    )


def mark_read(owner: Owner) -> Write | None:
    notice = owner.one("notification", lambda each: each["read_at"] is None)
    return (
        None
        if notice is None
        else owner.write(
            "mark read",
            "POST",
            "me/notifications/mark-read",
            {"through": notice["id"]},
            state=(("read", notice["id"], owner.me), True),
        )
    )
