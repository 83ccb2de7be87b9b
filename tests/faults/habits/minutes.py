"""Minutes written, sent and remarked on."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def remark(owner: Owner) -> Write | None:
    minutes = owner.one("minutes", owner.has_status("in_review"))
    if minutes is None:
        return None
    words = owner.words("Xin ghi thêm")
    path = f"meetings/{minutes['id']}/minutes/remarks"
    made = owner.make("minutes_remarks", path, {"body": words}, words, "minutes.remarked", names_itself=False)
    made.subject = minutes["id"]
    return made


def write(owner: Owner) -> Write | None:
    minutes = owner.one("minutes", owner.has_status("draft", "in_review"))
    if minutes is None:
        return None
    words = owner.words("Chi bộ nhất trí")
    body = {"sections": [{"heading": "Kết luận", "body": "Nhất trí."}], "conclusion": words}
    return owner.write(
        "write minutes",
        "PUT",
        f"meetings/{minutes['id']}/minutes",
        body,
        version=owner.version("minutes", minutes),
        words=words,
        code="minutes.edited",
        subject=minutes["id"],
        state=(("conclusion", minutes["id"]), words),
    )


def send(owner: Owner) -> Write | None:
    minutes = owner.once("send", owner.one("minutes", owner.has_status("draft")))
    return (
        None if minutes is None else owner.step("minutes.sent", f"meetings/{minutes['id']}/minutes/send", minutes["id"])
    )
