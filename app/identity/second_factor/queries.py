"""Reads of the second factor."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, or_, select

from app.identity.models import RecoveryCode, SecondFactor
from app.identity.second_factor.schemas import SecondFactorStatus, SecondFactorView
from app.kernel.db import Session
from app.kernel.security import Actor, PostKind
from app.members.models import Post


async def get_my_second_factor(
    session: Session, actor: Actor, *, required_of: Collection[PostKind]
) -> SecondFactorView:
    """Return how the caller's second factor stands; `required_of` are the posts that need one."""
    factor = await session.get(SecondFactor, actor.account_id)
    confirmed_at = factor.confirmed_at if factor else None
    left = select(func.count()).where(RecoveryCode.account_id == actor.account_id)
    status = SecondFactorStatus.off
    if factor is not None:
        status = SecondFactorStatus.pending if confirmed_at is None else SecondFactorStatus.on
    return SecondFactorView(
        status=status,
        required=await _holds_any(session, actor.member_id, required_of),
        confirmed_at=confirmed_at,
        recovery_code_count=await session.scalar(left) or 0,
    )


async def _holds_any(session: Session, member_id: UUID, kinds: Collection[PostKind]) -> bool:
    # Not the Actor's posts: those that need a second factor are missing there without one.
    today = session.today()
    held = select(Post.id).where(
        Post.member_id == member_id,
        Post.kind.in_(kinds),
        Post.starts_on <= today,
        or_(Post.ends_on.is_(None), Post.ends_on >= today),
    )
    return bool(await session.scalar(select(held.exists())))
