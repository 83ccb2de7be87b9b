"""Commands on time away: enter it, change it."""

from uuid import UUID

from app.kernel.days import ENDS_BEFORE_START
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.members.away import access, queries
from app.members.away.errors import AwayPeriodsOverlap
from app.members.away.events import AwayPeriodChanged, AwayPeriodEntered
from app.members.away.schemas import AwayPeriodCreate, AwayPeriodPatch, AwayPeriodView
from app.members.models import AwayPeriod, Member
from app.members.queries import get_visible_member, lock_member


async def enter_away_period(session: Session, actor: Actor, member_id: UUID, body: AwayPeriodCreate) -> AwayPeriodView:
    """Write down that a member is or will be away; the event names who wrote it.

    Raises MemberNotFound, NotForYourPost, AwayPeriodsOverlap.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_away_keeper(actor, member.id, path)
    await lock_member(session, member, home=path[-1])
    away_period = AwayPeriod(
        id=session.new_id(),
        member_id=member.id,
        version=1,
        created_at=session.now(),
        **body.model_dump(),
    )
    await _require_alone(session, away_period)
    session.add(away_period)
    await _announce(session, actor, AwayPeriodEntered, member=member, away_period=away_period)
    return AwayPeriodView.model_validate(away_period)


async def change_away_period(
    session: Session, actor: Actor, away_period_id: UUID, body: AwayPeriodPatch, *, expected: int
) -> AwayPeriodView:
    """Change a time away, its return among others.

    Raises AwayPeriodNotFound, MemberNotFound, VersionChanged, FieldsNotValid, AwayPeriodsOverlap.
    """
    away_period, member = await queries.get_visible_away_period(session, actor, away_period_id)
    await lock_member(session, member, home=member.organisation_id)
    await session.refresh(away_period, with_for_update=True)
    require_version(away_period.version, expected)
    wanted = body.model_dump(exclude_unset=True)
    if all(getattr(away_period, name) == value for name, value in wanted.items()):
        return AwayPeriodView.model_validate(away_period)
    with session.no_autoflush:
        for name, value in wanted.items():
            setattr(away_period, name, value)
        if away_period.ends_on is not None and away_period.ends_on < away_period.starts_on:
            raise FieldsNotValid(
                fields=(FieldProblem(pointer="/ends_on", code="ends_before_start", detail=ENDS_BEFORE_START),)
            )
        await _require_alone(session, away_period)
        away_period.version += 1
    await _announce(session, actor, AwayPeriodChanged, member=member, away_period=away_period)
    return AwayPeriodView.model_validate(away_period)


async def _require_alone(session: Session, wanted: AwayPeriod) -> None:
    """Raise AwayPeriodsOverlap unless the days are free: the member is locked, or two at once would find them so."""
    if await queries.find_overlapping(session, wanted) is not None:
        raise AwayPeriodsOverlap


async def _announce(
    session: Session,
    actor: Actor,
    event: type[AwayPeriodEntered],
    *,
    member: Member,
    away_period: AwayPeriod,
) -> None:
    await record(
        session,
        event(
            organisation_id=member.organisation_id,
            subject_id=away_period.id,
            actor_member_id=actor.member_id,
            member_id=member.id,
            starts_on=away_period.starts_on,
            ends_on=away_period.ends_on,
            version=away_period.version,
        ),
    )
