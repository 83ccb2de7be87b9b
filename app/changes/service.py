"""Commands of catching up: note whose records a phone is given, forget what was deleted long ago, start anew."""

from datetime import timedelta

from sqlalchemy import column, func, select, table, text, update

from app.changes import queries
from app.changes.models import SyncEpoch, version_at_first
from app.changes.resources import Viewer
from app.changes.schemas import ChangeOp, ChangePage
from app.kernel.db import Session
from app.kernel.tokens import TokenKeys
from app.members.record_views.service import note_copies

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

# Of the tables as they are, which may be those of an older version. In a key, and of a resolution, it counts texts; in
# `changes` it is a copy.
_VERSIONED = text("""
SELECT found.relname AS name, array_agg(CAST(one.attname AS text)) AS columns
FROM pg_class AS found JOIN pg_attribute AS one ON one.attrelid = found.oid
WHERE found.relnamespace = CAST('public' AS regnamespace) AND found.relkind = 'r'
    AND one.attname IN ('version', 'revision', 'roll_version') AND one.atttypid = CAST('int4' AS regtype)
    AND found.relname <> 'changes'
    AND (found.relname NOT IN ('resolutions', 'resolution_comments') OR one.attname = 'revision')
    AND NOT EXISTS (
        SELECT FROM pg_index WHERE indrelid = found.oid AND indisprimary AND one.attnum = ANY (indkey)
    )
GROUP BY found.relname
ORDER BY found.relname
""")


async def get_changes(
    session: Session, viewer: Viewer, *, cursor: str | None, limit: int, keys: TokenKeys
) -> ChangePage:
    """Return a page as `queries.get_changes` does, and note whose records are on it, for them to know."""
    page = await queries.get_changes(session, viewer, cursor=cursor, limit=limit, keys=keys)
    members = [
        item.id
        for item in page.items
        if item.type == "member" and item.op is ChangeOp.upsert and item.id != viewer.actor.member_id
    ]
    if members and viewer.actor.posts:
        # A snapshot of its own: in the page's, a second phone of the same person that syncs at once would fail.
        await session.rollback()
        await note_copies(session, viewer.actor, members)
    return page


async def purge_tombstones(session: Session) -> bool:
    """Delete tombstones older than 180 days in some scopes; say whether there may be more.

    The scope's floor rises with them: a cursor that had not come so far is refused, and its phone starts again.
    """
    purged = await session.execute(_PURGE, {"before": session.now() - TOMBSTONES_KEPT, "scopes": SCOPES_A_ROUND})
    return len(purged.all()) == SCOPES_A_ROUND


async def begin_epoch(session: Session) -> None:
    """Let every phone start again, once an older state of the database was brought back: see `SyncEpoch`.

    Versions rise beyond those that phones have seen: no ETag of the time that is lost stands for what is written now,
    and none lets somebody overwrite it.
    """
    session.add(SyncEpoch())
    await session.flush()
    await session.execute(text("SET LOCAL statement_timeout = 0"))  # a nation's members are one statement
    first = await session.scalar(select(version_at_first()))
    for row in (await session.execute(_VERSIONED)).all():
        raised = {name: func.greatest(column(name) + 1, first) for name in row.columns}
        await session.execute(update(table(row.name, *map(column, row.columns))).values(raised))
