"""Routes of deliveries, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.notifications.deliveries import queries, service
from app.notifications.deliveries.errors import DeliveryNotDeadLetter, DeliveryNotFound, NoticeOver
from app.notifications.deliveries.schemas import DeliveriesRequeue, DeliveryPage, DeliveryState, RequeuedView
from app.organisations.errors import OrganisationNotFound

organisations = Router(prefix="/organisations", tags=["organisations"], route_class=StrictRoute)


@organisations.get(
    "/{organisation_id}/deliveries",
    operation_id="listDeliveries",
    summary="What became of the pushes",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_deliveries(
    session: DbSession,
    actor: CurrentActor,
    reader: CurrentReader,
    organisation_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    outcome: Annotated[
        DeliveryState | None, Query(description="Only these; `quarantined` and `rejected` are the dead letters")
    ] = None,
) -> DeliveryPage:
    """List the deliveries of the organisation's notices and of those below it, the newest notice first.

    For administrators: ids, outcomes and reasons, never whom or what a notice is about.
    """
    return tagged.page(
        linked(
            await queries.list_deliveries(
                session, actor, organisation_id, outcome=outcome, reader=reader, paging=paging
            )
        )
    )


@organisations.post(
    "/{organisation_id}/deliveries/requeue",
    operation_id="requeueDeliveries",
    summary="Send dead letters anew",
    responses=problems(OrganisationNotFound, NotForYourPost, DeliveryNotFound, NoticeOver, DeliveryNotDeadLetter),
)
async def requeue_deliveries(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, body: DeliveriesRequeue
) -> RequeuedView:
    """Send what was refused once more, when its cause has been removed. Phones that have it show nothing twice."""
    return await service.requeue_deliveries(session, actor, organisation_id, body)
