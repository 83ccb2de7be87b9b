"""Who may hand out activation codes, and turn off the second factor of somebody else."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import LEADERS, Actor, NotForYourPost, PostKind


def require_code_issuer(actor: Actor, path: Sequence[UUID]) -> None:
    """Let an administrator above the member's branch pass, or its secretary or deputy (reliability-security.md 8)."""
    if not (actor.holds_over(path, {PostKind.administrator}) or actor.holds_in(path[-1], LEADERS)):
        raise NotForYourPost


def require_factor_resetter(actor: Actor, path: Sequence[UUID], *, member_id: UUID) -> None:
    """Let an administrator above the member's branch pass, but not for themself: that needs a code.

    No secretary may: who can hand out a new password must not be able to take the second factor away too.
    """
    if member_id == actor.member_id or not actor.holds_over(path, {PostKind.administrator}):
        raise NotForYourPost
