"""Who acts in branch A before anybody has signed in."""

from dataclasses import dataclass
from uuid import UUID

from app.demo.cast import HANOI
from app.kernel.db import Session
from app.kernel.security import Actor, HeldPost, PostKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Branch A and its people: of the cast by what they are, the invented ones in the order of their making."""

    branch_id: UUID
    commune_id: UUID
    secretary: Actor
    minute_taker: Actor
    member: Actor
    away: Actor
    probationary: Actor
    phoneless_id: UUID
    others: tuple[Actor, ...]
    officer: Actor


def act_as(
    session: Session,
    member_id: UUID,
    path: tuple[UUID, ...],
    *,
    post: PostKind | None = None,
    where: UUID | None = None,
) -> Actor:
    """Act as somebody who has not signed in: the commands look at the post and the path only.

    The post is held in `where`, or else in the member's own branch, the last of the path.
    """
    return Actor(
        account_id=session.new_id(),
        session_id=session.new_id(),
        member_id=member_id,
        organisation_id=path[-1],
        path=path,
        posts=() if post is None else (HeldPost(kind=post, organisation_id=where or path[-1]),),
        time_zone=HANOI,
    )
