"""Routes of reports as files."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from app.kernel.bodies import StrictRoute
from app.kernel.days import Day
from app.kernel.problems import problems
from app.kernel.replicas import ReplicaActor, ReplicaSession
from app.kernel.routing import Router
from app.kernel.security import NotForYourPost
from app.kernel.typesetting import CurrentTypesetter, TypesettingBusy, TypesettingUnavailable
from app.organisations.errors import OrganisationNotFound
from app.reports.errors import ReportPeriodInvalid
from app.reports.percentages import MOST_DIGITS, Rounding, Style
from app.reports.renderings import queries
from app.reports.renderings.queries import Wanted
from app.reports.schemas import ReportKind, Year

organisations = Router(prefix="/organisations/{organisation_id}", tags=["reports"], route_class=StrictRoute)

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PDF = "application/pdf"
_REFUSALS = (OrganisationNotFound, NotForYourPost, ReportPeriodInvalid)


def _wanted(
    since: Annotated[Day | None, Query(alias="from", description="The period's first day")] = None,
    until: Annotated[Day | None, Query(alias="to", description="The period's last day")] = None,
    year: Annotated[Year | None, Query(description="Of admissions and rating")] = None,
    to_year: Annotated[Year | None, Query(description="The last year of a term, of admissions")] = None,
    on: Annotated[Day | None, Query(alias="counted_on", description="The day, of members away")] = None,
    digits: Annotated[
        int, Query(ge=0, le=MOST_DIGITS, description="Decimals, of admissions", json_schema_extra={"format": "int32"})
    ] = MOST_DIGITS,
    rounding: Annotated[Rounding, Query(description="Of admissions")] = Rounding.half_up,
) -> Wanted:
    return Wanted(since=since, until=until, year=year, to_year=to_year, on=on, style=Style(digits, rounding))


def _file(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    # Any: an OpenAPI fragment.
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": description, "content": content}}


def _answer(content: bytes, *, media_type: str, name: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


@organisations.get(
    "/report-spreadsheets/{report}",
    operation_id="getReportSpreadsheet",
    summary="A report as a spreadsheet",
    response_class=Response,
    responses={**_file(_XLSX, "The .xlsx, in Vietnamese"), **problems(*_REFUSALS)},
)
async def get_report_spreadsheet(
    session: ReplicaSession,
    actor: ReplicaActor,
    organisation_id: UUID,
    report: ReportKind,
    wanted: Annotated[Wanted, Depends(_wanted)],
) -> Response:
    """Download a report; what it does not know of the query is left aside."""
    content = await queries.get_report_spreadsheet(session, actor, organisation_id, report, wanted)
    return _answer(content, media_type=_XLSX, name=f"bao-cao-{report}.xlsx")


@organisations.get(
    "/report-papers/{report}",
    operation_id="getReportPdf",
    summary="A report on paper",
    response_class=Response,
    responses={
        **_file(_PDF, "The PDF, in Vietnamese"),
        **problems(*_REFUSALS, TypesettingUnavailable, TypesettingBusy),
    },
)
async def get_report_pdf(
    session: ReplicaSession,
    actor: ReplicaActor,
    organisation_id: UUID,
    report: ReportKind,
    wanted: Annotated[Wanted, Depends(_wanted)],
    typesetter: CurrentTypesetter,
) -> Response:
    """Download a report with figures as Vietnamese papers print them; queries as for the spreadsheet."""
    paper = await queries.get_report_paper(session, actor, organisation_id, report, wanted, typesetter=typesetter)
    return _answer(paper.content, media_type=_PDF, name=f"bao-cao-{report}.pdf")
