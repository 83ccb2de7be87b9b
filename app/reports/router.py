"""Routes of reports."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kernel.bodies import StrictRoute
from app.kernel.days import Day
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.replicas import ReplicaActor, ReplicaSession
from app.kernel.routing import Router
from app.kernel.security import NotForYourPost
from app.organisations.errors import OrganisationNotFound
from app.reports import queries
from app.reports.errors import ReportPeriodInvalid
from app.reports.percentages import MOST_DIGITS, Rounding, Style
from app.reports.schemas import (
    AdmissionsReport,
    AdoptionReport,
    AttendanceReport,
    AwayReport,
    MeetingsReport,
    RatingReport,
    Year,
)

organisations = Router(prefix="/organisations/{organisation_id}/reports", tags=["reports"], route_class=StrictRoute)

Since = Annotated[Day | None, Query(alias="from", description="The period's first day", examples=["2026-01-01"])]
Until = Annotated[
    Day | None, Query(alias="to", description="The period's last day; by default today", examples=["2026-11-22"])
]
WantedYear = Annotated[Year | None, Query(description="As it is in Việt Nam; by default this year", examples=[2026])]
ToYear = Annotated[
    Year | None, Query(description="The last year of a term, at most five; by default the same", examples=[2030])
]
_OF_PERIOD = problems(OrganisationNotFound, NotForYourPost, ReportPeriodInvalid)
_OF_DAY = problems(OrganisationNotFound, NotForYourPost)


@organisations.get(
    "/adoption", operation_id="getAdoptionReport", summary="Who has the app and uses it", responses=_OF_PERIOD
)
async def get_adoption_report(
    session: ReplicaSession,
    actor: ReplicaActor,
    tagged: Tagged,
    organisation_id: UUID,
    since: Since = None,
    until: Until = None,
) -> AdoptionReport:
    """Return installations, members who signed in and visits, for officers; a line for each organisation below.

    By default of this month; two months at most. A visit is a day on which an installation signed in or renewed its
    session, which signing in keeps anyway: nothing is written down for this report. Each line's figures are made again
    for the organisation it names, as far down as the caller's post reaches.
    """
    return tagged.whole(await queries.get_adoption_report(session, actor, organisation_id, since=since, until=until))


@organisations.get(
    "/attendance", operation_id="getAttendanceReport", summary="How members attend meetings", responses=_OF_PERIOD
)
async def get_attendance_report(
    session: ReplicaSession,
    actor: ReplicaActor,
    tagged: Tagged,
    organisation_id: UUID,
    since: Since = None,
    until: Until = None,
) -> AttendanceReport:
    """Return attendance with its bands, and how many branches are in each; by default of this year, a year at most.

    The rate is present / (on the roll - exempt). Committee meetings and temporary guests are not counted.
    """
    return tagged.whole(await queries.get_attendance_report(session, actor, organisation_id, since=since, until=until))


@organisations.get(
    "/meetings", operation_id="getMeetingsReport", summary="Whether meetings are in time", responses=_OF_PERIOD
)
async def get_meetings_report(
    session: ReplicaSession,
    actor: ReplicaActor,
    tagged: Tagged,
    organisation_id: UUID,
    since: Since = None,
    until: Until = None,
) -> MeetingsReport:
    """Return whether branches met each complete month, and whether papers and minutes were in time.

    By default of this year, a year at most. Each meeting is judged by the rules of its own day.
    """
    return tagged.whole(await queries.get_meetings_report(session, actor, organisation_id, since=since, until=until))


@organisations.get(
    "/admissions", operation_id="getAdmissionsReport", summary="Admissions beside the plan", responses=_OF_PERIOD
)
async def get_admissions_report(
    session: ReplicaSession,
    actor: ReplicaActor,
    tagged: Tagged,
    organisation_id: UUID,
    year: WantedYear = None,
    to_year: ToYear = None,
    digits: Annotated[
        int, Query(ge=0, le=MOST_DIGITS, description="Decimals of percentages", json_schema_extra={"format": "int32"})
    ] = MOST_DIGITS,
    rounding: Annotated[Rounding, Query(description="Whether the last digit is rounded or cut")] = Rounding.half_up,
) -> AdmissionsReport:
    """Return admissions of a year, or of a term to another year, beside the plan, and the pool of candidates.

    Groups of fewer than five are not broken down by sex and age, nor others by which theirs could be found.
    """
    return tagged.whole(
        await queries.get_admissions_report(
            session, actor, organisation_id, year=year, to_year=to_year, style=Style(digits, rounding)
        )
    )


@organisations.get("/rating", operation_id="getRatingReport", summary="How members were rated", responses=_OF_DAY)
async def get_rating_report(
    session: ReplicaSession, actor: ReplicaActor, tagged: Tagged, organisation_id: UUID, year: WantedYear = None
) -> RatingReport:
    """Return how many members have which grade of a year, and where the best one was given too often."""
    return tagged.whole(await queries.get_rating_report(session, actor, organisation_id, year=year))


@organisations.get("/away", operation_id="getAwayReport", summary="Members working away", responses=_OF_DAY)
async def get_away_report(
    session: ReplicaSession,
    actor: ReplicaActor,
    tagged: Tagged,
    organisation_id: UUID,
    on: Annotated[
        Day | None, Query(alias="counted_on", description="By default today", examples=["2026-11-22"])
    ] = None,
) -> AwayReport:
    """Return how many members work away, abroad, for long, and out of touch. Who they are, the branch knows."""
    return tagged.whole(await queries.get_away_report(session, actor, organisation_id, on=on))
