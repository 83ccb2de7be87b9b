"""Routes of the yearly rating."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.replicas import ReplicaActor, ReplicaSession
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationNotFound
from app.reports.errors import RatedElsewhere, RatingNotFound, RatingsNotForBranch
from app.reports.ratings import queries, service
from app.reports.schemas import RatingsView, RatingsWrite, Year

organisations = Router(prefix="/organisations/{organisation_id}/ratings", tags=["reports"], route_class=StrictRoute)


@organisations.get(
    "/{year}",
    operation_id="getRatings",
    summary="Grades of a branch's members",
    responses=problems(OrganisationNotFound, NotForYourPost, RatingsNotForBranch),
)
async def get_ratings(
    session: ReplicaSession, actor: ReplicaActor, tagged: Tagged, organisation_id: UUID, year: Annotated[Year, Path()]
) -> RatingsView:
    """Return the branch's members of today with their grades, for its secretary and deputy, and officers above."""
    return tagged.whole(await queries.get_ratings(session, actor, organisation_id, year))


@organisations.put(
    "/{year}",
    operation_id="rateMembers",
    summary="Rate a branch's members",
    responses=problems(OrganisationNotFound, NotForYourPost, RatingsNotForBranch, RatedElsewhere),
)
async def rate_members(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    organisation_id: UUID,
    year: Annotated[Year, Path()],
    body: RatingsWrite,
) -> RatingsView:
    """Give members their grades; who is not named keeps theirs. `is_over_cap` warns, and refuses nothing."""
    return tagged.whole(await service.rate_members(session, actor, organisation_id, year, body))


@organisations.delete(
    "/{year}/{member_id}",
    operation_id="removeRating",
    status_code=204,
    summary="Take a member's grade back",
    responses=problems(OrganisationNotFound, NotForYourPost, RatingsNotForBranch, RatingNotFound),
)
async def remove_rating(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, year: Annotated[Year, Path()], member_id: UUID
) -> None:
    """Take back a grade that was given by mistake; the member is not rated then. For whoever may give it."""
    await service.remove_rating(session, actor, organisation_id, year, member_id)
