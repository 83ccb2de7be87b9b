"""Who cares for the members of a branch: its own organisers, and nobody above it (domain.md 7)."""

from uuid import UUID

from app.kernel.security import ORGANISERS, Actor, HeldPost, NotForYourPost


def find_caring_post(actor: Actor, branch_id: UUID) -> HeldPost | None:
    """Return the post by which the actor cares for the branch's members: secretary, deputy or minute-taker of it."""
    held = (post for post in actor.posts if post.organisation_id == branch_id and post.kind in ORGANISERS)
    return next(held, None)


def require_carer(actor: Actor, branch_id: UUID) -> None:
    """Raise NotForYourPost for anybody else: where somebody is and whom to ask is not for officers above."""
    if find_caring_post(actor, branch_id) is None:
        raise NotForYourPost


def require_keeper_of_contact(actor: Actor, member_id: UUID, branch_id: UUID) -> None:
    """Let pass the member themself too: it is their own life that is written down."""
    if actor.member_id != member_id:
        require_carer(actor, branch_id)
