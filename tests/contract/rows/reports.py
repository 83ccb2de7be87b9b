"""What each role gets of reports: the things asked about, and a row for each operation."""

from app.kernel.db import Session
from app.reports.models import AdmissionTarget, CommitteeTarget, Grade, MemberRating, TargetKind
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
    Row("removeAdmissionTarget", READS, path={**A, "year": "2027"}),
    Row("removeTermTarget", READS, path={**A, "from_year": "2027"}),
    Row("removeFoundingTarget", READS, path={**A, "year": "2027"}),
    Row("getRatings", READS, path={**A, "year": "2026"}),
    Row(
        "rateMembers",
        READS,
        path={**A, "year": "2026"},
        body={"items": [{"member_id": "$phoneless", "grade": "good"}]},
    ),
    Row("removeRating", READS, path={**A, "year": "2027", "member_id": "phoneless"}),
)

IDS: dict[str, tuple[str, ...]] = {}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Plan for a year in branch A, and grade somebody; the world's people are what is counted."""
    del things
    said = {"set_by": world.officer.member_id, "set_at": session.now()}
    session.add(AdmissionTarget(organisation_id=world.branch_a, year=2027, plan=3, **said))
    for kind, to_year in ((TargetKind.admissions, 2030), (TargetKind.new_organisations, 2027)):
        plan = CommitteeTarget(
            organisation_id=world.branch_a, kind=kind, from_year=2027, to_year=to_year, plan=3, **said
        )
        session.add(plan)
    session.add(
        MemberRating(
            member_id=world.phoneless.member_id,
            year=2027,
            organisation_id=world.branch_a,
            grade=Grade.good,
            rated_by=world.secretary.member_id,
            rated_at=session.now(),
        )
    )
    await session.flush()
    return {}
