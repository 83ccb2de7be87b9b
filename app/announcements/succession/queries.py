"""Reads of what an organisation that shall end has not published."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, func, select

from app.announcements.models import UNPUBLISHED, Announcement


def count_unpublished(organisation_ids: Collection[UUID]) -> Select[int]:
    """Select how many announcements are drafts or wait for their hour."""
    return select(func.count()).where(
        Announcement.organisation_id.in_(organisation_ids), Announcement.status.in_(UNPUBLISHED)
    )
