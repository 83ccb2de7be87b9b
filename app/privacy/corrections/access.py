"""Who sees a correction request, and who decides it."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, NotForYourPost
from app.members.access import keeps_records
from app.privacy.errors import CorrectionRequestNotFound, OwnCorrectionRequest


def require_visible(actor: Actor, member_id: UUID, path: Sequence[UUID]) -> None:
    """Let pass the member and whoever keeps the records of their branch; raises CorrectionRequestNotFound."""
    if actor.member_id != member_id and not keeps_records(actor, path):
        raise CorrectionRequestNotFound


def require_author(actor: Actor, member_id: UUID) -> None:
    """Let pass the one who asked."""
    if actor.member_id != member_id:
        raise NotForYourPost


def require_judge(actor: Actor, member_id: UUID) -> None:
    """Let pass whoever sees it and did not ask for it."""
    if actor.member_id == member_id:
        raise OwnCorrectionRequest
