"""Routes of plans that the admissions report compares with."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationNotFound
from app.reports.errors import TargetNotFound, TargetTermInvalid
from app.reports.schemas import CommitteeTargetView, TargetView, TargetWrite, TermTargetWrite, Year
from app.reports.targets import service

organisations = Router(prefix="/organisations/{organisation_id}", tags=["reports"], route_class=StrictRoute)

InPath = Annotated[Year, Path()]


@organisations.put(
    "/admission-targets/{year}",
    operation_id="setAdmissionTarget",
    summary="Plan a year's admissions",
    responses=problems(OrganisationNotFound, NotForYourPost),
)
async def set_admission_target(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    organisation_id: UUID,
    year: InPath,
    body: TargetWrite,
) -> TargetView:
    """Set or change how many members the organisation plans to admit in a year, for its officers and those above.

    The admissions report shows it. Each organisation has a plan of its own; nobody adds them up.
    """
    return tagged.whole(await service.set_admission_target(session, actor, organisation_id, year, body))


@organisations.delete(
    "/admission-targets/{year}",
    operation_id="removeAdmissionTarget",
    status_code=204,
    summary="Take back the plan of a year's admissions",
    responses=problems(OrganisationNotFound, NotForYourPost, TargetNotFound),
)
async def remove_admission_target(session: DbSession, actor: CurrentActor, organisation_id: UUID, year: InPath) -> None:
    """Take back a plan that was set by mistake; reports show none then. For whoever may set it."""
    await service.remove_admission_target(session, actor, organisation_id, year)


@organisations.put(
    "/term-targets/{from_year}",
    operation_id="setTermTarget",
    summary="Plan a term's admissions",
    responses=problems(OrganisationNotFound, NotForYourPost, TargetTermInvalid),
)
async def set_term_target(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    organisation_id: UUID,
    from_year: InPath,
    body: TermTargetWrite,
) -> CommitteeTargetView:
    """Set or change how many members the organisation plans to admit in a term of two to five years, likewise.

    The admissions report shows it beside the plans of single years, with what was admitted since the term began.
    """
    return tagged.whole(await service.set_term_target(session, actor, organisation_id, from_year, body))


@organisations.delete(
    "/term-targets/{from_year}",
    operation_id="removeTermTarget",
    status_code=204,
    summary="Take back the plan of a term's admissions",
    responses=problems(OrganisationNotFound, NotForYourPost, TargetNotFound),
)
async def remove_term_target(session: DbSession, actor: CurrentActor, organisation_id: UUID, from_year: InPath) -> None:
    """Take back the plan of the term that begins with this year, likewise."""
    await service.remove_term_target(session, actor, organisation_id, from_year)


@organisations.put(
    "/founding-targets/{year}",
    operation_id="setFoundingTarget",
    summary="Plan a year's new organisations",
    responses=problems(OrganisationNotFound, NotForYourPost),
)
async def set_founding_target(
    session: DbSession, actor: CurrentActor, tagged: Tagged, organisation_id: UUID, year: InPath, body: TargetWrite
) -> CommitteeTargetView:
    """Set or change how many organisations are to be founded below it in a year, for its officers and those above.

    The admissions report shows it beside those that were.
    """
    return tagged.whole(await service.set_founding_target(session, actor, organisation_id, year, body))


@organisations.delete(
    "/founding-targets/{year}",
    operation_id="removeFoundingTarget",
    status_code=204,
    summary="Take back the plan of a year's new organisations",
    responses=problems(OrganisationNotFound, NotForYourPost, TargetNotFound),
)
async def remove_founding_target(session: DbSession, actor: CurrentActor, organisation_id: UUID, year: InPath) -> None:
    """Take back how many organisations were to be founded, likewise."""
    await service.remove_founding_target(session, actor, organisation_id, year)
