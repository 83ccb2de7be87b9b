"""Meetings from the draft to the end, and whether people come."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Json, Write


def _meeting_body(owner: Owner, words: str) -> Json:
    return {
        "title": words,
        "starts_at": owner.in_days(owner.chance.randrange(2, 40)),
        "place": "Nhà văn hóa thôn",
        "agenda": [{"title": "Đánh giá tháng trước", "minutes": 30}, {"title": "Nhiệm vụ tháng này"}],
    }


def schedule(owner: Owner) -> Write:
    words = owner.words("Sinh hoạt thường kỳ")
    path = f"organisations/{owner.phone.branch}/meetings"
    return owner.make("meetings", path, _meeting_body(owner, words), words, "meetings.scheduled")


def edit(owner: Owner) -> Write | None:
    meeting = owner.one("meeting", owner.has_status("draft"))
    if meeting is None:
        return None
    words = owner.words("Sinh hoạt chuyên đề")
    body = {**_meeting_body(owner, words), "kind": meeting["kind"], "starts_at": meeting["starts_at"]}
    return owner.replace("meetings", "meeting", meeting, body, words, "meetings.edited")


def announce(owner: Owner) -> Write | None:
    meeting = owner.once("announce", owner.one("meeting", owner.has_status("draft")))
    return (
        None
        if meeting is None
        else owner.step("meetings.announced", f"meetings/{meeting['id']}/announce", meeting["id"])
    )


def postpone(owner: Owner) -> Write | None:
    meeting = owner.once("postpone", owner.one("meeting", owner.has_status("announced")))
    body = {"starts_at": owner.in_days(50), "reason": "Mưa bão"}
    return (
        None
        if meeting is None
        else owner.step("meetings.postponed", f"meetings/{meeting['id']}/postpone", meeting["id"], body)
    )


def start(owner: Owner) -> Write | None:
    meeting = owner.once("start", owner.one("meeting", owner.has_status("announced", "postponed")))
    return (
        None
        if meeting is None
        else owner.step("meetings.started", f"meetings/{meeting['id']}/start", meeting["id"], {})
    )


def end(owner: Owner) -> Write | None:
    meeting = owner.once("end", owner.one("meeting", owner.has_status("in_session")))
    return None if meeting is None else owner.step("meetings.ended", f"meetings/{meeting['id']}/end", meeting["id"])


def reply(owner: Owner) -> Write | None:
    meeting = owner.one("meeting", owner.has_status("announced", "postponed"))
    if meeting is None:
        return None
    word = owner.chance.choice(("attending", "attending_online", "absent"))
    return owner.write(
        "reply",
        "PUT",
        f"meetings/{meeting['id']}/reply",
        {"reply": word, "reason": "Việc nhà"},
        state=(("reply", meeting["id"], owner.me), word),
    )
