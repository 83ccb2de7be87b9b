"""Routes of reorganisations."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationCodeTaken, OrganisationNotFound
from app.reorganisations import queries, service
from app.reorganisations.errors import ReorganisationNotFound, ReorganisationNotPossible, ReorganisationSettled
from app.reorganisations.schemas import (
    Dissolution,
    Merge,
    Move,
    Renaming,
    ReorganisationPage,
    ReorganisationView,
    Split,
)

organisations = Router(prefix="/organisations", tags=["organisations"], route_class=StrictRoute)
router = Router(prefix="/reorganisations", tags=["organisations"], route_class=StrictRoute)

_REFUSALS = problems(OrganisationNotFound, NotForYourPost, ReorganisationNotPossible, OrganisationCodeTaken)


@organisations.post(
    "/{organisation_id}/merge",
    operation_id="mergeOrganisations",
    status_code=201,
    summary="Merge into another, or into a new one",
    responses=_REFUSALS,
)
async def merge_organisations(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, organisation_id: UUID, body: Merge
) -> ReorganisationView:
    """Merge this organisation, and those in `with_ids`, into `into_id` or into a new one called `name`.

    For administrators over all of them. With `dry_run` nothing is done, and the answer says what would be: who moves,
    which posts end, where meetings and drafts go, and in `findings` what stands against it. For a day to come it
    becomes a plan, which is judged again and carried out as that day begins; until then it can be withdrawn. What
    stands below hangs below the successor; members of a branch become members of the successor; what was closed stays
    readable under the old name.
    """
    return tagged.whole(await service.merge_organisations(session, actor, organisation_id, body, locale=reader.locale))


@organisations.post(
    "/{organisation_id}/split",
    operation_id="splitOrganisation",
    status_code=201,
    summary="Found others out of it",
    responses=_REFUSALS,
)
async def split_organisation(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, organisation_id: UUID, body: Split
) -> ReorganisationView:
    """Found organisations beside it, and give each some of its members (a branch) or of what stands below it.

    For administrators above it. `dry_run` and days to come are as in a merge. Who goes gives up the posts they held in
    a branch that is split, and reads the papers of the new one only; nothing else of the old one goes along.
    """
    return tagged.whole(await service.split_organisation(session, actor, organisation_id, body, locale=reader.locale))


@organisations.post(
    "/{organisation_id}/move",
    operation_id="moveOrganisation",
    status_code=201,
    summary="Hang it below another",
    responses=_REFUSALS,
)
async def move_organisation(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, organisation_id: UUID, body: Move
) -> ReorganisationView:
    """Move it, with all that stands below it, under `parent_id`; for administrators above it and over that one.

    `dry_run` and days to come are as in a merge. Branches without a secretary are a warning.
    """
    return tagged.whole(await service.move_organisation(session, actor, organisation_id, body, locale=reader.locale))


@organisations.post(
    "/{organisation_id}/dissolve",
    operation_id="dissolveOrganisation",
    status_code=201,
    summary="End it",
    responses=_REFUSALS,
)
async def dissolve_organisation(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    reader: CurrentReader,
    organisation_id: UUID,
    body: Dissolution,
) -> ReorganisationView:
    """End it without a successor, once nobody and nothing is left in it; for administrators above it."""
    return tagged.whole(
        await service.dissolve_organisation(session, actor, organisation_id, body, locale=reader.locale)
    )


@organisations.post(
    "/{organisation_id}/rename",
    operation_id="renameOrganisation",
    status_code=201,
    summary="Give it another name on a day",
    responses=_REFUSALS,
)
async def rename_organisation(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    reader: CurrentReader,
    organisation_id: UUID,
    body: Renaming,
) -> ReorganisationView:
    """Rename it today or on a day to come, and tell its people; for administrators over it.

    What happened before stays readable under the old name.
    """
    return tagged.whole(await service.rename_organisation(session, actor, organisation_id, body, locale=reader.locale))


@organisations.get(
    "/{organisation_id}/reorganisations",
    operation_id="listReorganisations",
    summary="What was planned for it",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_reorganisations(
    *,
    session: DbSession,
    actor: CurrentActor,
    reader: CurrentReader,
    tagged: Tagged,
    linked: Linked,
    paging: Paging,
    organisation_id: UUID,
) -> ReorganisationPage:
    """List the plans that name an organisation, the newest first; for administrators over it.

    Who administers only a part of what a plan names reads the names of that part; the figures are the whole plan's.
    """
    page = await queries.list_reorganisations(session, actor, organisation_id, paging=paging, locale=reader.locale)
    return tagged.page(linked(page))


@router.get(
    "/{reorganisation_id}",
    operation_id="getReorganisation",
    summary="A plan and what it does",
    responses=problems(ReorganisationNotFound),
)
async def get_reorganisation(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, reorganisation_id: UUID
) -> ReorganisationView:
    """Return a plan: while it waits, with what it would do if its day were judged now; afterwards, what it did."""
    return tagged.whole(await queries.get_reorganisation(session, actor, reorganisation_id, locale=reader.locale))


@router.delete(
    "/{reorganisation_id}",
    operation_id="withdrawReorganisation",
    status_code=204,
    summary="Withdraw a plan",
    responses=problems(ReorganisationNotFound, ReorganisationSettled),
)
async def withdraw_reorganisation(session: DbSession, actor: CurrentActor, reorganisation_id: UUID) -> None:
    """Take a plan back before its day; for administrators over its organisation. It stays on the list, withdrawn."""
    await service.withdraw_reorganisation(session, actor, reorganisation_id)
