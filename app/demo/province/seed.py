"""Makes the province on an empty database: one transaction of COPY, then the seals, the statistics and the files."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg
from sqlalchemy import text

from app.demo.province.announcements import PAPER, Herald, file_papers
from app.demo.province.bare import bare
from app.demo.province.ledger import COLUMNS, Ledger
from app.demo.province.meetings import Clerk
from app.demo.province.people import Person
from app.demo.province.phones import Shop
from app.demo.province.resolutions import Drafter
from app.demo.province.shape import Shape
from app.demo.province.tree import Tree, grow
from app.demo.seed import OtherDataFound
from app.documents.store import DocumentStore
from app.kernel.clock import Clock
from app.kernel.db import PooledDatabase, transaction
from app.kernel.i18n import Text
from app.kernel.seals import seal_facts

ORGANISATIONS = Text(vi="Tổ chức, đảng viên", en="Organisations, members")
LIFE = Text(vi="Tài khoản, cuộc họp, nghị quyết", en="Accounts, meetings, resolutions")
ANNOUNCEMENTS = Text(vi="Thông báo của cấp ủy", en="Committees' announcements")
SEALS = Text(vi="Niêm phong nhật ký", en="Sealing the log")
INDEXES = Text(vi="Chỉ mục, khóa ngoại", en="Indexes, foreign keys")
STATISTICS = Text(vi="Thống kê bảng", en="Tables' statistics")
FILES = Text(vi="Tệp tài liệu", en="Documents' files")
STEPS = (ORGANISATIONS, LIFE, ANNOUNCEMENTS, INDEXES, STATISTICS, SEALS, FILES)

Report = Callable[[Text, int, int], None]
"""Told, of a step, how much is done of how much."""

FILES_AT_ONCE = 16


# As an approval does of one meeting.
_COUNT_ROLLS = """
UPDATE meetings AS m SET present_count = roll.present, expected_count = roll.expected
FROM (
    SELECT meeting_id, count(*) FILTER (WHERE attendance IN ('present', 'present_online', 'late')) AS present,
           count(*) FILTER (WHERE attendance <> 'exempt' OR (attendance IS NULL AND NOT is_exempt)) AS expected
    FROM roster_entries WHERE standing <> 'temporary_guest' GROUP BY meeting_id
) AS roll
WHERE roll.meeting_id = m.id AND m.status IN ('minutes_approved', 'published')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody to sign in as."""

    phone: str
    full_name: str
    role: Text
    organisation_id: UUID


async def seed_province(
    url: str, shape: Shape, *, password_hash: str, store: DocumentStore, clock: Clock, report: Report
) -> list[Account]:
    """Write the province, and return whom one can sign in as, with the password of `password_hash`.

    Raises OtherDataFound where the database has any organisation: nothing was written then. An interruption before the
    seals leaves nothing; after that the worker seals what waits.
    """
    tree = await asyncio.to_thread(_load, url, shape, password_hash, report)
    database = PooledDatabase(url, clock=clock, pool_size=1, statement_timeout_ms=0)
    try:
        await _seal(database, report)
        await _store_files(database, store, report)
    finally:
        await database.close()
    return list(_accounts(tree))


def _load(url: str, shape: Shape, password_hash: str, report: Report) -> Tree:
    chance = random.Random(shape.seed)  # noqa: S311 invented people, the same ones every time
    with psycopg.connect(url.replace("+psycopg", ""), options="-c statement_timeout=0 -c timezone=UTC") as connection:
        # Nobody may found an organisation meanwhile; readers go on.
        connection.execute("LOCK TABLE organisations IN SHARE ROW EXCLUSIVE MODE")
        if connection.execute("SELECT FROM organisations LIMIT 1").fetchone() is not None:
            raise OtherDataFound
        connection.execute("SELECT ensure_month_partitions(%s::date, %s)", [shape.begins_on, len(shape.months) + 3])
        with (
            bare(connection, COLUMNS, advance=lambda done, total: report(INDEXES, done, total)),
            Ledger(connection, chance) as ledger,
        ):
            tree = grow(ledger, shape, chance, advance=_counting(ledger, report, ORGANISATIONS, shape.branches))
            shop = Shop(ledger, shape, chance, password_hash=password_hash)
            clerk = Clerk(ledger, shape, chance, file_papers(ledger, shape, tree))
            drafter, herald = Drafter(ledger, shape, chance), Herald(ledger, shape, chance)
            advance = _counting(ledger, report, LIFE, shape.branches)
            officers = {place.officer for place in (tree.province, *tree.communes)}
            shown = {tree.administrator, tree.auditor, tree.branches[-1].people[-1], *officers}
            for branch in tree.branches:
                for person in branch.people:
                    shop.equip(person, always=person is branch.secretary or person in shown)
                drafter.decide(branch, clerk.hold(branch))
                herald.enter(branch)
                advance()
            herald.announce(tree, advance=_counting(ledger, report, ANNOUNCEMENTS, len(tree.communes) + 1))
        connection.execute(_COUNT_ROLLS)
        connection.commit()
        connection.autocommit = True
        report(STATISTICS, 0, 1)
        connection.execute("VACUUM ANALYZE")
        report(STATISTICS, 1, 1)
    return tree


def _counting(ledger: Ledger, report: Report, step: Text, total: int) -> Callable[[], None]:
    """Return what is called when one of `total` parts of a step is written whole."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        ledger.rest()
        report(step, done, total)

    report(step, 0, total)
    return advance


async def _seal(database: PooledDatabase, report: Report) -> None:
    async with database.session() as session:
        total = await session.scalar(text("SELECT count(*) FROM unsealed_events")) or 0
    done, sealed = 0, 1
    while sealed:
        async with transaction(database) as session:
            sealed = await seal_facts(session)
        done += sealed
        report(SEALS, done, total)


async def _store_files(database: PooledDatabase, store: DocumentStore, report: Report) -> None:
    async with database.session() as session:
        keys = (await session.scalars(text("SELECT storage_key FROM documents ORDER BY id"))).all()
    for first in range(0, len(keys), FILES_AT_ONCE):
        some = keys[first : first + FILES_AT_ONCE]
        await asyncio.gather(*(store.write(key, PAPER) for key in some))
        report(FILES, first + len(some), len(keys))


def _accounts(tree: Tree) -> list[Account]:
    branch = tree.branches[-1]
    commune = branch.commune
    people: tuple[tuple[Person | None, Text, str], ...] = (
        (tree.province.officer, Text(vi="cán bộ tỉnh ủy", en="officer of the province"), tree.province.id),
        (commune.officer, Text(vi="cán bộ đảng ủy xã", en="officer of a commune"), commune.id),
        (branch.secretary, Text(vi="bí thư chi bộ", en="secretary of a branch"), branch.id),
        (branch.people[-1], Text(vi="đảng viên", en="member"), branch.id),
        (tree.administrator, Text(vi="quản trị", en="administrator"), tree.province.id),
        (tree.auditor, Text(vi="kiểm tra", en="auditor"), tree.province.id),
    )
    return [
        Account(phone=person.phone, full_name=person.full_name, role=role, organisation_id=UUID(where))
        for person, role, where in people
        if person is not None and person.phone is not None and person.account is not None
    ]
