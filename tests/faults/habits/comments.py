"""Comments on resolutions, what others think of them, and the secretary's answers."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Json, Write


def write(owner: Owner) -> Write | None:
    resolution = owner.one("resolution", owner.has_status("open"))
    if resolution is None:
        return None
    words = owner.words("Nên ghi rõ hơn")
    body: Json = {"version": resolution["version"], "body": words}
    if owner.chance.random() < 0.7:
        body["paragraph_id"] = owner.chance.choice(resolution["paragraphs"])["id"]
    path = f"resolutions/{resolution['id']}/comments"
    return owner.make("resolution_comments", path, body, words, "resolutions.commented")


def _comment(owner: Owner, *, is_mine: bool) -> Json | None:
    return owner.one(
        "comment",
        lambda e: (e["author"]["member_id"] == owner.me) is is_mine and (e["answer"] is None or not is_mine),
    )


def reword(owner: Owner) -> Write | None:
    comment = _comment(owner, is_mine=True)
    if comment is None:
        return None
    words = owner.words("Sửa lại")
    path = f"comments/{comment['id']}"
    return owner.write(
        "reword comment",
        "PATCH",
        path,
        {"body": words},
        table="resolution_comments",
        row_id=comment["id"],
        words=words,
    )


def delete(owner: Owner) -> Write | None:
    comment = owner.once("delete", _comment(owner, is_mine=True))
    return (
        None
        if comment is None
        else owner.write(
            "delete comment",
            "DELETE",
            f"comments/{comment['id']}",
            table="resolution_comments",
            row_id=comment["id"],
            code="resolutions.comment_deleted",
        )
    )


def support(owner: Owner) -> Write | None:
    comment = _comment(owner, is_mine=False)
    if comment is None:
        return None
    is_for = owner.chance.random() < 0.7
    return owner.write(
        "support",
        "PUT" if is_for else "DELETE",
        f"comments/{comment['id']}/support",
        code="resolutions.comment_supported" if is_for else "resolutions.comment_support_ended",
        subject=comment["id"],
        state=(("support", comment["id"], owner.me), is_for),
    )


def answer(owner: Owner) -> Write | None:
    comment = owner.one("comment", lambda each: each["answer"] is None)
    if comment is None:
        return None
    outcome = owner.chance.choice(("taken", "taken_in_part", "not_taken"))
    body = {"outcome": outcome, "body": "Đã ghi nhận."}
    return owner.write(
        "answer", "PUT", f"comments/{comment['id']}/answer", body, state=(("answer", comment["id"]), outcome)
    )
