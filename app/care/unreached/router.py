"""Route of whom the last call has not reached."""

from uuid import UUID

from app.care.schemas import UnreachedMembers
from app.care.unreached import queries
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationNotFound

organisations = Router(prefix="/organisations", tags=["care"], route_class=StrictRoute)


@organisations.get(
    "/{organisation_id}/unreached",
    operation_id="getUnreachedMembers",
    summary="Whom to ring up",
    responses=problems(OrganisationNotFound, NotForYourPost),
)
async def get_unreached_members(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, organisation_id: UUID
) -> UnreachedMembers:
    """Return whom the last call of a meeting to come has reached on no phone and who has not replied, away or not.

    And who was not told of it, having joined since. With whom to ask instead. For the branch's secretary, deputy and
    minute-taker.
    """
    return tagged.whole(await queries.get_unreached_members(session, actor, organisation_id, locale=reader.locale))
