"""Reads of polls that stand before a branch that shall end."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, select

from app.polls.models import Poll, PollStatus


def open_polls(organisation_ids: Collection[UUID]) -> Select[UUID]:
    """Select the organisations of the polls that are open, once for each poll."""
    return select(Poll.organisation_id).where(
        Poll.organisation_id.in_(organisation_ids), Poll.status == PollStatus.open
    )
