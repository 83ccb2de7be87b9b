"""Routes of members."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, IfMatchMissing, Tagged, VersionChanged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import FieldsNotValid, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members import service
from app.members.errors import (
    CardNumberTaken,
    CitizenIdTaken,
    MemberIdTaken,
    MemberNotFound,
    MembershipDatesFixed,
    NotABranch,
    PhoneTaken,
    StillCandidate,
)
from app.members.models import StandingKind
from app.members.queries import MemberFilter
from app.members.record_views import service as record_views
from app.members.schemas import MemberCreate, MemberPage, MemberPatch, MemberView
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound

router = Router(tags=["members"], route_class=StrictRoute)


async def _filter(
    standing: Annotated[
        StandingKind | None, Query(description="Only who has this standing today; also finds who left")
    ] = None,
    away: Annotated[bool | None, Query(description="Only who is away today, or only who is not")] = None,
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            pattern=r"^[^\x00-\x1f]*$",
            description="Part of a name, with or without accents",
            examples=["cuong"],
        ),
    ] = None,
) -> MemberFilter:
    return MemberFilter(standing=standing, away=away, q=q)


@router.get(
    "/organisations/{organisation_id}/members",
    operation_id="listMembers",
    summary="The members of a branch",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_members(
    *,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    linked: Linked,
    page: Paging,
    wanted: Annotated[MemberFilter, Depends(_filter)],
    organisation_id: UUID,
) -> MemberPage:
    """List the members whose home is this branch, by given name; each as far as the reader may know them.

    Filter by `standing`: the branch's secretary, deputy and minute-taker, officers and administrators above.
    By `away`: the same without the officers. Who left is listed only where their standing is asked for.
    Each member whose record is shown can read, once a day, that the caller has seen it.
    """
    found = await record_views.list_members(session, actor, organisation_id, wanted=wanted, page=page)
    return tagged.page(linked(found))


@router.get("/members/{member_id}", operation_id="getMember", summary="A member", responses=problems(MemberNotFound))
async def get_member(session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID) -> MemberView:
    """Return a member as far as the reader may know them: one's own record in full, a comrade's name.

    Whose record is shown can read, once a day, that the caller has seen it (`GET /v1/me/record-views`).
    """
    return tagged.one(await record_views.get_member(session, actor, member_id))


@router.post(
    "/organisations/{organisation_id}/members",
    operation_id="enrolMember",
    status_code=201,
    summary="Enrol a member",
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        NotABranch,
        MemberIdTaken,
        CardNumberTaken,
        CitizenIdTaken,
        PhoneTaken,
        FieldsNotValid,
    ),
)
async def enrol_member(
    session: DbSession, actor: CurrentActor, tagged: Tagged, organisation_id: UUID, body: MemberCreate
) -> MemberView:
    """Enter a member of a branch; for its secretary and deputy, and administrators of it or above it.

    They are probationary from `admitted_on` and official from `official_on`. A number that somebody has
    already is refused without saying who. Who left for good, and comes back from outside the system, after an expulsion
    or because the end was a mistake, is entered anew with the same numbers: the old record keeps them as history.
    """
    return tagged.one(await service.enrol_member(session, actor, organisation_id, body))


@router.patch(
    "/members/{member_id}",
    operation_id="correctMember",
    summary="Correct a member's record",
    responses=problems(
        MemberNotFound,
        NotForYourPost,
        MembershipDatesFixed,
        StillCandidate,
        CardNumberTaken,
        CitizenIdTaken,
        PhoneTaken,
        FieldsNotValid,
        VersionChanged,
        IfMatchMissing,
    ),
)
async def correct_member(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    expected: ExpectedVersion,
    member_id: UUID,
    body: MemberPatch,
) -> MemberView:
    """Correct a record; for the branch's secretary and deputy, and administrators of it or above it.

    Changed dates make the standings anew: a first `official_on` recognises a probationary member. Whose record is
    answered can read that the caller has seen it.
    """
    await service.correct_member(session, actor, member_id, body, expected=expected)
    return tagged.one(await record_views.get_member(session, actor, member_id))
