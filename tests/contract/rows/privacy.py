"""What each role gets of privacy: the things asked about, and a row for each operation."""

from app.kernel.db import Session
from app.privacy.models import Consent, CorrectableField, CorrectionRequest, CorrectionStatus
from app.privacy.texts import CONSENT_TEXTS
from tests.contract.roles import OK, ROLES, SIGNED_IN, A, Row, Things, expect
from tests.factories.world import Person, World

NEW = {"field": "sex", "value": "female", "reason": "Ghi nhầm khi nhập danh sách"}
ASKED = {"request_id": "correction"}
# Its author and the keepers of the record know of a request; nobody decides their own.
DECIDES = expect(404, member=403, secretary=OK, administrator=OK)

ROWS: tuple[Row, ...] = (
    Row("exportMyData", SIGNED_IN),
    Row("getMyConsents", SIGNED_IN),
    Row("giveConsent", SIGNED_IN, body={"version": CONSENT_TEXTS[-1].version}),
    Row("withdrawConsent", SIGNED_IN),
    Row("requestCorrection", SIGNED_IN, body=NEW),
    Row("listMyCorrectionRequests", SIGNED_IN),
    Row("listCorrectionRequests", expect(404, inside=403, secretary=OK, administrator=OK), path=A),
    Row("getCorrectionRequest", expect(404, member=OK, secretary=OK, administrator=OK), path=ASKED),
    Row("withdrawCorrectionRequest", expect(404, member=OK, secretary=403, administrator=403), path=ASKED),
    Row("acceptCorrectionRequest", DECIDES, path=ASKED),
    Row("rejectCorrectionRequest", DECIDES, path=ASKED, body={"reason": "Chưa khớp giấy tờ"}),
)

IDS: dict[str, tuple[str, ...]] = {"request_id": ("correction", "rejected_correction")}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make two requests of the member's, and let everybody have consented."""
    del things
    people: list[Person] = [getattr(world, role) for role in ROLES if role != "anonymous"]
    session.add_all(
        Consent(
            id=session.new_id(),
            member_id=person.member_id,
            version=CONSENT_TEXTS[-1].version,
            accepted_at=session.now(),
        )
        for person in people
    )
    made = {
        "correction": _request(session, world, CorrectionStatus.pending),
        "rejected_correction": _request(session, world, CorrectionStatus.rejected),
    }
    session.add_all(made.values())
    await session.flush()
    return {name: request.id for name, request in made.items()}


def _request(session: Session, world: World, status: CorrectionStatus) -> CorrectionRequest:
    is_decided = status is not CorrectionStatus.pending
    return CorrectionRequest(
        id=session.new_id(),
        member_id=world.member.member_id,
        field=CorrectableField.born_on,
        value="1971-02-03",
        reason="Theo căn cước công dân",
        status=status,
        answer="Chưa khớp giấy tờ" if is_decided else None,
        decided_by=world.secretary.member_id if is_decided else None,
        decided_at=session.now() if is_decided else None,
        created_at=session.now(),
    )
