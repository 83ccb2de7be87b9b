"""What each role gets of transfers: the things asked about, and a row for each operation."""

from datetime import date
from uuid import UUID

from app.kernel.db import Session
from app.transfers.models import Transfer, TransferKind, TransferStatus
from tests.contract.roles import KEEPS_RECORD, OK, SIGNED_IN, A, Row, Things, expect
from tests.factories.world import Person, World

_OPEN = {"transfer_id": "transfer"}
_STAY = {"transfer_id": "stay"}
# The mover, who keeps the records of one of the branches, and administrators over them.
_SEES = expect(404, member=OK, secretary=OK, sister_secretary=OK, administrator=OK)
_OLD_SIDE = expect(404, member=403, secretary=OK, sister_secretary=403, administrator=OK)
_NEW_SIDE = expect(404, member=403, secretary=403, sister_secretary=OK, administrator=OK)
_REASON = {"reason": "Chưa nộp giấy giới thiệu"}

ROWS: tuple[Row, ...] = (
    Row("listMyTransfers", SIGNED_IN),
    Row("listTransfers", expect(404, inside=403, secretary=OK, administrator=OK), path=A),
    Row(
        "startTransfer",
        KEEPS_RECORD,
        path={"member_id": "phoneless"},
        body={
            "kind": "permanent",
            "to_organisation_id": "$branch_b",
            "letter_number": "15-GTSHĐ",
            "letter_on": "2026-11-20",
        },
    ),
    Row("getTransfer", _SEES, path=_OPEN),
    Row("acceptTransfer", _NEW_SIDE, path=_OPEN, body={"received_on": "2026-11-21"}),
    Row("refuseTransfer", _NEW_SIDE, path=_OPEN, body=_REASON),
    Row("withdrawTransfer", _OLD_SIDE, path=_OPEN, body=_REASON),
    Row(
        "endStay",
        expect(404, away=403, secretary=OK, sister_secretary=OK, administrator=OK),
        path=_STAY,
        body={"last_on": "2026-11-30"},
    ),
    Row(
        "prolongStay",
        expect(404, away=403, secretary=OK, sister_secretary=403, administrator=OK),
        path=_STAY,
        body={"until": "2027-08-20"},
    ),
)

IDS: dict[str, tuple[str, ...]] = {"transfer_id": ("transfer", "stay")}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make an open transfer of the member to branch B, and a stay there of the member who is away."""
    del things
    return {
        "branch_b": world.branch_b,
        "transfer": await _make_transfer(session, world, world.member, TransferKind.permanent),
        "stay": await _make_transfer(session, world, world.away, TransferKind.temporary),
    }


async def _make_transfer(session: Session, world: World, person: Person, kind: TransferKind) -> UUID:
    is_stay = kind is TransferKind.temporary
    transfer = Transfer(
        id=session.new_id(),
        member_id=person.member_id,
        kind=kind,
        for_study=False,
        status=TransferStatus.accepted if is_stay else TransferStatus.started,
        from_organisation_id=world.branch_a,
        to_organisation_id=world.branch_b,
        letter_number="14-GTSHĐ",
        letter_on=date(2026, 11, 20),
        until=date(2027, 5, 20) if is_stay else None,
        received_on=date(2026, 11, 21) if is_stay else None,
        rule_set="42-HD/BTCTW@2025-10-28",
        present_by=date(2027, 1, 4),
        due_on=date(2027, 2, 22),
        version=1,
        started_by=world.secretary.member_id,
        created_at=session.now(),
        decided_by=world.sister_secretary.member_id if is_stay else None,
        decided_at=session.now() if is_stay else None,
    )
    session.add(transfer)
    await session.flush()
    return transfer.id
