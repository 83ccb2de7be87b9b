"""No revision stops the service: what would hold a table that others use is refused by its SQL.

Row-level security, policies, triggers and nullable columns take a table for an instant only, and pass.
"""

import io
import re
from collections.abc import Iterator

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory

from app.kernel.migrating import alembic_config

# Written before any release had data to hold. Nothing is added: CONTRIBUTING names the means.
BEFORE_ANY_DATA = frozenset({
    "11e55a0b0111",  # two foreign keys of meetings
    "a11007ce0112",  # a foreign key and an index of notifications
    "3117c7e50115",  # an index of meetings
    "c4a119e50117",  # an index of changes
    "1a9e5d0c0320",  # indexes of devices, notifications and deliveries
    "9a4750f00451",  # an index of notifications
    "e3b7f0a95c21",  # an index of devices
})  # fmt: skip
UNPRINTABLE = "b2c55d04a1e7"
"""The third of all: its SQL goes past Alembic, and all the tables that it knows were made just before."""

NAME = r'(?:ONLY )?"?(?:public\.)?"?(\w+)"?'
STABLE_DEFAULT = re.compile(r"DEFAULT (gen_random_uuid|clock_timestamp|random|nextval|timeofday)\b", re.IGNORECASE)


def revisions() -> list[Script]:
    return list(ScriptDirectory.from_config(alembic_config()).walk_revisions())[::-1]


def sql_of(script: Script) -> str:
    """What `alembic upgrade --sql` would print of one revision."""
    printed = io.StringIO()
    options = {"as_sql": True, "output_buffer": printed, "transactional_ddl": True}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with context.begin_transaction(), Operations.context(context):
        script.module.upgrade()
    return printed.getvalue()


def faults(sql: str) -> Iterator[str]:  # noqa: C901 one branch for each kind of statement
    """Say what in a revision's SQL would hold a table that was there before."""
    outside_functions = re.sub(r"(\$\w*\$).*?\1", "''", re.sub(r"--[^\n]*", "", sql), flags=re.DOTALL)
    statements = [" ".join(each.split()) for each in outside_functions.split(";")]
    made: set[str] = set()
    proven = re.findall(rf"ALTER TABLE {NAME} VALIDATE CONSTRAINT", sql, re.IGNORECASE)
    apart = patient = False
    for statement in statements:
        upper = statement.upper()
        if found := re.match(r"SET LOCK_TIMEOUT = (.*)", upper):
            patient = found[1] == "0"
        if re.match(r"(CREATE|DROP) .*INDEX CONCURRENTLY", upper) and not patient:
            yield f"{statement} gives up on any transaction that is older than half a second"
        apart = upper == "COMMIT" or (apart and upper != "BEGIN")
        if found := re.match(rf"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?{NAME}", statement, re.IGNORECASE):
            made.add(found[1])
        elif (found := re.match(r"CREATE (?:UNIQUE )?INDEX (.*?)\bON " + NAME, statement, re.IGNORECASE)) is not None:
            lasting = "CONCURRENTLY" not in found[1].upper() and " ON ONLY " not in upper
            if found[2] not in made and lasting:
                yield f"index on {found[2]} without CONCURRENTLY"
        elif found := re.match(rf"ALTER TABLE (?:IF EXISTS )?{NAME} (.*)", statement, re.IGNORECASE):
            if found[1] not in made:
                yield from (f"{found[1]}: {fault}" for fault in altering(found[2], is_proven=found[1] in proven))
        elif found := re.match(r"(?:UPDATE|DELETE FROM) " + NAME, statement, re.IGNORECASE):
            if found[1] not in made | {"alembic_version"} and not apart:
                yield f"rows of {found[1]} rewritten in the transaction that holds locks"
        elif re.match(r"(DROP TABLE|DROP VIEW|TRUNCATE|CLUSTER|LOCK|REINDEX|VACUUM)\b", upper):
            yield statement
        elif re.match(r"DROP INDEX (?!CONCURRENTLY)", upper):
            yield f"{statement} without CONCURRENTLY"


def altering(action: str, *, is_proven: bool) -> Iterator[str]:
    """Say what is wrong with one action on a table that was there before."""
    upper = action.upper()
    if re.match(r"ALTER (COLUMN )?\S+ (SET DATA )?TYPE\b", upper):
        yield "another type rewrites the table"
    if "SET NOT NULL" in upper and not is_proven:
        yield "SET NOT NULL without a CHECK that was validated before reads the whole table"
    if upper.startswith("ADD CONSTRAINT") and not re.search(r"NOT VALID|USING INDEX", upper):
        yield "a constraint without NOT VALID, or without an index made before, reads the whole table"
    if re.match(r"ADD (COLUMN )?(?!CONSTRAINT)", upper):
        if "NOT NULL" in upper and "DEFAULT" not in upper:
            yield "NOT NULL without DEFAULT stops the version before"
        if STABLE_DEFAULT.search(upper) or "GENERATED" in upper:
            yield "values computed for each row rewrite the table"
        if re.search(r"\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b", upper):
            yield "a constraint comes after its column, NOT VALID"
    if re.match(r"(DROP|RENAME)\b", upper) and not re.match(r"DROP (CONSTRAINT|EXPRESSION)\b", upper):
        yield "the version before still uses it"


@pytest.mark.parametrize(
    "script",
    [script for script in revisions() if script.revision != UNPRINTABLE],
    ids=lambda script: f"{script.revision}: {script.doc[:40]}",
)
def test_a_revision_holds_no_table_that_others_use(script: Script) -> None:
    found = list(faults(sql_of(script)))
    assert bool(found) == (script.revision in BEFORE_ANY_DATA), (script.path, found)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE meetings ALTER COLUMN title TYPE VARCHAR(20)",
        "COMMIT; CREATE UNIQUE INDEX CONCURRENTLY ix ON meetings (title); BEGIN",
        "ALTER TABLE ONLY public.meetings ALTER title SET DATA TYPE text",
        "ALTER TABLE meetings ALTER COLUMN place SET NOT NULL",
        "ALTER TABLE meetings ADD CONSTRAINT fk FOREIGN KEY(chair_id) REFERENCES members (id)",
        "ALTER TABLE meetings ADD CONSTRAINT uq UNIQUE (title)",
        "ALTER TABLE meetings ADD COLUMN chair UUID NOT NULL",
        "ALTER TABLE meetings ADD COLUMN token UUID DEFAULT gen_random_uuid()",
        "ALTER TABLE meetings ADD COLUMN words TSVECTOR GENERATED ALWAYS AS (to_tsvector(title)) STORED",
        "ALTER TABLE meetings ADD COLUMN chair UUID REFERENCES members (id)",
        "ALTER TABLE meetings DROP COLUMN place",
        "ALTER TABLE meetings RENAME COLUMN place TO spot",
        "ALTER TABLE meetings RENAME TO gatherings",
        "DROP TABLE meetings",
        "TRUNCATE meetings",
        "LOCK TABLE meetings",
        "CREATE UNIQUE INDEX ix_on ON meetings (title)",
        "DROP INDEX ix_on",
        "UPDATE meetings SET place = ''",
        "CREATE TABLE new (id int); COMMIT; BEGIN; DELETE FROM meetings",
    ],
)
def test_what_would_hold_a_table_is_refused(sql: str) -> None:
    assert len(list(faults(f"BEGIN;\n\n{sql};\n\nCOMMIT;"))) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE new (id int); CREATE INDEX ix ON new (id); ALTER TABLE new ADD UNIQUE (id); DELETE FROM new",
        "ALTER TABLE meetings ADD COLUMN place TEXT; ALTER TABLE meetings ADD COLUMN n INTEGER DEFAULT 1 NOT NULL",
        "ALTER TABLE meetings ADD CONSTRAINT fk FOREIGN KEY(chair_id) REFERENCES members (id) NOT VALID",
        "ALTER TABLE meetings VALIDATE CONSTRAINT has_place; ALTER TABLE meetings ALTER COLUMN place SET NOT NULL",
        "ALTER TABLE meetings ADD CONSTRAINT uq UNIQUE USING INDEX uq_new",
        "ALTER TABLE meetings ALTER COLUMN place DROP NOT NULL; ALTER TABLE meetings DROP CONSTRAINT ck",
        "ALTER TABLE meetings ENABLE ROW LEVEL SECURITY; ALTER TABLE meetings FORCE ROW LEVEL SECURITY",
        "CREATE POLICY of_the_branch ON meetings USING (organisation_id = current_setting('a')::uuid)",
        "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DROP TABLE meetings; DELETE FROM b $$",
        "COMMIT; SET lock_timeout = 0; CREATE INDEX CONCURRENTLY ix ON meetings (n); UPDATE meetings SET n = 1; BEGIN",
        "CREATE INDEX ix ON ONLY events (code); GRANT SELECT ON meetings TO sotay",
    ],
)  # fmt: skip
def test_what_holds_a_table_for_an_instant_passes(sql: str) -> None:
    assert list(faults(f"BEGIN;\n\n{sql};\n\nCOMMIT;")) == []
