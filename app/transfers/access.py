"""Who sees a transfer, and who speaks for which side of it."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, NotForYourPost
from app.members.access import keeps_records


def sees(actor: Actor, member_id: UUID, *paths: Sequence[UUID]) -> bool:
    """Say it of the member, and of who keeps the records of one of the branches."""
    return actor.member_id == member_id or any(keeps_records(actor, path) for path in paths)


def require_side(actor: Actor, *paths: Sequence[UUID]) -> None:
    """Let pass secretary and deputy of one of the branches, and administrators over one; raises NotForYourPost."""
    if not any(keeps_records(actor, path) for path in paths):
        raise NotForYourPost
