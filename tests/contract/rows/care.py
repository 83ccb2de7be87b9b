"""What each role gets of care: the things asked about, and a row for each operation."""

from app.care.models import ProxyContact
from app.kernel.db import Session
from tests.contract.roles import OK, SIGNED_IN, A, Row, Things, expect
from tests.factories.world import World

CONTACT = {
    "full_name": "Đỗ Thị Hoa",
    "relation": "Con gái, ở cùng nhà",
    "phone": "0912 345 789",
    "note": "Gọi sau 19 giờ",
}
# Where somebody is, and whom to ask, is for the branch's own organisers: nobody above it, no administrator.
CARES = expect(404, inside=403, organisers=OK)
# Whoever sees nobody there (auditors, other branches) cannot tell a member from nobody.
CARES_FOR = expect(404, branch=403, guest=404, officer=403, administrator=403, organisers=OK)
KEEPS_CONTACT = {**CARES_FOR, "away": OK}

ROWS: tuple[Row, ...] = (
    Row("getMyCare", SIGNED_IN),
    Row("listMembersAway", CARES, path=A),
    Row("getUnreachedMembers", CARES, path=A),
    Row("nudgeMember", CARES_FOR, path={"member_id": "convened"}),
    Row(
        "nudgeMember",
        {**CARES_FOR, "secretary": 409, "minute_taker": 409},
        path={"member_id": "phoneless"},
        why="who has no phone",
    ),
    Row("getProxyContact", KEEPS_CONTACT, path={"member_id": "away_member"}),
    Row("nameProxyContact", KEEPS_CONTACT, path={"member_id": "away_member"}, body=CONTACT),
    Row("removeProxyContact", KEEPS_CONTACT, path={"member_id": "away_member"}),
)

IDS: dict[str, tuple[str, ...]] = {}
"""For the fuzzer: nothing beyond the members and organisations it knows."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Write down whom to ask about the member away."""
    del things
    session.add(
        ProxyContact(
            member_id=world.away.member_id,
            full_name="Phạm Văn Đông",
            relation="Anh trai, ở cùng thôn",
            phone="+84912345678",
            note=None,
            entered_by=world.secretary.member_id,
            entered_at=session.now(),
        )
    )
    await session.flush()
    return {"away_member": world.away.member_id}
