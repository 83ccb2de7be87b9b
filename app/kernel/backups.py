"""Backups: database and files as of one snapshot, made and brought back by PostgreSQL's own programs, hashes compared.

A backup is a folder: `database.dump` (pg_dump's custom format), `documents/`, and `manifest.json`, which is written
last: without it the backup is not whole. Signing keys and the vault are no part of it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.kernel.i18n import Text
from app.kernel.postgres_programs import find_programs
from app.kernel.roles import MAKE_ROLES

DUMP, DOCUMENTS, MANIFEST = "database.dump", "documents", "manifest.json"
SHOWN = 10

# Rows are hashed as text, which must not depend on who asks. With `row_security = off` PostgreSQL refuses everybody
# but superusers: the owner too meets all rows by a policy. `_HIDING` finds tables without such a policy for who asks.
_ALIKE = """
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
SET extra_float_digits = 1; SET row_security = on; SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0
"""
_RELATIONS = """
SELECT space.nspname, relation.relname, relation.relkind = 'r'
FROM pg_class AS relation JOIN pg_namespace AS space ON space.oid = relation.relnamespace
WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND space.nspname <> 'information_schema' AND space.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'e'
    )
ORDER BY 1, 2
"""
# Tables that have row policies for who asks, and none that shows every row.
_HIDING = """
SELECT relation.oid::regclass::text
FROM pg_class AS relation
WHERE relation.relkind IN ('r', 'p') AND row_security_active(relation.oid) AND NOT EXISTS (
    SELECT FROM pg_policy
    WHERE polrelid = relation.oid AND polpermissive AND polcmd IN ('*', 'r') AND pg_get_expr(polqual, polrelid) = 'true'
        AND EXISTS (SELECT FROM unnest(polroles) AS role WHERE role = 0 OR pg_has_role(role, 'USAGE'))
)
ORDER BY 1
"""
# Before a restore there are no policies to look at; those of the dump will show every row to this role.
_IS_OWNER = """
SELECT rolsuper OR rolbypassrls OR pg_has_role('sotay_owner', 'USAGE') FROM pg_roles WHERE rolname = current_user
"""
# The sum does not depend on the rows' order, and two rows that are alike count twice.
_HASH = sql.SQL("""
SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 16))::bit(64)::bigint), 0)::text FROM {}.{} AS t
""")


class BackupRefused(Exception):
    """Says in both languages why a backup is not made or not brought back."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(vi=vi, en=en)


@dataclass(frozen=True, slots=True)
class TableHash:
    """How many rows a table has, and the sum of their hashes."""

    rows: int
    hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: tables by name, files by path with their SHA-256; `server` is PostgreSQL's major version."""

    made_at: str
    server: int
    tables: Mapping[str, TableHash]
    files: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a backup's manifest; raises BackupRefused where there is none that can be read."""
        try:
            found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            tables = {name: TableHash(**each) for name, each in found.pop("tables").items()}
            return cls(tables=tables, **found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise BackupRefused(
                f"{folder} không phải là một bản sao lưu trọn vẹn (thiếu hoặc hỏng {MANIFEST}).",
                f"{folder} is no whole backup ({MANIFEST} is missing or damaged).",
            ) from None

    @property
    def said(self) -> Text:
        """How much it is, in words."""
        tables, rows, files = len(self.tables), sum(table.rows for table in self.tables.values()), len(self.files) - 1
        return Text(
            vi=f"{tables} bảng, {rows} dòng, {files} tệp tài liệu của {self.made_at}",
            en=f"{tables} tables, {rows} rows and {files} documents of {self.made_at}",
        )


def back_up(url: str, folder: Path, *, documents: Path | None, at: datetime) -> Manifest:
    """Write a backup into a new folder while everybody goes on writing; `documents` is None where a bucket holds them.

    Raises BackupRefused, psycopg.Error.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise BackupRefused(
            f"Không tạo được thư mục mới {folder}: {error.strerror}.",
            f"The new folder {folder} cannot be made: {error.strerror}.",
        ) from None
    # Before and after: what the snapshot names and somebody removes meanwhile is there too.
    _copy_new(documents, folder / DOCUMENTS)
    with _connected(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        hiding = [name for (name,) in connection.execute(_HIDING).fetchall()]
        if hiding:
            raise _hidden_from(connection, f" ({', '.join(hiding[:SHOWN])})")
        snapshot = _scalar(connection, "SELECT pg_export_snapshot()")
        server = connection.info.server_version // 10_000
        options = ["--format=custom", "--enable-row-security", f"--snapshot={snapshot}", f"--file={folder / DUMP}"]
        dumping = _start("pg_dump", url, options, at_least=server)
        try:
            tables = hash_tables(connection)
        except BaseException:
            # Left alone it would say that its snapshot is gone, and not why.
            dumping.kill()
            dumping.communicate()
            raise
        _end("pg_dump", dumping)
    (folder / DUMP).chmod(0o600)
    _copy_new(documents, folder / DOCUMENTS)
    manifest = Manifest(at.isoformat(), server, tables, _digests(folder))
    half = folder / f"{MANIFEST}.half"
    half.write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True), encoding="utf-8")
    half.rename(folder / MANIFEST)
    return manifest


def restore(url: str, folder: Path, *, documents: Path | None) -> Manifest:
    """Bring a backup back into an empty database and an empty directory, and compare every table and file.

    All of the database is there afterwards, or nothing. Owner of everything is who connects; of other roles, those of
    API and workers get their rights. Raises BackupRefused, psycopg.Error.
    """
    manifest = Manifest.read(folder)
    _require_same("files", manifest.files, _digests(folder))
    if documents is not None and documents.exists() and any(documents.iterdir()):
        raise BackupRefused(f"Thư mục {documents} không trống.", f"The directory {documents} is not empty.")
    with _connected(url) as connection:
        if connection.execute(_RELATIONS).fetchone() is not None:
            raise BackupRefused(
                "Cơ sở dữ liệu không trống; chỉ phục hồi vào một cơ sở dữ liệu mới.",
                "The database is not empty; a backup is brought back into a new one only.",
            )
        connection.execute(MAKE_ROLES)  # the policies name them
        if not _scalar(connection, _IS_OWNER):
            raise _hidden_from(connection)
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(folder / DUMP)]
    _end("pg_restore", _start("pg_restore", url, options, at_least=manifest.server))
    with _connected(url) as connection:
        _require_same("database", manifest.tables, hash_tables(connection))
        if _scalar(connection, "SELECT to_regprocedure('grant_rights()')") is not None:
            connection.execute("SELECT grant_rights()")
    if documents is not None:
        _copy_new(folder / DOCUMENTS, documents)
        _require_same(DOCUMENTS, _digests(folder / DOCUMENTS), _digests(documents))
    return manifest


def hash_tables(connection: psycopg.Connection[Any]) -> dict[str, TableHash]:
    """Hash every table, partitions by themselves; the connection reads one snapshot if it shall be of one instant."""
    tables = [(space, name) for space, name, is_table in connection.execute(_RELATIONS).fetchall() if is_table]
    hashes = {}
    for space, name in tables:
        found = connection.execute(_HASH.format(sql.Identifier(space), sql.Identifier(name))).fetchone()
        assert found is not None
        hashes[f"{space}.{name}"] = TableHash(*found)
    return hashes


def _connected(url: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    connection.execute(_ALIKE)
    connection.autocommit = False
    return connection


def _scalar(connection: psycopg.Connection[Any], statement: str) -> Any:
    found = connection.execute(sql.SQL(statement)).fetchone()
    assert found is not None
    return found[0]


def _hidden_from(connection: psycopg.Connection[Any], where: str = "") -> BackupRefused:
    name = _scalar(connection, "SELECT current_user")
    return BackupRefused(
        f"Chính sách dòng giấu bớt dòng với vai trò {name}{where}; hãy GRANT sotay_owner cho vai trò này, có INHERIT.",
        f"Row policies hide rows from the role {name}{where}; GRANT it sotay_owner, with INHERIT.",
    )


def _require_same(where: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> None:
    differing = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if differing:
        named = ", ".join(differing[:SHOWN])
        raise BackupRefused(
            f"Không khớp với lúc sao lưu ({where}, {len(differing)} chỗ): {named}.",
            f"Not as it was when it was backed up ({where}, {len(differing)} places): {named}.",
        )


def _copy_new(source: Path | None, target: Path) -> None:
    """Copy the files that the target lacks; one that goes meanwhile is passed over, and so is one being written."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if source is None:
        return
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        # The store writes `<key>#<number>` and renames it; keys themselves hold no such sign.
        if "#" in path.name or not path.is_file() or copy.exists():
            continue
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, copy)
        except FileNotFoundError:
            continue
        copy.chmod(0o600)


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and each != folder / MANIFEST):
        with path.open("rb") as file:
            digests[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _start(program: str, url: str, options: Sequence[str], *, at_least: int) -> subprocess.Popen[str]:
    """Start a program of PostgreSQL's; the password goes by the environment, since arguments are seen by everybody."""
    parts = conninfo_to_dict(url.replace("+psycopg", ""))
    password = parts.pop("password", None)
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    argv: list[str | Path] = [
        _find(program, at_least),
        *options,
        f"--dbname={make_conninfo('', **parts)}",
        "--no-password",
    ]
    return subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
        argv, env=os.environ | secret, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def _end(program: str, process: subprocess.Popen[str]) -> None:
    _, words = process.communicate()
    if process.returncode != 0:
        # Its errors only: their context may hold a row.
        said = " ".join(line for line in words.splitlines() if line.startswith(f"{program}: error:")) or program
        raise BackupRefused(f"{program} không làm được: {said}", f"{program} failed: {said}")


def _find(program: str, at_least: int) -> Path:
    on_path = shutil.which(program)
    places = [Path(on_path)] if on_path else []
    places += [programs.bin / program for programs in find_programs()]
    for place in places:
        try:
            answer = subprocess.run([place, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout  # noqa: S603 - PostgreSQL's own program
        except (OSError, subprocess.SubprocessError):
            continue
        major = re.search(r"\d+", answer)
        if major and int(major[0]) >= at_least:
            return place
    raise BackupRefused(
        f"Không tìm thấy {program} từ phiên bản {at_least}; hãy cài gói postgresql-client-{at_least}.",
        f"No {program} of version {at_least} or newer was found; install postgresql-client-{at_least}.",
    )
