"""Routes of the stay."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import FieldsNotValid, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.transfers.errors import (
    NoStayUnderWay,
    TransferNotFound,
)
from app.transfers.schemas import (
    StayProlongation,
    StayReturn,
    TransferView,
)
from app.transfers.stays import service

router = Router(prefix="/transfers", tags=["members"], route_class=StrictRoute)


@router.post(
    "/{transfer_id}/return",
    operation_id="endStay",
    summary="End a stay early",
    responses=problems(TransferNotFound, NotForYourPost, NoStayUnderWay, FieldsNotValid),
)
async def end_stay(
    session: DbSession, actor: CurrentActor, tagged: Tagged, transfer_id: UUID, body: StayReturn
) -> TransferView:
    """Let a guest return home before the last day of the stay; for either branch."""
    return tagged.one(await service.end_stay(session, actor, transfer_id, body))


@router.post(
    "/{transfer_id}/prolong",
    operation_id="prolongStay",
    summary="Prolong a stay",
    responses=problems(TransferNotFound, NotForYourPost, NoStayUnderWay, FieldsNotValid),
)
async def prolong_stay(
    session: DbSession, actor: CurrentActor, tagged: Tagged, transfer_id: UUID, body: StayProlongation
) -> TransferView:
    """Let a guest stay longer, within the rule's limit; for the home branch."""
    return tagged.one(await service.prolong_stay(session, actor, transfer_id, body))
