"""The route of the list."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.documents.schemas import DocumentPage
from app.documents.search import queries
from app.documents.search.queries import DocumentFilter
from app.kernel.bodies import StrictRoute
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.replicas import ReplicaActor, ReplicaSession
from app.kernel.routing import Router
from app.organisations.errors import OrganisationNotFound

router = Router(prefix="/documents", tags=["documents"], route_class=StrictRoute)


@router.get(
    "",
    operation_id="listDocuments",
    summary="Documents I may read",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_documents(
    *,
    session: ReplicaSession,
    actor: ReplicaActor,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            pattern=r"^[^\x00-\x1f]*$",
            description="Words of title or text, with or without accents",
            examples=["nghi quyet dang uy"],
        ),
    ] = None,
    organisation_id: Annotated[UUID | None, Query(description="Only of this organisation's library")] = None,
    folder: Annotated[
        str | None,
        Query(max_length=200, pattern=r"^[^\x00-\x1f]*$", description="Only in this folder", examples=["Nghị quyết"]),
    ] = None,
    bookmarked: Annotated[bool | None, Query(description="Only my bookmarks, or only others")] = None,
) -> DocumentPage:
    """List the documents I may read, the newest first.

    With `q` only those that hold all its words, in this order: words as written before words that agree without
    accents (đ is d), in the title before in the text, last titles that look alike; equals by age, the newest first.
    """
    wanted = DocumentFilter(organisation_id=organisation_id, folder=folder, bookmarked=bookmarked)
    return tagged.page(linked(await queries.list_documents(session, actor, q=q, wanted=wanted, paging=paging)))
