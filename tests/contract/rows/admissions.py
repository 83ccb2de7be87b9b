"""What each role gets of admissions: the things asked about, and a row for each operation."""

from app.admissions.models import Candidacy, CandidacyStatus, CandidacyStep, CandidateSource
from app.kernel.db import Session
from app.members.models import Member, Standing, StandingKind
from app.rules import RULE_SETS
from tests.contract.roles import KEEPS_RECORD, OK, VERSION_1, A, Row, Things, expect
from tests.factories.world import World

_CANDIDACY = {"candidacy_id": "candidacy"}
_KEEPERS = expect(404, secretary=OK, administrator=OK)
_OF_THE_BRANCH = expect(404, inside=403, secretary=OK, administrator=OK)

ROWS: tuple[Row, ...] = (
    Row(
        "enterCandidate",
        _OF_THE_BRANCH,
        path=A,
        body={"full_name": "Vũ Thị Quỳnh", "born_on": "2004-05-19", "source": "youth_union"},
    ),
    Row("listCandidacies", _OF_THE_BRANCH, path=A),
    Row("getCandidacy", _KEEPERS, path=_CANDIDACY),
    Row("changeCandidacy", _KEEPERS, path=_CANDIDACY, body={"source": "trade_union"}, headers=VERSION_1),
    Row("completeStep", _KEEPERS, path={**_CANDIDACY, "step": "application"}, body={"done_on": "2026-10-05"}),
    Row(
        "admitCandidate",
        _KEEPERS,
        path=_CANDIDACY,
        body={"decision_number": "25-QĐ/ĐU", "decided_on": "2026-11-10", "admitted_on": "2026-11-20"},
    ),
    Row("dropCandidate", _KEEPERS, path=_CANDIDACY, body={"reason": "Chuyển nơi cư trú"}),
    Row(
        "recogniseMember",
        KEEPS_RECORD,
        path={"member_id": "probationary_member"},
        body={"decision_number": "40-QĐ/ĐU", "decided_on": "2026-11-20"},
    ),
)

IDS: dict[str, tuple[str, ...]] = {"candidacy_id": ("candidacy",)}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make a candidate of branch A whose dossier is whole."""
    del things
    member = Member(
        id=session.new_id(),
        organisation_id=world.branch_a,
        full_name="Vũ Thị Quỳnh",
        sort_key="quynh",
        search_key="vu thi quynh",
        born_on=session.today().replace(year=2004),
        version=1,
        created_at=session.now(),
    )
    session.add(member)
    await session.flush()
    session.add(
        Standing(
            id=session.new_id(),
            member_id=member.id,
            organisation_id=world.branch_a,
            kind=StandingKind.candidate,
            starts_on=session.today().replace(day=1),
        )
    )
    candidacy = Candidacy(
        id=session.new_id(),
        member_id=member.id,
        organisation_id=world.branch_a,
        status=CandidacyStatus.pool,
        source=CandidateSource.youth_union,
        mentor_1_id=world.secretary.member_id,
        mentor_2_id=world.member.member_id,
        certificate_number="112/CN",
        certified_on=session.today().replace(day=1),
        rule_set=RULE_SETS[0].key,
        version=1,
        entered_by=world.secretary.member_id,
        created_at=session.now(),
    )
    session.add(candidacy)
    await session.flush()
    for step in RULE_SETS[0].dossier[:-2]:
        session.add(
            CandidacyStep(
                candidacy_id=candidacy.id,
                step=step.code,
                done_on=session.today().replace(day=2),
                entered_by=world.secretary.member_id,
            )
        )
    await session.flush()
    return {"candidacy": candidacy.id, "probationary_member": world.probationary.member_id}
