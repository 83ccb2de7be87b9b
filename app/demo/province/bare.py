"""Empty tables without foreign keys and indexes while they are filled: at the end both are made much faster."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

MEMORY = "256MB"

_FOREIGN_KEYS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%(tables)s) ORDER BY conrelid, conname
"""
_INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE indrelid::regclass::text = ANY(%(tables)s) AND NOT indisunique AND relkind = 'r' ORDER BY indrelid, indexrelid
"""


@contextmanager
def bare(
    connection: psycopg.Connection, tables: Collection[str], *, advance: Callable[[int, int], None]
) -> Iterator[None]:
    """Drop the tables' foreign keys and indexes, and make the very same again when the block ends without an error.

    All in the caller's transaction: others see the tables whole, or wait. `advance` hears how many of how many are
    made.
    """
    found = [
        statements
        for query in (_FOREIGN_KEYS, _INDEXES)
        for statements in connection.execute(query, {"tables": list(tables)}).fetchall()
    ]
    for drop, _ in found:
        _run(connection, drop)
    for table in tables:  # COPY takes no rows where policies hold for the owner too
        connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(table)))
    yield
    for table in tables:
        connection.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(sql.Identifier(table)))
    connection.execute(f"SET LOCAL maintenance_work_mem = '{MEMORY}'")
    advance(0, len(found))
    # Indexes first: some keys are looked up by them.
    for done, (_, make) in enumerate(reversed(found), start=1):
        _run(connection, make)
        advance(done, len(found))


def _run(connection: psycopg.Connection, statement: str) -> None:
    connection.execute(statement.encode())  # PostgreSQL's own words for what it has
