"""Who knows of candidates: nobody but who keeps the records of their branch, not they themselves."""

from collections.abc import Sequence
from uuid import UUID

from app.admissions.errors import CandidacyNotFound
from app.kernel.security import Actor
from app.members.access import keeps_records


def require_visible(actor: Actor, path: Sequence[UUID]) -> None:
    """Raise CandidacyNotFound for all but secretary, deputy and administrators."""
    if not keeps_records(actor, path):
        raise CandidacyNotFound
