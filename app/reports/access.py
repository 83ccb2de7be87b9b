"""Who reads figures, and who sets what they are compared with."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import LEADERS, OFFICERS, Actor, NotForYourPost


def require_officer(actor: Actor, path: Sequence[UUID]) -> None:
    """Let pass officers of the organisation at the path's end and of those above it: for a branch, its leaders too.

    Raises NotForYourPost for members, administrators and auditors.
    """
    if not actor.holds_over(path, OFFICERS):
        raise NotForYourPost


def require_rater(actor: Actor, path: Sequence[UUID]) -> None:
    """Let pass the branch's secretary and deputy, and officers above, who confirm the grades. Raises NotForYourPost."""
    if not (actor.holds_in(path[-1], LEADERS) or actor.holds_above(path, OFFICERS)):
        raise NotForYourPost
