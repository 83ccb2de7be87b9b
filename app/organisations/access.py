"""Who sees an organisation, and who may change the tree."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, NotForYourPost, PostKind


def roots_of(actor: Actor) -> frozenset[UUID]:
    """Return the organisations below which the actor sees all: their branch, and where they hold a post."""
    return frozenset({actor.organisation_id, *(post.organisation_id for post in actor.posts)})


def sees_organisation(actor: Actor, path: Sequence[UUID]) -> bool:
    """Say whether the last of the path is above the actor's branch, or was, or is at or below one of their roots."""
    return path[-1] in actor.path or path[-1] in actor.ended or not roots_of(actor).isdisjoint(path)


def require_administrator(actor: Actor, path: Sequence[UUID]) -> None:
    """Let pass an administrator of the organisation or of one above it (domain.md, who uses it)."""
    if not actor.holds_over(path, {PostKind.administrator}):
        raise NotForYourPost
