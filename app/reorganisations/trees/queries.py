"""Reads of what a file of organisations meets."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Uuid, literal, select
from sqlalchemy.dialects.postgresql import array

from app.kernel.db import Session
from app.organisations.models import Organisation
from app.reorganisations.trees.planting import Rooted


async def find_root(session: Session) -> UUID | None:
    """Return the root of the tree; None when there is no organisation yet."""
    found: UUID | None = await session.scalar(
        select(Organisation.id).where(Organisation.parent_id.is_(None)).order_by(Organisation.id).limit(1)
    )
    return found


async def get_rooted(session: Session, organisation_id: UUID) -> Rooted:
    """Return the organisation under which a file's rows stand."""
    return _rooted(await session.get_one(Organisation, organisation_id, populate_existing=True))


async def find_rooted(session: Session, root_id: UUID, codes: Collection[str]) -> dict[str, Rooted]:
    """Return the lasting organisations at or below the root that have one of these codes."""
    found = await session.scalars(
        select(Organisation).where(
            Organisation.code.in_(codes),
            Organisation.valid_until.is_(None),
            Organisation.path.contains(array([literal(root_id, Uuid)])),
        )
    )
    return {organisation.code or "": _rooted(organisation) for organisation in found}


async def find_taken(session: Session, codes: Collection[str]) -> set[str]:
    """Return those of the codes that an organisation has, wherever it is."""
    found = await session.scalars(select(Organisation.code).where(Organisation.code.in_(codes)))
    return {code for code in found if code is not None}


def _rooted(organisation: Organisation) -> Rooted:
    return Rooted(
        path=tuple(organisation.path),
        kind=organisation.kind,
        code=organisation.code,
        time_zone=organisation.time_zone,
    )
