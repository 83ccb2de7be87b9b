"""Routes of the tree of organisations."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, IfMatchMissing, Tagged, VersionChanged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations import queries, service
from app.organisations.errors import (
    OrganisationCodeTaken,
    OrganisationHasEnded,
    OrganisationIdTaken,
    OrganisationNotFound,
)
from app.organisations.schemas import (
    OrganisationCreate,
    OrganisationPage,
    OrganisationPatch,
    OrganisationView,
)

router = Router(prefix="/organisations", tags=["organisations"], route_class=StrictRoute)


@router.get(
    "",
    operation_id="listOrganisations",
    summary="Organisations by name",
    responses=problems(CursorInvalid),
)
async def list_organisations(
    *,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    linked: Linked,
    page: Paging,
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            pattern=r"^[^\x00-\x1f]*$",
            description="Part of a name, with or without accents",
            examples=["yen mo"],
        ),
    ] = None,
) -> OrganisationPage:
    """List all organisations that the reader may see, or those of a name, by name; not those that have ended.

    They stand on the way from the root to one's own branch, below it, or below one's posts.
    """
    return tagged.page(linked(await queries.list_organisations(session, actor, q=q, page=page)))


@router.get(
    "/{organisation_id}",
    operation_id="getOrganisation",
    summary="An organisation",
    responses=problems(OrganisationNotFound),
)
async def get_organisation(
    session: DbSession, actor: CurrentActor, tagged: Tagged, organisation_id: UUID
) -> OrganisationView:
    """Return an organisation on the way from the root to one's own branch, below it, or below one's post."""
    found = await queries.get_visible_organisation(session, actor, organisation_id)
    return tagged.one(OrganisationView.model_validate(found))


@router.get(
    "/{organisation_id}/children",
    operation_id="listChildren",
    summary="What stands directly below",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_children(
    *,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    linked: Linked,
    page: Paging,
    organisation_id: UUID,
) -> OrganisationPage:
    """List the organisations directly below, by name; above one's own branch, only those one may see."""
    return tagged.page(linked(await queries.list_children(session, actor, organisation_id, page=page)))


@router.post(
    "",
    operation_id="foundOrganisation",
    status_code=201,
    summary="Found an organisation",
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        OrganisationIdTaken,
        OrganisationCodeTaken,
    ),
)
async def found_organisation(
    session: DbSession, actor: CurrentActor, tagged: Tagged, body: OrganisationCreate
) -> OrganisationView:
    """Found an organisation below `parent_id`; for administrators of the parent or of one above it.

    Its code goes on from that of the nearest organisation above it that has one.
    """
    return tagged.one(await service.found_organisation(session, actor, body))


@router.patch(
    "/{organisation_id}",
    operation_id="changeOrganisation",
    summary="Rename an organisation",
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        OrganisationCodeTaken,
        VersionChanged,
        IfMatchMissing,
    ),
)
async def change_organisation(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    expected: ExpectedVersion,
    organisation_id: UUID,
    body: OrganisationPatch,
) -> OrganisationView:
    """Change the name, code or time zone; for administrators of it or of one above it.

    What happened before stays readable under the old name. To rename it on a day to come, plan a reorganisation.
    """
    return tagged.one(await service.change_organisation(session, actor, organisation_id, body, expected=expected))
