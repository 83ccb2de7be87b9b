"""Routes of duplicates."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.duplicates import service
from app.members.duplicates.errors import OnePersonOnly
from app.members.duplicates.schemas import DistinctMembersView, DuplicatePage
from app.members.errors import MemberNotFound
from app.organisations.errors import OrganisationNotFound

router = Router(tags=["members"], route_class=StrictRoute)


@router.get(
    "/organisations/{organisation_id}/duplicate-members",
    operation_id="listDuplicateMembers",
    summary="Who may be on record twice",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_duplicate_members(
    session: DbSession, actor: CurrentActor, linked: Linked, tagged: Tagged, page: Paging, organisation_id: UUID
) -> DuplicatePage:
    """List pairs of records, across all branches at and below the organisation, that may be of one person.

    For administrators over it. They share a card number or citizen id but for zeros in front, or a birth date and a
    name but for accents. Who left for good and was entered anew is found too, the record of before with that of today.
    Nothing is done about them but by people; each whose record is shown can read that it was.
    """
    return tagged.whole(linked(await service.list_duplicate_members(session, actor, organisation_id, page=page)))


@router.put(
    "/members/{member_id}/distinct-members/{other_id}",
    operation_id="distinguishMembers",
    summary="Say that two are not one",
    responses=problems(MemberNotFound, NotForYourPost, OnePersonOnly),
)
async def distinguish_members(
    session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID, other_id: UUID
) -> DistinctMembersView:
    """Say that two people are not the same, so that they are not listed again; for administrators over both."""
    return tagged.whole(await service.distinguish_members(session, actor, member_id, other_id))


@router.delete(
    "/members/{member_id}/distinct-members/{other_id}",
    operation_id="revokeDistinction",
    status_code=204,
    summary="Take that back",
    responses=problems(MemberNotFound, NotForYourPost, OnePersonOnly),
)
async def revoke_distinction(session: DbSession, actor: CurrentActor, member_id: UUID, other_id: UUID) -> None:
    """Let the two be listed again; nothing happens where nobody told them apart."""
    await service.revoke_distinction(session, actor, member_id, other_id)
