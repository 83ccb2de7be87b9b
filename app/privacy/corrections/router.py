"""Routes of correction requests: the member's own, and of the keepers of the branch's records who decide them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import FieldsNotValid, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import CardNumberTaken, CitizenIdTaken, MemberNotFound, MembershipDatesFixed, PhoneTaken
from app.organisations.errors import OrganisationNotFound
from app.privacy.corrections import queries, service
from app.privacy.corrections.schemas import (
    CorrectionReject,
    CorrectionRequestCreate,
    CorrectionRequestPage,
    CorrectionRequestView,
)
from app.privacy.errors import (
    CorrectionAlreadyRequested,
    CorrectionChangesNothing,
    CorrectionRequestNotFound,
    CorrectionRequestSettled,
    OwnCorrectionRequest,
)
from app.privacy.models import CorrectionStatus

me = Router(prefix="/me/correction-requests", tags=["privacy"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["privacy"], route_class=StrictRoute)
router = Router(prefix="/correction-requests", tags=["privacy"], route_class=StrictRoute)


@me.post(
    "",
    operation_id="requestCorrection",
    status_code=201,
    summary="Ask for a correction of my record",
    responses=problems(CorrectionChangesNothing, CorrectionAlreadyRequested),
)
async def request_correction(
    session: DbSession, actor: CurrentActor, tagged: Tagged, body: CorrectionRequestCreate
) -> CorrectionRequestView:
    """Ask that a field of my record says something else; the secretary and deputy of my branch are told.

    Where nobody but me is that, its administrators are, or the nearest above it. Once I am of another branch, it is
    told and decided there.
    The value is judged as `PATCH /v1/members/{id}` does. Of each field one request waits at a time.
    """
    return tagged.whole(await service.request_correction(session, actor, body))


@me.get(
    "",
    operation_id="listMyCorrectionRequests",
    summary="My correction requests",
    responses=problems(CursorInvalid),
)
async def list_my_correction_requests(
    session: DbSession, actor: CurrentActor, paging: Paging, tagged: Tagged, linked: Linked
) -> CorrectionRequestPage:
    """List what I asked for and what became of it, the newest first."""
    return tagged.page(linked(await queries.list_my_correction_requests(session, actor, paging=paging)))


@organisations.get(
    "/{organisation_id}/correction-requests",
    operation_id="listCorrectionRequests",
    summary="Corrections to decide",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_correction_requests(
    session: DbSession,
    actor: CurrentActor,
    organisation_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    status: Annotated[CorrectionStatus | None, Query(description="Only these", examples=["pending"])] = None,
) -> CorrectionRequestPage:
    """List what members of the branch ask for, the oldest first; for those who keep its records.

    These are its secretary and deputy, and administrators of it or above it. Citizen ids and phone numbers are masked.
    """
    found = await queries.list_correction_requests(session, actor, organisation_id, status=status, paging=paging)
    return tagged.page(linked(found))


@router.get(
    "/{request_id}",
    operation_id="getCorrectionRequest",
    summary="A correction request",
    responses=problems(CorrectionRequestNotFound),
)
async def get_correction_request(
    session: DbSession, actor: CurrentActor, tagged: Tagged, request_id: UUID
) -> CorrectionRequestView:
    """Return a request with its value in clear: my own, or of a member whose record I keep.

    The member can read, once a day, that I have seen it (`GET /v1/me/record-views`).
    """
    return tagged.whole(await service.get_correction_request(session, actor, request_id))


@router.post(
    "/{request_id}/withdraw",
    operation_id="withdrawCorrectionRequest",
    summary="Withdraw a correction request",
    responses=problems(CorrectionRequestNotFound, NotForYourPost, CorrectionRequestSettled),
)
async def withdraw_correction_request(
    session: DbSession, actor: CurrentActor, tagged: Tagged, request_id: UUID
) -> CorrectionRequestView:
    """Take back what I asked for, while it is not decided."""
    return tagged.whole(await service.withdraw_correction_request(session, actor, request_id))


@router.post(
    "/{request_id}/accept",
    operation_id="acceptCorrectionRequest",
    summary="Accept a correction request",
    responses=problems(
        CorrectionRequestNotFound,
        MemberNotFound,
        OwnCorrectionRequest,
        CorrectionRequestSettled,
        MembershipDatesFixed,
        CardNumberTaken,
        CitizenIdTaken,
        PhoneTaken,
        FieldsNotValid,
    ),
)
async def accept_correction_request(
    session: DbSession, actor: CurrentActor, tagged: Tagged, request_id: UUID
) -> CorrectionRequestView:
    """Correct the record as the member asked, with all that `PATCH /v1/members/{id}` refuses; the member is told."""
    return tagged.whole(await service.accept_correction_request(session, actor, request_id))


@router.post(
    "/{request_id}/reject",
    operation_id="rejectCorrectionRequest",
    summary="Reject a correction request",
    responses=problems(CorrectionRequestNotFound, OwnCorrectionRequest, CorrectionRequestSettled),
)
async def reject_correction_request(
    session: DbSession, actor: CurrentActor, tagged: Tagged, request_id: UUID, body: CorrectionReject
) -> CorrectionRequestView:
    """Leave the record as it is, and say why; the member is told."""
    return tagged.whole(await service.reject_correction_request(session, actor, request_id, body))
