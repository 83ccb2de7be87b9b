"""Routes of posts."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import FormerMember, MemberNotFound, StillCandidate
from app.members.posts import queries, service
from app.members.posts.errors import (
    LastAdministrator,
    MemberOutsideOrganisation,
    PostAlreadyHeld,
    PostNotFound,
)
from app.members.posts.schemas import PostCreate, PostPage, PostView
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound

organisations = Router(prefix="/organisations", tags=["organisations"], route_class=StrictRoute)
router = Router(prefix="/posts", tags=["organisations"], route_class=StrictRoute)


@organisations.get(
    "/{organisation_id}/posts",
    operation_id="listPosts",
    summary="Who holds which post",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_posts(
    *,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    linked: Linked,
    page: Paging,
    organisation_id: UUID,
) -> PostPage:
    """List the posts held now or from a day to come, by the names of their holders."""
    return tagged.page(linked(await queries.list_posts(session, actor, organisation_id, page=page)))


@organisations.post(
    "/{organisation_id}/posts",
    operation_id="grantPost",
    status_code=201,
    summary="Give a post",
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        MemberNotFound,
        MemberOutsideOrganisation,
        FormerMember,
        StillCandidate,
        PostAlreadyHeld,
    ),
)
async def grant_post(
    session: DbSession, actor: CurrentActor, tagged: Tagged, organisation_id: UUID, body: PostCreate
) -> PostView:
    """Give a member a post in their branch or in an organisation above it; for administrators over it.

    Its rights hold from the next request on, or from `starts_on`, and end after `ends_on`; they reach the organisation
    and all that stands below it, by election or for the time being alike.
    """
    return tagged.whole(await service.grant_post(session, actor, organisation_id, body))


@router.delete(
    "/{post_id}",
    operation_id="endPost",
    status_code=204,
    summary="End a post",
    responses=problems(PostNotFound, NotForYourPost, LastAdministrator),
)
async def end_post(session: DbSession, actor: CurrentActor, post_id: UUID) -> None:
    """End a post now; for administrators over its organisation.

    The next request of its holder has its rights no more. Repeating it changes nothing. To plan an
    end, give the post an `ends_on`. The last administrator of a root organisation stays until somebody else is one.
    """
    await service.end_post(session, actor, post_id)
