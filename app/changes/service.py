"""Commands of catching up: forget what was deleted long ago."""

from datetime import timedelta

from sqlalchemy import text

from app.kernel.db import Session

TOMBSTONES_KEPT = timedelta(days=180)
SCOPES_A_ROUND = 200

# The scopes first and in the order of their ids, as every writer takes them: nobody waits in a ring.
_PURGE = text("""
WITH old AS (
    SELECT DISTINCT scope_id FROM changes WHERE op = 'delete' AND changed_at < :before LIMIT :scopes
), held AS (
    SELECT id FROM scopes WHERE id IN (SELECT scope_id FROM old) ORDER BY id FOR UPDATE
), purged AS (
    DELETE FROM changes WHERE op = 'delete' AND changed_at < :before AND scope_id IN (SELECT id FROM held)
    RETURNING scope_id, counter
), floors AS (
    SELECT scope_id, max(counter) AS counter FROM purged GROUP BY scope_id
)
UPDATE scopes SET floor = greatest(floor, floors.counter) FROM floors WHERE scopes.id = floors.scope_id
RETURNING scopes.id
""")


async def purge_tombstones(session: Session) -> bool:
    """Delete tombstones older than 180 days in some scopes; say whether there may be more.

    The scope's floor rises with them: a cursor that had not come so far is refused, and its phone starts again.
    """
    purged = await session.execute(_PURGE, {"before": session.now() - TOMBSTONES_KEPT, "scopes": SCOPES_A_ROUND})
    return len(purged.all()) == SCOPES_A_ROUND
