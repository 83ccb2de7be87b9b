"""Routes of rosters."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Response

from app.kernel.bodies import MAX_JSON_BYTES, StrictRoute
from app.kernel.db import DbSession, commit
from app.kernel.problems import BodyTooLarge, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.kernel.uploads import Uploaded
from app.members.errors import CardNumberTaken, CitizenIdTaken, PhoneTaken, RosterHasErrors
from app.members.imports.errors import RosterEmpty, RosterTooLarge, RosterUnreadable
from app.members.imports.sheets import MAX_BYTES
from app.members.rosters import service
from app.members.rosters.errors import PreviewOutdated, RosterColumnsWrong, RosterHasFormulas, RosterTooLong
from app.members.rosters.schemas import RosterCorrectionView
from app.organisations.errors import OrganisationNotFound

organisations = Router(prefix="/organisations", tags=["members"], route_class=StrictRoute)

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@organisations.get(
    "/{organisation_id}/member-roster",
    operation_id="getMemberRoster",
    summary="The members as a spreadsheet to correct",
    response_class=Response,
    responses={
        200: {
            "description": "An .xlsx with a row a member, and a guide",
            "content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(OrganisationNotFound, NotForYourPost, RosterTooLong),
    },
)
async def get_member_roster(session: DbSession, actor: CurrentActor, organisation_id: UUID) -> Response:
    """Download the members of a branch, for who keeps its records, or of all below, for administrators.

    Citizen ids and telephone numbers are masked. Each whose record is in it can read that the caller has seen it.
    """
    return Response(
        await service.get_member_roster(session, actor, organisation_id),
        media_type=_XLSX,
        headers={
            "Content-Disposition": 'attachment; filename="danh-sach-dang-vien.xlsx"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@organisations.post(
    "/{organisation_id}/member-corrections",
    operation_id="correctMembers",
    summary="Correct many records by a spreadsheet",
    max_body_size=MAX_BYTES + MAX_JSON_BYTES,  # the file, and what multipart puts around it
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        RosterUnreadable,
        RosterColumnsWrong,
        RosterHasFormulas,
        RosterEmpty,
        RosterTooLarge,
        BodyTooLarge,
        RosterHasErrors,
        PreviewOutdated,
        CardNumberTaken,
        CitizenIdTaken,
        PhoneTaken,
    ),
)
async def correct_members(
    session: DbSession,
    actor: CurrentActor,
    organisation_id: UUID,
    upload: Uploaded,
    digest: Annotated[
        str | None,
        Form(
            description="Needed with `commit`: the preview's",
            max_length=64,
            pattern="^[0-9a-f]*$",
            examples=["5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"],
        ),
    ] = None,
) -> RosterCorrectionView:
    """Take back the spreadsheet: each row is unchanged, changed (which fields, from what to what), or an error.

    Send `getMemberRoster`'s (.xlsx, or .csv) once to read the verdicts, then once more with `commit=true` and the
    `digest` of that answer: what was previewed is written, or nothing. An empty cell, or a number still masked as it
    was given out, stays as it is; rows that are left out, too. Who was corrected by somebody else since is an error.
    Each whose record a verdict is about can read that the caller has seen it.
    """
    try:
        return await service.correct_members(session, actor, organisation_id, upload, digest=digest)
    except RosterHasErrors:
        await commit(session)  # nothing is corrected, but the verdicts were shown: that is all that is written
        raise
