"""What each role gets of many members at once: rosters to correct, and who may be on record twice."""

from app.kernel.db import Session
from tests.contract.roles import KEEPS_RECORD, OK, A, Row, Things, expect
from tests.factories.world import World

_OF_THE_BRANCH = expect(404, inside=403, secretary=OK, administrator=OK)
# Whoever keeps the records of one branch only does not judge whose record in another one it may be.
_ADMINISTERS = {**KEEPS_RECORD, "member": 403, "secretary": 403}
_TWO = {"member_id": "phoneless", "other_id": "convened"}
_ROSTER = "Mã hồ sơ,Phiên bản,Họ và tên\n{key},1,Cao Thị Uyên\n".format(key="0192d3a1-0000-7000-8000-000000000000")

ROWS: tuple[Row, ...] = (
    Row("getMemberRoster", _OF_THE_BRANCH, path=A),
    Row(
        "getMemberRoster",
        expect(404, inside=403, sister_secretary=403, administrator=OK),
        path={"organisation_id": "commune"},
        why="of all below",
    ),
    Row(
        "correctMembers",
        _OF_THE_BRANCH,
        path=A,
        form={"commit": "false"},
        file=("danh-sach.csv", _ROSTER.encode()),
    ),
    Row("listDuplicateMembers", expect(404, inside=403, administrator=OK), path=A),
    Row("distinguishMembers", _ADMINISTERS, path=_TWO),
    Row("revokeDistinction", _ADMINISTERS, path=_TWO),
)

IDS: dict[str, tuple[str, ...]] = {"other_id": ("phoneless", "convened")}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make nothing: the world's people are enough."""
    del session, world, things
    return {}
