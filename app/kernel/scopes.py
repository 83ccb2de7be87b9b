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
_BUMP = text("""
WITH wanted AS (
    SELECT DISTINCT scope_id FROM unnest(CAST(:scopes AS uuid[])) AS u(scope_id) ORDER BY scope_id
), bumped AS (
    INSERT INTO scopes AS s (id, counter) SELECT scope_id, 1 FROM wanted
    ON CONFLICT (id) DO UPDATE SET counter = s.counter + 1
    RETURNING id, counter
), changed AS (
    SELECT DISTINCT ON (scope_id, object_type, object_id) *
    FROM unnest(CAST(:scopes AS uuid[]), CAST(:types AS text[]), CAST(:ids AS uuid[]),
                CAST(:versions AS int[]), CAST(:ops AS text[]))
         WITH ORDINALITY AS u(scope_id, object_type, object_id, version, op, ord)
    ORDER BY scope_id, object_type, object_id, ord DESC
)
INSERT INTO changes AS c (scope_id, object_type, object_id, counter, version, op, changed_at)
SELECT changed.scope_id, object_type, object_id, bumped.counter, version, op, :at
FROM changed JOIN bumped ON bumped.id = changed.scope_id
ON CONFLICT (scope_id, object_type, object_id)
DO UPDATE SET counter = excluded.counter, version = excluded.version, op = excluded.op,
              changed_at = excluded.changed_at
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
