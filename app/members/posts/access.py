"""Who sees the posts of an organisation, and who gives them."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, NotForYourPost, PostKind

_ALL_BUT_AUDITOR = frozenset(PostKind) - {PostKind.auditor}


def reads_posts(actor: Actor, path: Sequence[UUID]) -> bool:
    """Say it of members below and above, and of who holds a post over it; an auditor reads the log only."""
    of_the_line = path[-1] in actor.path or actor.organisation_id in path
    return of_the_line or actor.holds_over(path, _ALL_BUT_AUDITOR)


def require_posts_reader(actor: Actor, path: Sequence[UUID]) -> None:
    """Raise NotForYourPost for whoever may not know who holds which post there."""
    if not reads_posts(actor, path):
        raise NotForYourPost
