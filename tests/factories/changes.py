"""Change rows of what the tests' factories make without facts."""

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.scopes import Change, bump
from app.members.models import AwayPeriod, Member, Post
from app.organisations.models import Organisation


async def tell_of_world(session: Session) -> None:
    """Write the change rows of all organisations, members, posts and times away."""
    told: list[Change] = []
    for organisation in await session.scalars(select(Organisation)):
        above = [organisation.parent_id] if organisation.parent_id else []
        told += [Change(scope, "organisation", organisation.id, 1) for scope in (organisation.id, *above)]
    for member in await session.scalars(select(Member)):
        told += [Change(scope, "member", member.id, 1) for scope in (member.organisation_id, member.id)]
    for post in await session.scalars(select(Post)):
        told += [Change(scope, "post", post.id, 1) for scope in (post.organisation_id, post.member_id)]
    away = select(AwayPeriod, Member.organisation_id).join(Member, Member.id == AwayPeriod.member_id)
    for period, branch in await session.execute(away):
        told += [Change(scope, "away_period", period.id, 1) for scope in (branch, period.member_id)]
    await bump(session, told, at=session.now())
