"""Route of trees that are taken in."""

from uuid import UUID

from app.kernel.bodies import MAX_JSON_BYTES, StrictRoute
from app.kernel.db import DbSession
from app.kernel.problems import BodyTooLarge, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.kernel.uploads import Uploaded
from app.members.imports.sheets import MAX_BYTES
from app.organisations.errors import OrganisationCodeTaken, OrganisationHasEnded, OrganisationNotFound
from app.reorganisations.trees import service
from app.reorganisations.trees.errors import (
    TreeColumnsWrong,
    TreeEmpty,
    TreeHasErrors,
    TreeHasFormulas,
    TreeTooLarge,
    TreeUnreadable,
)
from app.reorganisations.trees.schemas import TreeImportView

organisations = Router(prefix="/organisations", tags=["organisations"], route_class=StrictRoute)


@organisations.post(
    "/{organisation_id}/tree-imports",
    operation_id="importTree",
    summary="Found a whole tree below it",
    max_body_size=MAX_BYTES + MAX_JSON_BYTES,  # the file, and what multipart puts around it
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        TreeUnreadable,
        TreeTooLarge,
        BodyTooLarge,
        TreeColumnsWrong,
        TreeHasFormulas,
        TreeEmpty,
        TreeHasErrors,
        OrganisationCodeTaken,
    ),
)
async def import_tree(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, upload: Uploaded
) -> TreeImportView:
    """Take in a file of organisations, .xlsx, .csv or JSON; for administrators over the one they shall stand below.

    Columns: `Mã tổ chức` (14 digits), `Mã cấp trên` (the code of another row or of an organisation that is there; empty
    for this organisation itself), `Tên tổ chức`, `Loại`, and, where it differs, `Múi giờ`; in JSON a list of objects
    {code, parent_code, name, kind, time_zone}. Rows may be in any order. Send the file once to read the verdicts, then
    once more with `commit=true`: it is taken in whole or not at all.
    """
    return await service.import_tree_for(session, actor, organisation_id, upload)
