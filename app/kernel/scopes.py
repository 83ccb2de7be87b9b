"""Counters per scope (an organisation, a member), so that a phone can ask what changed since its cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class Op(StrEnum):
    """What happened to an object, as a phone has to know it."""

    upsert = "upsert"
    delete = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One object that changed, in one scope that holds it."""

    scope_id: UUID
    object_type: str
    object_id: UUID
    version: int
    op: Op = Op.upsert


# One statement: the counters are bumped in id order (the row locks make counter order equal commit
# order and two writers never wait for each other in a ring), then each object's one row is moved up.
# A function of the database: who changes something need not have a right to the scopes of all who see it.
_BUMP = text("""
SELECT bump_scopes(CAST(:scopes AS uuid[]), CAST(:types AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS int[]),
                   CAST(:ops AS text[]), CAST(:at AS timestamptz))
""")


async def bump(session: AsyncSession, changes: Sequence[Change], *, at: datetime) -> None:
    """Write the unit of work's changes; must be its last statement, since the counters stay locked to the end."""
    if not changes:
        return
    await session.flush()
    await session.execute(
        _BUMP,
        {
            "scopes": [change.scope_id for change in changes],
            "types": [change.object_type for change in changes],
            "ids": [change.object_id for change in changes],
            "versions": [change.version for change in changes],
            "ops": [change.op.value for change in changes],
            "at": at,
        },
    )
