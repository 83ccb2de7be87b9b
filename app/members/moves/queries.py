"""Reads of who would go along when a branch is reorganised."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Select, exists, or_, select

from app.members.models import FINAL, MEMBERSHIP, Member, Standing, StandingKind
from app.members.queries import holds_on


def movers(branch_ids: Collection[UUID], on: date) -> Select[UUID]:
    """Select the members at home in the branches whose membership has not ended by a day."""
    left = exists().where(
        Standing.member_id == Member.id,
        Standing.kind.in_(FINAL),
        or_(Standing.kind != StandingKind.transferred, Standing.organisation_id == Member.organisation_id),
        holds_on(Standing.starts_on, Standing.ends_on, on),
    )
    return select(Member.id).where(Member.organisation_id.in_(branch_ids), ~left)


def in_two_branches(member_ids: Select[UUID], on: date) -> Select[UUID]:
    """Select those of the members who on a day are also members of another branch than their home."""
    return (
        select(Member.id)
        .distinct()
        .join(Standing, Standing.member_id == Member.id)
        .where(
            Member.id.in_(member_ids),
            Standing.kind.in_(MEMBERSHIP),
            Standing.organisation_id != Member.organisation_id,
            holds_on(Standing.starts_on, Standing.ends_on, on),
        )
    )
