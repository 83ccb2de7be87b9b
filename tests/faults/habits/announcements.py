"""Announcements drafted, published, opened and acknowledged."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def draft(owner: Owner) -> Write:
    words = owner.words("Lịch phun thuốc")
    body = {"title": words, "body": "Sáng thứ bảy.", "needs_acknowledgement": owner.chance.random() < 0.7}
    path = f"organisations/{owner.phone.branch}/announcements"
    return owner.make("announcements", path, body, words, "announcements.drafted")


def edit(owner: Owner) -> Write | None:
    draft = owner.one("announcement", owner.has_status("draft"))
    if draft is None:
        return None
    words = owner.words("Lịch vệ sinh")
    body = {"title": words, "body": "Chiều chủ nhật.", "needs_acknowledgement": True}
    return owner.replace("announcements", "announcement", draft, body, words, "announcements.edited")


def publish(owner: Owner) -> Write | None:
    draft = owner.once("publish", owner.one("announcement", owner.has_status("draft")))
    return (
        None
        if draft is None
        else owner.step("announcements.published", f"announcements/{draft['id']}/publish", draft["id"])
    )


def look_at(owner: Owner) -> Write | None:
    shown = owner.one("announcement", lambda e: e["status"] == "published")
    return (
        None
        if shown is None
        else owner.write(
            "open announcement",
            "PUT",
            f"announcements/{shown['id']}/opened",
            state=(("opened", shown["id"], owner.me), True),
        )
    )


def acknowledge(owner: Owner) -> Write | None:
    wants = owner.one("announcement", lambda e: e["status"] == "published" and e["needs_acknowledgement"])
    return (
        None
        if wants is None
        else owner.write(
            "acknowledge",
            "PUT",
            f"announcements/{wants['id']}/acknowledgement",
            code="announcements.acknowledged",
            subject=wants["id"],
            state=(("acknowledged", wants["id"], owner.me), True),
        )
    )
