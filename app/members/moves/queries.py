"""Reads of who would go along when a branch is reorganised."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Select, exists, or_, select

from app.members.models import FINAL, MEMBERSHIP, Member, Standing, StandingKind
from app.members.queries import holds_on


def movers(branch_ids: Collection[UUID], on: date) -> Select[UUID]:
    """Select the members and candidates at home in the branches who have not left, nor been dropped, by a day."""
    left = exists().where(
        Standing.member_id == Member.id,
        Standing.kind.in_(FINAL),
        or_(Standing.kind != StandingKind.transferred, Standing.organisation_id == Member.organisation_id),
        holds_on(Standing.starts_on, Standing.ends_on, on),
    )
    # Whichever state goes on, one to come too: only who was dropped from the pool has none, and stays as who left does.
    goes_on = exists().where(
        Standing.member_id == Member.id,
        Standing.kind.not_in(FINAL),
        or_(Standing.ends_on.is_(None), Standing.ends_on >= on),
    )
    return select(Member.id).where(Member.organisation_id.in_(branch_ids), goes_on, ~left)


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
