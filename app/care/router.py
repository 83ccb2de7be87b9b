"""Routes of care for members away."""

from uuid import UUID

from app.care import queries, service
from app.care.errors import NobodyToNudge, NudgedRecently
from app.care.schemas import CareView, MemberAwayPage, NudgeView
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import MemberNotFound
from app.organisations.errors import OrganisationNotFound

me = Router(prefix="/me", tags=["care"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["care"], route_class=StrictRoute)
members = Router(prefix="/members", tags=["care"], route_class=StrictRoute)


@me.get("/care", operation_id="getMyCare", summary="What my branch's organisers see of me")
async def get_my_care(session: DbSession, actor: CurrentActor, tagged: Tagged) -> CareView:
    """Return what the secretary sees of me in the list of members away, to the letter, whether I am away or not."""
    return tagged.whole(await queries.get_my_care(session, actor))


@organisations.get(
    "/{organisation_id}/members-away",
    operation_id="listMembersAway",
    summary="How the members away fare",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_members_away(
    *, session: DbSession, actor: CurrentActor, paging: Paging, tagged: Tagged, linked: Linked, organisation_id: UUID
) -> MemberAwayPage:
    """List who is away or was within half a year: where, last in touch, what was missed, replied and not read.

    For the branch's secretary, deputy and minute-taker. Each member reads the same of themself (`GET /v1/me/care`).
    """
    return tagged.page(linked(await queries.list_members_away(session, actor, organisation_id, paging=paging)))


@members.post(
    "/{member_id}/nudges",
    operation_id="nudgeMember",
    status_code=201,
    summary="Ask after a member",
    responses=problems(MemberNotFound, NotForYourPost, NobodyToNudge, NudgedRecently),
)
async def nudge_member(session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID) -> NudgeView:
    """Send the member's phones a push in general words, not in the quiet hours where they are: once a week at most.

    For the organisers of their branch. It stands in the log, and the member sees when and by whom. `nudged_recently`
    says in `Retry-After` how many seconds are left; `nobody_to_nudge`: there is no phone, ring them up.
    """
    return tagged.whole(await service.nudge_member(session, actor, member_id))
