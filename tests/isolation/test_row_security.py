"""Row-level security: a query without any filter, on every table there is, meets nothing that is not the asker's."""

from collections.abc import Iterator
from typing import Any, LiteralString
from uuid import UUID, uuid4, uuid5

import psycopg
import pytest
import typer
from psycopg import Connection, sql
from sqlalchemy import make_url, text

from app.cli.terminal import require_bounded_role
from app.identity.queries import find_actor
from app.kernel.db import Base, PooledDatabase
from app.kernel.roles import Role, judge_role
from app.models import metadata
from tests.conftest import database_of_its_own
from tests.factories.clock import FakeClock

assert metadata is Base.metadata
TABLES = sorted(metadata.tables)
HASHES_ONLY = {"failure_counts", "used_nonces"}
"""Asked before anybody is known: hashes of numbers, addresses and nonces, and no person."""
FOR_ALL = {
    "organisations",
    "organisation_periods",
    "organisation_successions",
    "document_title_words",
    "sync_epochs",
    "push_lanes",
}
"""The tree and the words of titles: whoever signed in meets them."""
WORKERS = {"unsealed_events", "push_bucket", "push_shares"}
MINE, THEIRS = UUID(int=1), UUID(int=2)
"""Two branches that have nothing to do with each other; each has one row in every table."""

VALUES = {
    "boolean": True,
    "integer": 1,
    "bigint": 1,
    "double precision": 1.0,
    "numeric": 1,
    "date": "2026-01-01",
    "timestamp with time zone": "2026-01-01T00:00:00Z",
    "interval": "1 hour",
    "jsonb": {},
    "ARRAY": [],
}
NAMED = {
    "account_id": "accounts",
    "actor_member_id": "members",
    "event_id": "events",
    "member_id": "members",
    "organisation_id": "organisations",
    "scope_id": "organisations",
    "notification_id": "notifications",
    "from_organisation_id": "organisations",
    "to_organisation_id": "organisations",
}
"""What columns point to that no foreign key tells of."""

LASTING: dict[str, dict[str, Any]] = {  # Any: of every column's type
    "accounts": {"disabled_at": None},
    "organisations": {"parent_id": None, "successor_id": None, "valid_until": None, "time_zone": "Asia/Ho_Chi_Minh"},
    "posts": {"kind": "secretary", "ends_on": None},
    "sessions": {"revoked_at": None, "expires_at": "2100-01-01T00:00:00Z"},
    "standings": {"kind": "official", "ends_on": None},
}
"""Both are members of their branch, its secretaries, and signed in."""


def row_id(table: str, side: UUID) -> UUID:
    return uuid5(side, table)


def row_of(
    table: str, side: UUID, columns: list[tuple[str, str, int | None]]
) -> dict[str, Any]:  # Any: of every column's type
    """One row, whose columns point to the rows of the same side in other tables."""
    values: dict[str, Any] = {}
    for name, kind, longest in columns:
        column = metadata.tables[table].columns[name]
        target = NAMED.get(name)
        while column.foreign_keys:
            column = next(iter(column.foreign_keys)).column
            target = column.table.name
        if kind == "uuid":
            values[name] = str(row_id(target or ("organisations" if table == "scopes" else table), side))
        elif kind == "bytea":
            values[name] = f"\\x{row_id(table, side).hex}"
        else:
            values[name] = VALUES.get(kind, row_id(table, side).hex[: min(longest or 12, 12)])
    if table == "organisations":
        values["path"] = [values["id"]]
    if table == "reorganisations":
        values["involved"] = [str(row_id("organisations", side))]
    if table == "push_bucket":
        values["id"] = 10 + side.int
    return values | LASTING.get(table, {})


@pytest.fixture(scope="module")
def walled(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with a row of each of two sides in every table, and nothing else."""
    with database_of_its_own(request) as url:
        with connected(url) as connection:
            connection.execute("SET session_replication_role = replica")  # what a row points to may come after it
            for table in TABLES:
                fill(connection, table)
        yield url


def fill(connection: Connection[Any], table: str) -> None:
    name = sql.Identifier(table)
    rules = connection.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
    ).fetchall()
    for (rule,) in rules:  # what a row says is of no interest here
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(name, sql.Identifier(rule)))
    columns = connection.execute(
        "SELECT column_name, data_type, character_maximum_length FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
        [table],
    ).fetchall()
    for side in (MINE, THEIRS):
        row = row_of(table, side, columns)
        listed = sql.SQL(", ").join(map(sql.Identifier, row))
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM jsonb_populate_record(NULL::{}, %s)").format(
                name, listed, listed, name
            ),
            [psycopg.types.json.Jsonb(row)],
        )


def connected(url: str, role: Role | None = None) -> Connection[Any]:
    options = f"-c role={role.value}" if role else ""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, options=options)


def enter(connection: Connection[Any], side: UUID) -> None:
    found = connection.execute(
        "SELECT member_id FROM enter_as(%s, %s, '2026-06-01', '2026-06-01', '{}')",
        [row_id("accounts", side), row_id("sessions", side)],
    ).fetchone()
    assert found == (row_id("members", side),)


def count(connection: Connection[Any], statement: LiteralString, table: str) -> int:
    """How many rows a statement meets; none where the role may not ask it at all."""
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(sql.SQL(statement).format(sql.Identifier(table))).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0


READ: LiteralString = "SELECT * FROM {}"


def rewrite(table: str) -> sql.Composed:
    column = next(each.name for each in metadata.tables[table].columns if each.computed is None)
    return sql.SQL("UPDATE {} SET {} = {}").format(*map(sql.Identifier, (table, column, column)))


@pytest.mark.parametrize("table", TABLES)
def test_a_query_without_filter_and_without_asker_meets_nothing(walled: str, table: str) -> None:
    with connected(walled) as owner:
        assert count(owner, READ, table) >= 2
    if table in HASHES_ONLY:
        return
    with connected(walled, Role.app) as connection:
        assert [count(connection, statement, table) for statement in (READ, "DELETE FROM {}")] == [0, 0]
        assert rewritten(connection, table) == 0


def rewritten(connection: Connection[Any], table: str) -> int:
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(rewrite(table)).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0


@pytest.mark.parametrize("table", TABLES)
def test_whoever_asks_meets_their_own_side_and_nothing_of_the_other(walled: str, table: str) -> None:
    with connected(walled, Role.app) as connection, connection.transaction(force_rollback=True):
        enter(connection, MINE)
        met = 0 if table in WORKERS else 2 if table in FOR_ALL | HASHES_ONLY else 1
        if table == "sync_epochs":
            met += 1  # each database begins with one
        assert count(connection, READ, table) == met
        if table not in FOR_ALL | HASHES_ONLY:
            assert rewritten(connection, table) <= 1


async def test_a_connection_forgets_who_asked_before(walled: str) -> None:
    """A setting is '' and not null once its transaction is over: cast, it must mean nobody and be no error."""
    database = PooledDatabase(walled, clock=FakeClock(), pool_size=1, statement_timeout_ms=10_000, role=Role.app)
    try:
        async with database.session() as session:
            mine, account = row_id("sessions", MINE), row_id("accounts", MINE)
            assert await find_actor(session, session_id=mine, account_id=account) is not None
            backend = await session.scalar(text("SELECT pg_backend_pid()"))
            assert await session.scalar(text("SELECT count(*) FROM meetings")) == 1
            await session.rollback()
            # The same unit of work goes on in another transaction, and is the same asker's.
            assert await session.scalar(text("SELECT count(*) FROM meetings")) == 1
        for table in TABLES:
            if table in WORKERS | HASHES_ONLY:
                continue
            async with database.session() as session:
                assert await session.scalar(text("SELECT pg_backend_pid()")) == backend
                assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    finally:
        await database.close()


def test_every_table_has_its_policies(walled: str) -> None:
    with connected(walled) as owner:
        open_tables = owner.execute("""
            SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                AND relname !~ '^procrastinate_' AND relname <> 'alembic_version'
                AND NOT (relrowsecurity AND relforcerowsecurity
                         AND EXISTS (SELECT FROM pg_policies AS policy WHERE tablename = relname
                                     AND roles = '{sotay_owner}')
                         AND EXISTS (SELECT FROM pg_policies AS policy WHERE tablename = relname
                                     AND roles = '{sotay_worker}'))
        """).fetchall()
        assert open_tables == []
        found = owner.execute("SELECT tablename FROM pg_policies WHERE roles = '{sotay_app}'").fetchall()
        closed = {name for (name,) in found}
        assert closed == set(TABLES) - WORKERS
        # A partition asked by its own name would be asked past the policy of the whole.
        past = owner.execute("""
            SELECT relname, grantee::regrole FROM pg_class, aclexplode(relacl)
            WHERE relispartition AND grantee::regrole::text IN ('sotay_app', 'sotay_worker')
        """).fetchall()
        assert past == []


def test_what_runs_as_the_owner_looks_nowhere_that_another_could_write(walled: str) -> None:
    """Temporary tables come first, unless they are named last."""
    with connected(walled) as owner:
        wide = owner.execute("""
            SELECT proname, proconfig FROM pg_proc
            WHERE prosecdef AND NOT ('search_path=public, pg_temp' = ANY (coalesce(proconfig, '{}')))
        """).fetchall()
    assert wide == []


@pytest.mark.parametrize("role", list(Role))
def test_neither_role_goes_past_a_policy_and_a_login_that_could_is_told_of(walled: str, role: Role) -> None:
    standing = judge_role(walled, role)
    assert (standing.refusal, standing.login_may_bypass) == (None, True)


def test_a_process_refuses_a_role_that_goes_past_the_policies_or_owns_tables(
    walled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    owning = f"owning_{uuid4().hex}"
    with connected(walled) as owner:
        owner.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(owning)))
        owner.execute(sql.SQL("ALTER TABLE ballots OWNER TO {}").format(sql.Identifier(owning)))
        try:
            refusals = [judge_role(walled, role).refusal for role in ("postgres", owning)]
        finally:
            owner.execute("ALTER TABLE ballots OWNER TO CURRENT_USER")
            owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(owning)))
    assert [refusal is not None for refusal in refusals] == [True, True]
    with pytest.raises(typer.Exit) as ended:
        require_bounded_role(walled, "postgres")
    assert ended.value.exit_code == 2
    assert "superuser" in capsys.readouterr().err
    with pytest.raises(typer.Exit) as ended:
        require_bounded_role(walled, "nobody_made_this_role")
    assert ended.value.exit_code == 1
    require_bounded_role(walled, Role.app)


async def test_workers_sweep_secret_ballots_with_a_login_that_owns_nothing(walled: str) -> None:
    login = f"login_{uuid4().hex}"
    url = make_url(walled).set(username=login, password=login).render_as_string(hide_password=False)
    swept = "SELECT dead_tuple_count FROM pgstattuple('ballots')"
    with connected(walled) as owner:
        owner.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD {}").format(sql.Identifier(login), login))
        owner.execute(sql.SQL("GRANT sotay_app, sotay_worker TO {}").format(sql.Identifier(login)))
        owner.execute("UPDATE ballots SET choice = choice")
        assert owner.execute(swept).fetchone() != (0,)
        standing = judge_role(url, Role.worker)
        database = PooledDatabase(url, clock=FakeClock(), pool_size=1, statement_timeout_ms=10_000, role=Role.worker)
        try:
            await database.vacuum("ballots")
            left = owner.execute(swept).fetchone()
        finally:
            await database.close()
            owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))
        knows_maintain = owner.info.server_version >= 170000
    assert (standing.refusal, standing.login_may_bypass) == (None, False)
    assert (left == (0,)) is knows_maintain


def test_the_log_is_only_added_to_by_the_api_and_sealed_by_workers(walled: str) -> None:
    def may(role: Role, right: str, table: str) -> bool:
        with connected(walled) as owner:
            found = owner.execute("SELECT has_table_privilege(%s, %s, %s)", [role.value, table, right]).fetchone()
            assert found is not None
            return bool(found[0])

    rights = ("SELECT", "INSERT", "UPDATE", "DELETE")
    assert [may(Role.app, right, "events") for right in rights] == [True, True, False, False]
    assert [may(Role.app, right, "event_seals") for right in rights] == [True, False, False, False]
    assert [may(Role.worker, right, "events") for right in rights] == [True, True, False, False]
    assert [may(Role.worker, right, "event_details") for right in rights] == [True, True, True, False]
