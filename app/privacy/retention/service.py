"""The nightly purge: what the rules keep no longer is deleted, a round at a time.

This is the one place that deletes other features' rows: by their age alone, so that all periods stand in one table.
"""

import structlog
from sqlalchemy import CursorResult, delete, select, tuple_

from app.kernel.db import Database, Session, transaction
from app.privacy.retention.rules import RULES, Aged, Forgotten, Kept

log = structlog.get_logger()

ROWS_A_ROUND = 1_000


async def purge(database: Database) -> None:
    """Follow every rule; each round is a transaction of its own, so that nobody waits long for its locks."""
    for rule in RULES:
        more = True
        while more:
            async with transaction(database) as session:
                more = await _forget_some(session, rule)


async def _forget_some(session: Session, rule: Kept | Aged | Forgotten) -> bool:
    match rule:
        case Aged():
            return await _delete_some(session, rule)
        case Forgotten():
            return await rule.forget(session)
        case Kept():
            return False


async def _delete_some(session: Session, rule: Aged) -> bool:
    key = tuple_(*rule.table.__table__.primary_key)
    some = select(*key.clauses).where(rule.past(session.now() - rule.days)).limit(ROWS_A_ROUND)
    deleted = await session.execute(
        delete(rule.table).where(key.in_(some)), execution_options={"synchronize_session": False}
    )
    assert isinstance(deleted, CursorResult)
    if deleted.rowcount:
        log.info("rows_forgotten", table=rule.table.__tablename__, count=deleted.rowcount)
    return deleted.rowcount == ROWS_A_ROUND
