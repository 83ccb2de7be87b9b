"""Route of what an organisation was."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor
from app.organisations.errors import OrganisationNotFound
from app.organisations.succession import queries
from app.organisations.succession.schemas import HistoryView

router = Router(prefix="/organisations", tags=["organisations"], route_class=StrictRoute)


@router.get(
    "/{organisation_id}/history",
    operation_id="getOrganisationHistory",
    summary="What it was called, what it came from",
    responses=problems(OrganisationNotFound),
)
async def get_organisation_history(
    session: DbSession, actor: CurrentActor, tagged: Tagged, organisation_id: UUID
) -> HistoryView:
    """Return its names and places by period, and what it was merged or split from and into.

    An organisation that ended keeps its name, and its papers stay readable for whoever belonged to it until then.
    """
    return tagged.one(await queries.get_organisation_history(session, actor, organisation_id))
