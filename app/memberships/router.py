"""Routes of decisions on a membership."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, IfMatchMissing, Tagged, VersionChanged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import FieldsNotValid, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import (
    CardNumberTaken,
    CitizenIdTaken,
    CorrectionTooLate,
    FormerMember,
    MemberNotFound,
    PhoneTaken,
)
from app.memberships import queries, service
from app.memberships.errors import (
    StandingFinal,
    StandingNotFound,
    StandingOver,
    StandingRevoked,
    StandingsOverlap,
)
from app.memberships.schemas import (
    StandingDecide,
    StandingDecisionPage,
    StandingDecisionPatch,
    StandingDecisionView,
    StandingRevocation,
)
from app.organisations.errors import OrganisationHasEnded
from app.transfers.errors import NotYetAMember

members = Router(prefix="/members", tags=["members"], route_class=StrictRoute)
router = Router(prefix="/standings", tags=["members"], route_class=StrictRoute)


@members.get(
    "/{member_id}/standings",
    operation_id="listStandingDecisions",
    summary="What was decided about a membership",
    responses=problems(MemberNotFound, NotForYourPost, CursorInvalid),
)
async def list_standing_decisions(
    session: DbSession, actor: CurrentActor, tagged: Tagged, linked: Linked, page: Paging, member_id: UUID
) -> StandingDecisionPage:
    """List exemptions, suspensions and ends, the latest first; for the member and who keeps the branch's records."""
    return tagged.page(linked(await queries.list_standing_decisions(session, actor, member_id, page=page)))


@members.post(
    "/{member_id}/standings",
    operation_id="decideStanding",
    status_code=201,
    summary="Exempt or suspend a member, or end the membership",
    responses=problems(MemberNotFound, NotForYourPost, FormerMember, NotYetAMember, StandingsOverlap, FieldsNotValid),
)
async def decide_standing(
    session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID, body: StandingDecide
) -> StandingDecisionView:
    """Write down what was decided about a member; for the secretary, deputy and administrators, never about oneself.

    With an end of membership the access ends with the next request; posts, replies to meetings to come and an open
    transfer end too. The software proposes none of these.
    """
    return tagged.one(await service.decide_standing(session, actor, member_id, body))


@router.get(
    "/{standing_id}",
    operation_id="getStandingDecision",
    summary="A decision about a membership",
    responses=problems(StandingNotFound),
)
async def get_standing_decision(
    session: DbSession, actor: CurrentActor, tagged: Tagged, standing_id: UUID
) -> StandingDecisionView:
    """Return a decision, with the ETag that changing it needs."""
    return tagged.one(await queries.get_standing_decision(session, actor, standing_id))


@router.patch(
    "/{standing_id}",
    operation_id="changeStandingDecision",
    summary="Change the end of an exemption or suspension",
    responses=problems(
        StandingNotFound,
        MemberNotFound,
        NotForYourPost,
        StandingRevoked,
        StandingFinal,
        StandingOver,
        StandingsOverlap,
        FieldsNotValid,
        VersionChanged,
        IfMatchMissing,
    ),
)
async def change_standing_decision(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    expected: ExpectedVersion,
    standing_id: UUID,
    body: StandingDecisionPatch,
) -> StandingDecisionView:
    """Let it end on another day; yesterday ends it now."""
    return tagged.one(await service.change_standing_decision(session, actor, standing_id, body, expected=expected))


@router.post(
    "/{standing_id}/revoke",
    operation_id="revokeStandingDecision",
    summary="Take back a decision entered by mistake",
    responses=problems(
        StandingNotFound,
        MemberNotFound,
        NotForYourPost,
        StandingRevoked,
        CorrectionTooLate,
        OrganisationHasEnded,
        CardNumberTaken,
        CitizenIdTaken,
        PhoneTaken,
    ),
)
async def revoke_standing_decision(
    session: DbSession, actor: CurrentActor, tagged: Tagged, standing_id: UUID, body: StandingRevocation
) -> StandingDecisionView:
    """Take it back, an end of membership too, within 30 days of its entry. The member is as before, without posts.

    Where their branch has been merged since, they are a member of the one that it was merged into. Where somebody else
    has their card number, citizen id or telephone number by now, as they themself have who were entered anew, it is
    refused without saying who.
    """
    return tagged.one(await service.revoke_standing_decision(session, actor, standing_id, body))
