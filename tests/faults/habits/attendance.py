"""Who is there: members by the code on the wall or by the roll, and guests."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def check_in(owner: Owner) -> Write | None:
    meeting = owner.once("check in", owner.one("meeting", lambda each: each["id"] in owner.screens))
    return (
        None
        if meeting is None
        else owner.step(
            "meetings.member_checked_in",
            f"meetings/{meeting['id']}/check-in",
            meeting["id"],
            {"code": owner.screens[meeting["id"]], "offline": True},
            state=(("checked in", meeting["id"], owner.me), True),
        )
    )


def take_roll(owner: Owner) -> Write | None:
    meeting = owner.one("meeting", owner.has_status("in_session", "ended"))
    roll = meeting and owner.phone.store.held.get(("roll", meeting["id"]))
    if not roll:
        return None
    words = owner.words("Đến lúc khai mạc")
    member = owner.chance.choice(roll["entries"])["member_id"]
    body = {"entries": [{"member_id": member, "attendance": "late", "note": words}]}
    return owner.write(
        "take roll",
        "PUT",
        f"meetings/{roll['id']}/roll",
        body,
        version=owner.version("roll", roll),
        words=words,
        code="meetings.roll_taken",
        subject=roll["id"],
        state=(("note", roll["id"], member), words),
    )


def enter_guest(owner: Owner) -> Write | None:
    meeting = owner.one("meeting", owner.has_status("in_session", "ended"))
    if meeting is None:
        return None
    words = owner.words("Ngô Văn Lâm")
    path = f"meetings/{meeting['id']}/guests"
    code = "meetings.guest_entered"
    made = owner.make("meeting_guests", path, {"full_name": words}, words, code, names_itself=False)
    made.subject = meeting["id"]
    return made
