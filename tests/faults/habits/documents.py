"""Documents uploaded and kept at hand."""

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def upload(owner: Owner) -> Write:
    words = owner.words("Tài liệu sinh hoạt")
    body = {"title": words, "not_secret": "true"}
    made = owner.make("documents", "documents", body, words, "documents.uploaded")
    made.is_file = True
    return made


def bookmark(owner: Owner) -> Write | None:
    document = owner.one("document")
    if document is None:
        return None
    is_kept = owner.chance.random() < 0.7
    return owner.write(
        "bookmark",
        "PUT" if is_kept else "DELETE",
        f"me/bookmarks/{document['id']}",
        state=(("bookmark", document["id"], owner.me), is_kept),
    )
