"""Routes of imports."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, File, Form, Request, Response, UploadFile

from app.kernel.bodies import MAX_JSON_BYTES, StrictRoute
from app.kernel.db import DbSession
from app.kernel.i18n import Locale, negotiate
from app.kernel.problems import BodyTooLarge, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import CardNumberTaken, CitizenIdTaken, NotABranch, PhoneTaken, RosterHasErrors
from app.members.imports import queries, service
from app.members.imports.errors import (
    RosterEmpty,
    RosterHeaderMissing,
    RosterTooLarge,
    RosterUnreadable,
)
from app.members.imports.schemas import RosterImportView
from app.members.imports.sheets import MAX_BYTES
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound

organisations = Router(prefix="/organisations", tags=["members"], route_class=StrictRoute)
router = Router(tags=["members"], route_class=StrictRoute)

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _locale(request: Request, response: Response) -> Locale:
    locale = negotiate(request.headers.get("accept-language"))
    response.headers["Content-Language"] = locale.value
    response.headers["Vary"] = "Accept-Language"
    return locale


@organisations.post(
    "/{organisation_id}/member-imports",
    operation_id="importMembers",
    summary="Import a branch's roster",
    max_body_size=MAX_BYTES + MAX_JSON_BYTES,  # the file, and what multipart puts around it
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        NotABranch,
        RosterUnreadable,
        RosterHeaderMissing,
        RosterEmpty,
        RosterTooLarge,
        BodyTooLarge,
        RosterHasErrors,
        CardNumberTaken,
        CitizenIdTaken,
        PhoneTaken,
    ),
)
async def import_members(
    *,
    session: DbSession,
    actor: CurrentActor,
    locale: Annotated[Locale, Depends(_locale)],
    organisation_id: UUID,
    file: Annotated[UploadFile, File(description="The roster: .xlsx, or .csv; at most 20 MiB")],
    commit: Annotated[
        bool, Form(description="false: only judge the rows. true: import them, if none has an error")
    ] = False,
) -> RosterImportView:
    """Take in a roster as the branch keeps it; for its secretary and deputy, and administrators over it.

    Send the file once to read the verdicts, then once more with `commit=true`. It is taken in whole or not at all:
    with an error in any row the answer is `roster_has_errors`, the verdicts in its member `report`. A post in
    the roster is read, but gives no rights.
    """
    return await service.import_members(
        session,
        actor,
        organisation_id,
        content=await file.read(),
        filename=file.filename,
        commit=commit,
        locale=locale,
    )


@router.get(
    "/member-import-template",
    operation_id="getMemberImportTemplate",
    summary="A roster to fill in",
    response_class=Response,
    responses={
        200: {
            "description": "An .xlsx with the headings, a guide and examples",
            "content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def get_member_import_template(_: CurrentActor) -> Response:
    """Download the spreadsheet to list a branch's members in; its second sheet explains each column."""
    return Response(
        await queries.get_template(),
        media_type=_XLSX,
        headers={"Content-Disposition": 'attachment; filename="mau-danh-sach-dang-vien.xlsx"'},
    )
