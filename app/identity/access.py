"""Who may hand out activation codes."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import LEADERS, Actor, NotForYourPost, PostKind


def require_code_issuer(actor: Actor, path: Sequence[UUID]) -> None:
    """Let an administrator above the member's branch pass, or its secretary or deputy (reliability-security.md 8)."""
    if not (actor.holds_over(path, {PostKind.administrator}) or actor.holds_in(path[-1], LEADERS)):
        raise NotForYourPost
