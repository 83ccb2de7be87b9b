"""Who sees the posts of an organisation, and who gives them."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, NotForYourPost, PostKind

_ALL_BUT_AUDITOR = frozenset(PostKind) - {PostKind.auditor}


def require_posts_reader(actor: Actor, path: Sequence[UUID]) -> None:
    """Let pass members below and above, and who holds a post over it; an auditor reads the log only."""
    of_the_line = path[-1] in actor.path or actor.organisation_id in path
    if not (of_the_line or actor.holds_over(path, _ALL_BUT_AUDITOR)):
        raise NotForYourPost
