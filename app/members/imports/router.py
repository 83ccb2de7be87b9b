"""Routes of imports."""

from uuid import UUID

from fastapi import Response

from app.kernel.bodies import MAX_JSON_BYTES, StrictRoute
from app.kernel.db import DbSession
from app.kernel.problems import BodyTooLarge, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.kernel.uploads import Uploaded
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
    session: DbSession, actor: CurrentActor, organisation_id: UUID, upload: Uploaded
) -> RosterImportView:
    """Take in a roster as the branch keeps it, .xlsx or .csv; for its secretary and deputy, and administrators over it.

    Send the file once to read the verdicts, then once more with `commit=true`. It is taken in whole or not at all:
    with an error in any row the answer is `roster_has_errors`, the verdicts in its member `report`. A post in
    the roster is read, but gives no rights.
    """
    return await service.import_members(session, actor, organisation_id, upload)


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
