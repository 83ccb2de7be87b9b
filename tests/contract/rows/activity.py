"""What each role gets of activity: the things asked about, and a row for each operation."""

from uuid import UUID

from app.activity.models import ActivityEntry, EntryStatus
from app.kernel.db import Session
from tests.contract.roles import OK, SIGNED_IN, VERSION_1, A, Row, Things, expect
from tests.factories.world import World

ENTRY = {"title": "Hiến đất làm đường thôn", "body": "Gia đình hiến 40 m² đất.", "occurred_on": "2026-11-20"}
WRITTEN = {"entry_id": "entry"}
# Its author and the leaders of the branch know of an entry; nobody judges their own, and nobody rewrites another's.
WRITES_ENTRY = expect(404, member=OK, secretary=403)
JUDGES_ENTRY = expect(404, member=403, secretary=OK)

ROWS: tuple[Row, ...] = (
    Row("listMyActivity", SIGNED_IN),
    Row("getMyActivitySummary", SIGNED_IN),
    Row("enterActivity", SIGNED_IN, body=ENTRY),
    # The log is all that auditors read; administrators read nothing of a branch's life.
    Row("listActivity", expect(404, inside=403, organisers=OK, officer=OK, auditor=OK), path=A),
    Row("getActivitySummary", expect(404, inside=403, organisers=OK, officer=OK), path=A),
    Row("listActivityEntries", expect(404, inside=403, secretary=OK), path=A),
    Row("getActivityEntry", expect(404, member=OK, secretary=OK), path=WRITTEN),
    Row("replaceActivityEntry", WRITES_ENTRY, path=WRITTEN, body=ENTRY, headers=VERSION_1),
    Row("withdrawActivityEntry", WRITES_ENTRY, path=WRITTEN, headers=VERSION_1),
    Row("confirmActivityEntry", JUDGES_ENTRY, path=WRITTEN),
    Row("returnActivityEntry", JUDGES_ENTRY, path=WRITTEN, body={"reason": "Đề nghị ghi rõ diện tích"}),
)

IDS: dict[str, tuple[str, ...]] = {"entry_id": ("entry", "returned_entry", "confirmed_entry")}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make an entry of each status, the member's own."""
    del things
    names = {
        "entry": EntryStatus.submitted,
        "returned_entry": EntryStatus.returned,
        "confirmed_entry": EntryStatus.confirmed,
    }
    return {name: await _make_entry(session, world, status) for name, status in names.items()}


async def _make_entry(session: Session, world: World, status: EntryStatus) -> UUID:
    is_decided = status is not EntryStatus.submitted
    entry = ActivityEntry(
        id=session.new_id(),
        member_id=world.member.member_id,
        organisation_id=world.branch_a,
        status=status,
        title=ENTRY["title"],
        body=ENTRY["body"],
        occurred_on=session.today(),
        reason="Cần ghi rõ diện tích" if status is EntryStatus.returned else None,
        decided_by=world.secretary.member_id if is_decided else None,
        decided_at=session.now() if is_decided else None,
        version=1,
        created_at=session.now(),
    )
    session.add(entry)
    await session.flush()
    return entry.id
