"""Routes of admissions."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from app.admissions import queries, service
from app.admissions.errors import (
    CandidacyClosed,
    CandidacyNotFound,
    CertificateMissing,
    DossierIncomplete,
    MentorNotValid,
    MentorsMissing,
    NotOnProbation,
    RecognitionTooEarly,
    StepNotFound,
)
from app.admissions.models import CandidacyStatus
from app.admissions.schemas import (
    Admission,
    CandidacyCreate,
    CandidacyDrop,
    CandidacyPage,
    CandidacyPatch,
    CandidacyView,
    Recognition,
    StepDone,
)
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, IfMatchMissing, Tagged, VersionChanged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import FieldsNotValid, problems
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import CitizenIdTaken, FormerMember, MemberNotFound, NotABranch, PhoneTaken
from app.members.schemas import MemberView
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound

members = Router(prefix="/members", tags=["members"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["members"], route_class=StrictRoute)
router = Router(prefix="/candidacies", tags=["members"], route_class=StrictRoute)


@organisations.post(
    "/{organisation_id}/candidacies",
    operation_id="enterCandidate",
    status_code=201,
    summary="Put somebody into the pool",
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        NotABranch,
        MentorNotValid,
        CitizenIdTaken,
        PhoneTaken,
        FieldsNotValid,
    ),
)
async def enter_candidate(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    reader: CurrentReader,
    organisation_id: UUID,
    body: CandidacyCreate,
) -> CandidacyView:
    """Enter a candidate of a branch; for its secretary, deputy and administrators, who alone see candidates."""
    return tagged.one(await service.enter_candidate(session, actor, organisation_id, body, locale=reader.locale))


@organisations.get(
    "/{organisation_id}/candidacies",
    operation_id="listCandidacies",
    summary="The pool of a branch",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_candidacies(
    *,
    session: DbSession,
    actor: CurrentActor,
    reader: CurrentReader,
    tagged: Tagged,
    linked: Linked,
    page: Paging,
    organisation_id: UUID,
    status: Annotated[CandidacyStatus | None, Query(description="Only those of this status")] = None,
) -> CandidacyPage:
    """List those of who is at home in the branch, the latest first; also those admitted, recognised and dropped."""
    found = await queries.list_candidacies(
        session, actor, organisation_id, status=status, page=page, locale=reader.locale
    )
    return tagged.page(linked(found))


@router.get(
    "/{candidacy_id}",
    operation_id="getCandidacy",
    summary="A candidacy",
    responses=problems(CandidacyNotFound),
)
async def get_candidacy(
    session: DbSession, actor: CurrentActor, reader: CurrentReader, tagged: Tagged, candidacy_id: UUID
) -> CandidacyView:
    """Return a candidacy with its dossier: each step that the rules name, when it was done or by when it should be."""
    return tagged.one(await queries.get_candidacy(session, actor, candidacy_id, locale=reader.locale))


@router.patch(
    "/{candidacy_id}",
    operation_id="changeCandidacy",
    summary="Correct a candidacy",
    responses=problems(
        CandidacyNotFound,
        CandidacyClosed,
        MentorNotValid,
        CitizenIdTaken,
        PhoneTaken,
        FieldsNotValid,
        VersionChanged,
        IfMatchMissing,
    ),
)
async def change_candidacy(
    *,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    reader: CurrentReader,
    expected: ExpectedVersion,
    candidacy_id: UUID,
    body: CandidacyPatch,
) -> CandidacyView:
    """Correct the person, name the mentors, write down the course's certificate; while they are in the pool."""
    return tagged.one(
        await service.change_candidacy(session, actor, candidacy_id, body, expected=expected, locale=reader.locale)
    )


@router.put(
    "/{candidacy_id}/steps/{step}",
    operation_id="completeStep",
    summary="A step of the dossier is done",
    responses=problems(CandidacyNotFound, StepNotFound, CandidacyClosed, FieldsNotValid),
)
async def complete_step(
    *,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    reader: CurrentReader,
    candidacy_id: UUID,
    step: Annotated[str, Path(max_length=40, pattern="^[a-z_]+$", description="As `steps` name it")],
    body: StepDone,
) -> CandidacyView:
    """Write down that a step is done, or correct its day. Decision and ceremony are the admission itself."""
    return tagged.one(await service.complete_step(session, actor, candidacy_id, step, body, locale=reader.locale))


@router.post(
    "/{candidacy_id}/admit",
    operation_id="admitCandidate",
    summary="Admit a candidate",
    responses=problems(
        CandidacyNotFound, CandidacyClosed, DossierIncomplete, MentorsMissing, CertificateMissing, FieldsNotValid
    ),
)
async def admit_candidate(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, candidacy_id: UUID, body: Admission
) -> CandidacyView:
    """Make a candidate a member on probation from the day of the ceremony.

    They are 18 to 60 years old that day, the dossier is whole, two official members are mentors, and the certificate is
    valid on the day of the decision. The branch's leaders are reminded before the probation ends, on its last day, and
    when its review is due.
    """
    return tagged.one(await service.admit_candidate(session, actor, candidacy_id, body, locale=reader.locale))


@router.post(
    "/{candidacy_id}/drop",
    operation_id="dropCandidate",
    summary="Take somebody out of the pool",
    responses=problems(CandidacyNotFound, CandidacyClosed),
)
async def drop_candidate(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    reader: CurrentReader,
    candidacy_id: UUID,
    body: CandidacyDrop,
) -> CandidacyView:
    """Take a candidate out of the pool, and say why."""
    return tagged.one(await service.drop_candidate(session, actor, candidacy_id, body, locale=reader.locale))


@members.post(
    "/{member_id}/recognise",
    operation_id="recogniseMember",
    summary="Recognise a member as official",
    responses=problems(
        MemberNotFound, NotForYourPost, FormerMember, NotOnProbation, RecognitionTooEarly, FieldsNotValid
    ),
)
async def recognise_member(
    session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID, body: Recognition
) -> MemberView:
    """End a probation, not before its twelve months are over; for secretary, deputy and administrators.

    The official date is the end of month 12, however late the decision comes.
    """
    return tagged.one(await service.recognise_member(session, actor, member_id, body))
