"""Polls drafted, opened, voted in and closed."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def draft(owner: Owner) -> Write | None:
    resolution = owner.one("resolution", owner.has_status("open"))
    if resolution is None:
        return None
    words = owner.words("Thông qua nghị quyết")
    body = {"question": words, "secrecy": owner.chance.choice(("open", "secret"))}
    return owner.make("polls", f"resolutions/{resolution['id']}/polls", body, words, "polls.drafted")


def open_to_votes(owner: Owner) -> Write | None:
    poll = owner.once("open", owner.one("poll", owner.has_status("draft")))
    return None if poll is None else owner.step("polls.opened", f"polls/{poll['id']}/open", poll["id"])


def close(owner: Owner) -> Write | None:
    poll = owner.once("close", owner.one("poll", owner.has_status("open")))
    return None if poll is None else owner.step("polls.closed", f"polls/{poll['id']}/close", poll["id"])


def discard(owner: Owner) -> Write | None:
    poll = owner.once("open", owner.one("poll", owner.has_status("draft")))
    return (
        None
        if poll is None
        else owner.write(
            "discard poll",
            "DELETE",
            f"polls/{poll['id']}",
            version=owner.version("poll", poll),
            table="polls",
            row_id=poll["id"],
            code="polls.discarded",
        )
    )


def vote(owner: Owner) -> Write | None:
    poll = owner.once("vote", owner.one("poll", lambda each: each["status"] == "open" and each["may_vote"]))
    if poll is None:
        return None
    choice = owner.chance.choice(("for", "for", "against", "other"))
    path = f"polls/{poll['id']}/ballot"
    word = choice if poll["secrecy"] == "open" else "secret"
    return owner.write("vote", "PUT", path, {"choice": choice}, state=(("ballot", poll["id"], owner.me), word))
