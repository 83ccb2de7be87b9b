"""What each role gets of decisions on a membership: the thing asked about, and a row for each operation."""

from datetime import date

from app.kernel.db import Session
from app.members.models import Standing
from app.memberships.models import DecidedKind, StandingDecision
from tests.contract.roles import KEEPS_RECORD, OK, VERSION_1, Row, Things, expect
from tests.factories.world import World

_DECISION = {"standing_id": "standing"}
_REASON = {"reason": "Nhầm người"}

ROWS: tuple[Row, ...] = (
    Row("listStandingDecisions", KEEPS_RECORD, path={"member_id": "phoneless"}),
    Row("listStandingDecisions", {**KEEPS_RECORD, "member": OK}, path={"member_id": "convened"}, why="of oneself"),
    Row(
        "decideStanding",
        KEEPS_RECORD,
        path={"member_id": "convened"},
        body={"kind": "deceased", "starts_on": "2026-11-20", "reason": "Bệnh nặng"},
    ),
    Row("getStandingDecision", expect(404, secretary=OK, administrator=OK), path=_DECISION),
    Row(
        "changeStandingDecision",
        expect(404, secretary=OK, administrator=OK),
        path=_DECISION,
        body={"ends_on": "2027-03-31"},
        headers=VERSION_1,
    ),
    Row("revokeStandingDecision", expect(404, secretary=OK, administrator=OK), path=_DECISION, body=_REASON),
)

IDS: dict[str, tuple[str, ...]] = {"standing_id": ("standing",)}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Exempt the member without a phone for a time."""
    del things
    days = {"starts_on": date(2026, 11, 1), "ends_on": date(2027, 5, 31)}
    decision = StandingDecision(
        id=session.new_id(),
        member_id=world.phoneless.member_id,
        organisation_id=world.branch_a,
        kind=DecidedKind.temporarily_exempt,
        reason="Sức khỏe yếu",
        version=1,
        entered_by=world.secretary.member_id,
        created_at=session.now(),
        **days,
    )
    session.add(decision)
    session.add(
        Standing(
            id=session.new_id(),
            member_id=world.phoneless.member_id,
            organisation_id=world.branch_a,
            kind=DecidedKind.temporarily_exempt.standing,
            **days,
        )
    )
    await session.flush()
    return {"standing": decision.id}
