"""Routes of transfers."""

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
from app.members.errors import (
    CardNumberTaken,
    CitizenIdTaken,
    CorrectionTooLate,
    FormerMember,
    MemberNotFound,
    PhoneTaken,
)
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound
from app.transfers import queries, service
from app.transfers.errors import (
    AlreadyMoving,
    DestinationNotValid,
    NotYetAMember,
    TransferDecided,
    TransferNotFound,
)
from app.transfers.models import TransferStatus
from app.transfers.schemas import (
    TransferAcceptance,
    TransferCreate,
    TransferDirection,
    TransferPage,
    TransferRefusal,
    TransferView,
)

me = Router(prefix="/me/transfers", tags=["members"], route_class=StrictRoute)
members = Router(prefix="/members", tags=["members"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["members"], route_class=StrictRoute)
router = Router(prefix="/transfers", tags=["members"], route_class=StrictRoute)


@me.get("", operation_id="listMyTransfers", summary="My transfers", responses=problems(CursorInvalid))
async def list_my_transfers(
    session: DbSession, actor: CurrentActor, tagged: Tagged, linked: Linked, page: Paging
) -> TransferPage:
    """List my own transfers, the latest first."""
    return tagged.page(linked(await queries.list_my_transfers(session, actor, page=page)))


@members.post(
    "/{member_id}/transfers",
    operation_id="startTransfer",
    status_code=201,
    summary="Transfer a member",
    responses=problems(
        MemberNotFound,
        NotForYourPost,
        FormerMember,
        NotYetAMember,
        AlreadyMoving,
        DestinationNotValid,
        FieldsNotValid,
    ),
)
async def start_transfer(
    session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID, body: TransferCreate
) -> TransferView:
    """Let a member go to another branch, for good or for some months; for the secretary, deputy and administrators.

    Nothing changes but the member's standing (`transferring`) until the other branch accepts. Both secretaries are
    reminded 30, 50 and 60 working days after the letter; what is overdue is shown, and decided by people.
    """
    return tagged.one(await service.start_transfer(session, actor, member_id, body))


@organisations.get(
    "/{organisation_id}/transfers",
    operation_id="listTransfers",
    summary="Transfers from and to a branch",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_transfers(
    *,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    linked: Linked,
    page: Paging,
    organisation_id: UUID,
    direction: Annotated[TransferDirection | None, Query(description="Only those from it, or to it")] = None,
    status: Annotated[TransferStatus | None, Query(description="Only those of this status")] = None,
) -> TransferPage:
    """List a branch's transfers, the latest first; for its secretary, deputy and administrators."""
    found = await queries.list_transfers(session, actor, organisation_id, direction=direction, status=status, page=page)
    return tagged.page(linked(found))


@router.get("/{transfer_id}", operation_id="getTransfer", summary="A transfer", responses=problems(TransferNotFound))
async def get_transfer(session: DbSession, actor: CurrentActor, tagged: Tagged, transfer_id: UUID) -> TransferView:
    """Return a transfer; for the member, and secretary, deputy and administrators of both branches."""
    return tagged.one(await queries.get_transfer(session, actor, transfer_id))


@router.post(
    "/{transfer_id}/accept",
    operation_id="acceptTransfer",
    summary="Accept a transfer",
    responses=problems(TransferNotFound, NotForYourPost, TransferDecided, OrganisationHasEnded, FieldsNotValid),
)
async def accept_transfer(
    session: DbSession, actor: CurrentActor, tagged: Tagged, transfer_id: UUID, body: TransferAcceptance
) -> TransferView:
    """Take the member in; for the receiving branch's secretary, deputy and administrators.

    From the next request on the member sees the new branch and not the old one, whose posts and replies to meetings
    to come end. The old branch keeps its minutes with the name in them. A guest keeps vote and headcount at home. Where
    the transfer leads out of the system, the old branch itself confirms, and the membership here ends.
    """
    return tagged.one(await service.accept_transfer(session, actor, transfer_id, body))


@router.post(
    "/{transfer_id}/refuse",
    operation_id="refuseTransfer",
    summary="Refuse a transfer",
    responses=problems(TransferNotFound, NotForYourPost, TransferDecided),
)
async def refuse_transfer(
    session: DbSession, actor: CurrentActor, tagged: Tagged, transfer_id: UUID, body: TransferRefusal
) -> TransferView:
    """Do not take the member in, and say why; for the receiving branch. The member stays where they are."""
    return tagged.one(await service.refuse_transfer(session, actor, transfer_id, body))


@router.post(
    "/{transfer_id}/withdraw",
    operation_id="withdrawTransfer",
    summary="Withdraw a transfer",
    responses=problems(
        TransferNotFound,
        NotForYourPost,
        TransferDecided,
        CorrectionTooLate,
        OrganisationHasEnded,
        CardNumberTaken,
        CitizenIdTaken,
        PhoneTaken,
    ),
)
async def withdraw_transfer(
    session: DbSession, actor: CurrentActor, tagged: Tagged, transfer_id: UUID, body: TransferRefusal
) -> TransferView:
    """Take back a transfer that nobody has decided; for the old branch.

    Also one for good out of the system, within 30 days of its acceptance, if that was a mistake: the member is as
    before, without posts. Where somebody else has their card number, citizen id or telephone number by now, as they
    themself have who were entered anew, that is refused without saying who.
    """
    return tagged.one(await service.withdraw_transfer(session, actor, transfer_id, body))
