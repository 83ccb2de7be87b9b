"""Reads of decisions on a membership."""

from datetime import date
from uuid import UUID

from sqlalchemy import or_, select, tuple_

from app.identity.models import Account
from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.models import Member, Standing
from app.members.queries import get_visible_member
from app.members.schemas import MemberRef
from app.memberships import access
from app.memberships.errors import StandingNotFound
from app.memberships.models import StandingDecision
from app.memberships.schemas import StandingDecisionPage, StandingDecisionView
from app.organisations.models import Organisation


async def find_readable_decision(
    session: Session, actor: Actor, standing_id: UUID
) -> tuple[StandingDecision, Member, tuple[UUID, ...]]:
    """Return a decision, its member and the path of their branch today; raises StandingNotFound."""
    row = (
        await session.execute(
            select(StandingDecision, Member, Organisation.path)
            .join(Member, Member.id == StandingDecision.member_id)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(StandingDecision.id == standing_id)
        )
    ).one_or_none()
    if row is None or not access.reads(actor, row.Member.id, row.path):
        raise StandingNotFound
    return row.StandingDecision, row.Member, tuple(row.path)


async def get_standing_decision(session: Session, actor: Actor, standing_id: UUID) -> StandingDecisionView:
    """Return a decision; raises StandingNotFound."""
    decision, member, _ = await find_readable_decision(session, actor, standing_id)
    return view_decision(decision, member)


async def list_standing_decisions(
    session: Session, actor: Actor, member_id: UUID, *, page: PageRequest
) -> StandingDecisionPage:
    """List what was decided about a member, the latest first; raises MemberNotFound, NotForYourPost."""
    member, path = await get_visible_member(session, actor, member_id)
    access.require_reader(actor, member.id, path)
    wanted = select(StandingDecision).where(StandingDecision.member_id == member.id)
    after = page.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(StandingDecision.created_at, StandingDecision.id) < tuple_(*after))
    order = (StandingDecision.created_at.desc(), StandingDecision.id.desc())
    rows = (await session.scalars(wanted.order_by(*order).limit(page.limit + 1))).all()
    return page.page(
        rows,
        into=StandingDecisionPage,
        view=lambda row: view_decision(row, member),
        key=lambda row: (row.created_at.isoformat(), row.id),
    )


async def has_standing(session: Session, wanted: StandingDecision, *, since: date) -> bool:
    """Say whether the member has a standing of the wanted kind that shares a day with it, from a day on."""
    found = select(Standing.id).where(
        Standing.member_id == wanted.member_id,
        Standing.kind == wanted.kind.standing,
        or_(Standing.ends_on.is_(None), Standing.ends_on >= since),
    )
    if wanted.ends_on is not None:
        found = found.where(Standing.starts_on <= wanted.ends_on)
    return await session.scalar(found.limit(1)) is not None


async def find_account(session: Session, member_id: UUID) -> UUID | None:
    """Return the member's account, if they have one."""
    found: UUID | None = await session.scalar(select(Account.id).where(Account.member_id == member_id))
    return found


def view_decision(decision: StandingDecision, member: Member) -> StandingDecisionView:
    """Return a decision with the member's name."""
    return StandingDecisionView(
        id=decision.id,
        version=decision.version,
        member=MemberRef(member_id=member.id, full_name=member.full_name),
        organisation_id=decision.organisation_id,
        kind=decision.kind,
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
        reason=decision.reason,
        decision_number=decision.decision_number,
        revoked_because=decision.revoked_because,
    )
