"""Resolutions drafted, opened for comments and revised by the secretary."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Json, Write


def draft(owner: Owner) -> Write:
    words = owner.words("Nghị quyết tháng")
    path = f"organisations/{owner.phone.branch}/resolutions"
    body = {"title": words, "paragraphs": _paragraphs()}
    return owner.make("resolutions", path, body, words, "resolutions.drafted")


def open_for_comments(owner: Owner) -> Write | None:
    draft = owner.once("open", owner.one("resolution", owner.has_status("draft")))
    body = {"comments_until": owner.in_days(30)}
    return (
        None
        if draft is None
        else owner.step("resolutions.opened", f"resolutions/{draft['id']}/open", draft["id"], body)
    )


def _paragraphs() -> list[Json]:
    return [{"text": f"Điều {number}: giữ gìn vệ sinh đường làng."} for number in range(1, 4)]


def revise(owner: Owner) -> Write | None:
    resolution = owner.one("resolution", owner.has_status("open"))
    if resolution is None:
        return None
    words = owner.words("Nghị quyết tháng, bản mới")
    kept = [{"id": each["id"], "text": each["text"]} for each in resolution["paragraphs"]]
    body = {"title": words, "paragraphs": [*kept, *_paragraphs()[:1]][-10:]}
    return owner.replace("resolutions", "resolution", resolution, body, words, "resolutions.revised")
