"""What each role gets of documents: the things asked about, and a row for each operation."""

from app.documents.models import Visibility
from app.kernel.db import Session
from tests.contract.roles import OK, SEES_BRANCH, SIGNED_IN, VERSION_1, A, Row, Things, expect
from tests.factories.documents import put_document
from tests.factories.files import PNG_DOT
from tests.factories.world import World

SHARED, OWN, SEALED = ({"document_id": name} for name in ("document", "own_document", "committee_document"))
# Its own people and officers above; an administrator or auditor only as a member of a branch below, which here they are
# not of.
READS = expect(404, branch=OK, officer=OK)
KEEPS = expect(404, branch=403, officer=403, organisers=OK)
READS_SEALED = expect(404, organisers=OK)
READS_OWN = expect(404, member=OK, secretary=OK)
PICTURE = ("anh.png", PNG_DOT)
DECLARED = {"not_secret": "true"}

ROWS: tuple[Row, ...] = (
    Row(
        "uploadDocument",
        expect(404, inside=403, organisers=OK),
        form={**DECLARED, "organisation_id": "branch_a"},
        file=PICTURE,
    ),
    Row("uploadDocument", SIGNED_IN, form={**DECLARED, "visibility": "owner"}, file=PICTURE, why="of one's own"),
    Row("listDocuments", SIGNED_IN),
    Row("getDocument", READS, path=SHARED),
    Row("getDocument", READS_SEALED, path=SEALED, why="for the committee"),
    Row("getDocument", READS_OWN, path=OWN, why="of a member's own"),
    # Those who may read find no bytes: the rows are made without any.
    Row("getDocumentContent", {role: 503 if got == OK else got for role, got in READS.items()}, path=SHARED),
    Row(
        "getDocumentContent",
        {role: 503 if got == OK else got for role, got in READS_SEALED.items()},
        path=SEALED,
        why="for the committee",
    ),
    Row("changeDocument", KEEPS, path=SHARED, body={"title": "Nghị quyết tháng 12"}, headers=VERSION_1),
    Row(
        "changeDocument",
        expect(404, member=OK, secretary=403),
        path=OWN,
        body={"title": "Nghị quyết tháng 12"},
        headers=VERSION_1,
        why="of a member's own",
    ),
    Row("deleteDocument", KEEPS, path=SHARED, headers=VERSION_1),
    Row("deleteDocument", expect(404, member=OK, secretary=403), path=OWN, headers=VERSION_1, why="of a member's own"),
    Row("listDocumentFolders", SEES_BRANCH, path=A),
    Row("bookmarkDocument", READS, path=SHARED),
    Row("removeBookmark", READS, path=SHARED),
)

IDS: dict[str, tuple[str, ...]] = {"document_id": ("document", "own_document", "committee_document")}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make something of each kind in branch A; `things` are those made before."""
    del things
    put, branch = put_document, world.branch_a
    return {
        "document": await put(session, branch, world.secretary),
        "own_document": await put(session, branch, world.member, visibility=Visibility.owner),
        "committee_document": await put(session, branch, world.secretary, visibility=Visibility.committee),
    }
