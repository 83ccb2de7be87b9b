"""Routes of a year's figures."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.activity.summaries import queries
from app.activity.summaries.schemas import BranchYear, MyYear
from app.activity.years import Year
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.replicas import ReplicaActor, ReplicaSession
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationNotFound

me = Router(prefix="/me", tags=["activity"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["activity"], route_class=StrictRoute)

WantedYear = Annotated[Year | None, Query(description="As it is in Việt Nam; by default this year", examples=[2026])]


@me.get("/activity/summary", operation_id="getMyActivitySummary", summary="My year in figures")
async def get_my_activity_summary(
    session: DbSession, actor: CurrentActor, tagged: Tagged, year: WantedYear = None
) -> MyYear:
    """Return my attendance with its band, and how often I took part in everything else."""
    return tagged.whole(await queries.get_my_activity_summary(session, actor, year=year))


@organisations.get(
    "/{organisation_id}/activity/summary",
    operation_id="getActivitySummary",
    summary="A branch's year in figures",
    responses=problems(OrganisationNotFound, NotForYourPost),
)
async def get_activity_summary(
    session: ReplicaSession, actor: ReplicaActor, tagged: Tagged, organisation_id: UUID, year: WantedYear = None
) -> BranchYear:
    """Return the figures of each member for the branch's organisers, and of all together for officers above."""
    return tagged.whole(await queries.get_activity_summary(session, actor, organisation_id, year=year))
