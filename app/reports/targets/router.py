"""Routes of plans of admission."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationNotFound
from app.reports.schemas import TargetView, TargetWrite, Year
from app.reports.targets import service

organisations = APIRouter(
    prefix="/organisations/{organisation_id}/admission-targets", tags=["reports"], route_class=StrictRoute
)


@organisations.put(
    "/{year}",
    operation_id="setAdmissionTarget",
    summary="Plan a year's admissions",
    responses=problems(OrganisationNotFound, NotForYourPost),
)
async def set_admission_target(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    organisation_id: UUID,
    year: Annotated[Year, Path()],
    body: TargetWrite,
) -> TargetView:
    """Set or change how many members the organisation plans to admit in a year, for its officers and those above.

    The admissions report shows it. Each organisation has a plan of its own; nobody adds them up.
    """
    return tagged.whole(await service.set_admission_target(session, actor, organisation_id, year, body))
