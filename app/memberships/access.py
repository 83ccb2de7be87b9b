"""Who decides about a membership, and who reads what was decided."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, NotForYourPost
from app.members.access import keeps_records


def reads(actor: Actor, member_id: UUID, path: Sequence[UUID]) -> bool:
    """Say it of the member, and of who keeps the records of their branch."""
    return actor.member_id == member_id or keeps_records(actor, path)


def require_reader(actor: Actor, member_id: UUID, path: Sequence[UUID]) -> None:
    """Raise NotForYourPost for whoever sees the member and not what was decided about them."""
    if not reads(actor, member_id, path):
        raise NotForYourPost


def require_decider(actor: Actor, member_id: UUID, path: Sequence[UUID]) -> None:
    """Let pass secretary, deputy and administrators, but nobody about themself; raises NotForYourPost."""
    if actor.member_id == member_id or not keeps_records(actor, path):
        raise NotForYourPost
