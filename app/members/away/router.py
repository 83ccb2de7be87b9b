"""Routes of time away."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, IfMatchMissing, Tagged, VersionChanged
from app.kernel.problems import FieldsNotValid, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.away import queries, service
from app.members.away.errors import AwayPeriodNotFound, AwayPeriodsOverlap
from app.members.away.schemas import AwayPeriodCreate, AwayPeriodPatch, AwayPeriodView
from app.members.errors import MemberNotFound

members = Router(prefix="/members", tags=["members"], route_class=StrictRoute)
router = Router(prefix="/away-periods", tags=["members"], route_class=StrictRoute)


@members.post(
    "/{member_id}/away-periods",
    operation_id="enterAwayPeriod",
    status_code=201,
    summary="Say that a member is away",
    responses=problems(MemberNotFound, NotForYourPost, AwayPeriodsOverlap),
)
async def enter_away_period(
    session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID, body: AwayPeriodCreate
) -> AwayPeriodView:
    """Write down time away: the member themself, the branch's organisers, or an administrator over it.

    Times are shown in its zone while it lasts. The log names who wrote it.
    """
    return tagged.one(await service.enter_away_period(session, actor, member_id, body))


@router.get(
    "/{away_period_id}",
    operation_id="getAwayPeriod",
    summary="A time away",
    responses=problems(AwayPeriodNotFound),
)
async def get_away_period(
    session: DbSession, actor: CurrentActor, tagged: Tagged, away_period_id: UUID
) -> AwayPeriodView:
    """Return a time away, with the ETag that changing it needs; for those who may enter one."""
    away_period, _ = await queries.get_visible_away_period(session, actor, away_period_id)
    return tagged.one(AwayPeriodView.model_validate(away_period))


@router.patch(
    "/{away_period_id}",
    operation_id="changeAwayPeriod",
    summary="Change a time away",
    responses=problems(
        AwayPeriodNotFound, MemberNotFound, AwayPeriodsOverlap, FieldsNotValid, VersionChanged, IfMatchMissing
    ),
)
async def change_away_period(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    expected: ExpectedVersion,
    away_period_id: UUID,
    body: AwayPeriodPatch,
) -> AwayPeriodView:
    """Change days, place or zone, such as the day of the return; for those who may enter one."""
    return tagged.one(await service.change_away_period(session, actor, away_period_id, body, expected=expected))
