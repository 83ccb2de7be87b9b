"""Who reorganises: administrators over everything that is named."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, PostKind
from app.reorganisations.errors import ReorganisationNotFound


def plans_for(actor: Actor, path: Sequence[UUID]) -> bool:
    """Say whether the actor is administrator of the organisation at the path's end or of one above it."""
    return actor.holds_over(path, {PostKind.administrator})


def require_visible(actor: Actor, path: Sequence[UUID]) -> None:
    """Raise ReorganisationNotFound for everybody else: what is planned is nobody's news before its day."""
    if not plans_for(actor, path):
        raise ReorganisationNotFound
