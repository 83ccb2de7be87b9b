"""What each role gets of reports: the things asked about, and a row for each operation."""

from app.kernel.db import Session
from tests.contract.roles import OK, A, Row, Things, expect
from tests.factories.world import World

# Officers, and in its own branch the secretary; administrators and auditors read no figures.
READS = expect(404, inside=403, secretary=OK, officer=OK)
_COMMUNE = {"organisation_id": "commune"}
_OFFICER_ONLY = expect(403, officer=OK, stranger=404, guest=404)

ROWS: tuple[Row, ...] = (
    Row("getAdoptionReport", READS, path=A),
    Row("getAdoptionReport", _OFFICER_ONLY, path=_COMMUNE, why="of the commune"),
    Row("getAttendanceReport", READS, path=A),
    Row("getMeetingsReport", READS, path=A),
    Row("getAdmissionsReport", READS, path=A),
    Row("getRatingReport", READS, path=A),
    Row("getAwayReport", READS, path=A),
    Row("getReportSpreadsheet", READS, path={**A, "report": "attendance"}),
    Row("getReportPdf", READS, path={**A, "report": "away"}),
    Row("setAdmissionTarget", READS, path={**A, "year": "2026"}, body={"plan": 3}),
    Row("setTermTarget", READS, path={**A, "from_year": "2026"}, body={"to_year": 2030, "plan": 3}),
    Row("setFoundingTarget", READS, path={**A, "year": "2026"}, body={"plan": 3}),
    Row("getRatings", READS, path={**A, "year": "2026"}),
    Row(
        "rateMembers",
        READS,
        path={**A, "year": "2026"},
        body={"items": [{"member_id": "$phoneless", "grade": "good"}]},
    ),
)

IDS: dict[str, tuple[str, ...]] = {}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make nothing: the world's people are what is counted."""
    del session, world, things
    return {}
