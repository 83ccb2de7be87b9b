"""What is entered about one's own activity, and what the secretary says to it."""

from datetime import timedelta

from tests.faults.habits.owner import Owner
from tests.faults.phone import Json, Write


def enter(owner: Owner) -> Write:
    words = owner.words("Hiến đất làm đường")
    body = {"title": words, "body": "Gia đình hiến 40 m² đất.", "occurred_on": f"{owner.today() - timedelta(2)}"}
    return owner.make("activity_entries", "me/activity", body, words, "activity.entry_submitted")


def _own_entry(owner: Owner) -> Json | None:
    return owner.one("activity_entry", lambda e: e["member"]["member_id"] == owner.me and e["status"] == "returned")


def rewrite(owner: Owner) -> Write | None:
    entry = _own_entry(owner)
    if entry is None:
        return None
    words = owner.words("Viết lại")
    return owner.write(
        "rewrite activity",
        "PUT",
        f"activity-entries/{entry['id']}",
        {"title": words, "body": "Đã ghi rõ.", "occurred_on": entry["occurred_on"]},
        version=owner.version("activity_entry", entry),
        table="activity_entries",
        row_id=entry["id"],
        words=words,
        code="activity.entry_submitted",
    )


def withdraw(owner: Owner) -> Write | None:
    entry = owner.once("withdraw", _own_entry(owner))
    return (
        None
        if entry is None
        else owner.write(
            "withdraw activity",
            "DELETE",
            f"activity-entries/{entry['id']}",
            version=owner.version("activity_entry", entry),
            table="activity_entries",
            row_id=entry["id"],
            code="activity.entry_withdrawn",
        )
    )


def judge(owner: Owner) -> Write | None:
    waits = owner.has_status("submitted")
    entry = owner.one("activity_entry", lambda e: waits(e) and e["member"]["member_id"] != owner.me)
    if entry is None:
        return None
    path = f"activity-entries/{entry['id']}"
    if owner.chance.random() < 0.6:
        return owner.step("activity.entry_confirmed", f"{path}/confirm", entry["id"])
    return owner.step("activity.entry_returned", f"{path}/return", entry["id"], {"reason": "Đề nghị ghi rõ"})
