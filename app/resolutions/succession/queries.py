"""Reads of what a branch that shall end has not decided."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, func, select

from app.resolutions.models import DECIDED, Resolution


def count_undecided(organisation_ids: Collection[UUID]) -> Select[int]:
    """Select how many resolutions are drafts, discussed, or wait for a decision."""
    return select(func.count()).where(
        Resolution.organisation_id.in_(organisation_ids), Resolution.status.not_in(DECIDED)
    )
