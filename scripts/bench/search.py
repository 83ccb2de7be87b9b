"""Searches 100,000 documents as people do, and prints how long the real query takes beside a plain ILIKE.

On an embedded PostgreSQL of its own, thrown away afterwards. Figures move from machine to machine and with what else
runs there, so the load and the processor's time are printed too; what counts is p95 below 50 ms, and the ratio.
"""

import asyncio
import contextlib
import os
import random
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.documents.search.queries import DocumentFilter, list_documents
from app.documents.words import joined, words_of
from app.kernel.db import PooledDatabase, Session
from app.kernel.ids import new_id
from app.kernel.migrating import migrate
from app.kernel.pagination import PageRequest
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.security import Actor, HeldPost, PostKind
from app.members.names import search_key

DOCUMENTS = 100_000
QUERIES = 300
PLAIN_QUERIES = 10
PLAIN_TIMEOUT_MS = 5_000
COMMUNES, BRANCHES = 50, 10
WORDS_A_TEXT = (200, 400)
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
STATEMENT_TIMEOUT_MS = 2_000
COUNTED = 100
FIRST_PAGE = PageRequest(limit=20, after=None)

KINDS = (
    "Nghị quyết",
    "Chỉ thị",
    "Kế hoạch",
    "Báo cáo",
    "Hướng dẫn",
    "Thông báo",
    "Quyết định",
    "Tờ trình",
    "Chương trình hành động",
    "Biên bản",
)
BODIES = ("Đảng ủy", "Chi ủy", "Ban Thường vụ", "Ban Chấp hành", "Đảng bộ xã", "Ủy ban Kiểm tra", "chi bộ thôn")
SUBJECTS = (
    "xây dựng nông thôn mới",
    "chuyển đổi số",
    "công tác phát triển đảng viên",
    "sinh hoạt chi bộ thường kỳ",
    "thu nộp đảng phí",
    "kiểm tra, giám sát",
    "học tập và làm theo tư tưởng, đạo đức, phong cách Hồ Chí Minh",
    "phòng, chống tham nhũng, lãng phí",
    "bảo vệ môi trường",
    "đại hội chi bộ nhiệm kỳ 2025-2027",
    "chăm sóc đồng chí cao tuổi",
    "thủy lợi nội đồng",
    "giảm nghèo bền vững",
    "an ninh trật tự",
    "đất đai và giải phóng mặt bằng",
    "giáo dục và khuyến học",
)
PLACES = ("Yên Mô", "Yên Thắng", "Kim Sơn", "Gia Viễn", "Nho Quan", "Hoa Lư", "Tam Điệp", "Khánh Thiện", "Đồng Phong")
ONSETS = "b c ch d đ g gh gi h k kh l m n ng nh p ph qu r s t th tr v x"
RIMES = (
    "a ai am an ang anh ao au ay ăn ăng âm ân ât âu e em en eo ê ên êu i ich iêm iên iêu inh o oa oan oi on ong ô ôi "
    "ông ơ ơi u ui un ung uôn uy uyên ư ưng ương"
)
TONES = ("", "\N{COMBINING GRAVE ACCENT}", "\N{COMBINING ACUTE ACCENT}", "\N{COMBINING DOT BELOW}")
HARDEST = (
    "a",
    "đ",
    "?!",
    "của",
    "cua",
    "nghi quyet",
    "cong tac dang",
    "của đảng về",
    "dang bo xa va",
    "nghi quyet bao cao to trinh",
    "dan dai dao dang",
    "khong co tu nay",
    "đảng ủy của chi bộ xã về công tác xây dựng và phát triển nông thôn mới trong năm số tháng " * 2,
    "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 3,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A branch or committee with its path."""

    id: UUID
    path: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A province, its communes, their branches; a member who uploaded all, and who searches."""

    places: tuple[Place, ...]
    readers: dict[str, Actor]
    uploader: UUID


Row = tuple[UUID, UUID, str, str, str, str]
"""A document: id, organisation, visibility, title, the title's words, and the words of title and text."""


def make_tree() -> Tree:
    root = uuid4()
    province = Place(root, (root,))
    communes = [Place(made, (province.id, made)) for made in (uuid4() for _ in range(COMMUNES))]
    branches = [
        Place(made, (*commune.path, made)) for commune in communes for made in (uuid4() for _ in range(BRANCHES))
    ]
    uploader = uuid4()
    readers = {
        "member of a branch": _reader(branches[0], None),
        "officer of a commune": _reader(branches[0], communes[0]),
        "officer of the province": _reader(branches[0], province),
    }
    return Tree((province, *communes, *branches), readers, uploader)


def _reader(home: Place, office: Place | None) -> Actor:
    posts = (HeldPost(PostKind.committee_officer, office.id),) if office else ()
    return Actor(
        account_id=uuid4(),
        session_id=uuid4(),
        member_id=uuid4(),
        organisation_id=home.id,
        path=home.path,
        posts=posts,
        time_zone="Asia/Ho_Chi_Minh",
    )


class Writer:
    """Makes up titles and texts in which a syllable's share falls with its rank (Zipf): the first stand everywhere."""

    def __init__(self, rng: random.Random) -> None:
        """Choose the order of the vocabulary: the titles' syllables are the frequent ones, then come all others."""
        of_titles = words_of(" ".join((*KINDS, *BODIES, *SUBJECTS, *PLACES)))
        others = [
            nfc(onset + rime[0] + tone + rime[1:])
            for onset in ONSETS.split()
            for rime in RIMES.split()
            for tone in TONES
        ]
        rng.shuffle(others)
        self._rng = rng
        self._syllables = list(dict.fromkeys([*of_titles, *others]))
        self._shares = list(accumulate(1 / rank for rank in range(1, len(self._syllables) + 1)))

    def title(self) -> str:
        rng = self._rng
        kind, body, subject, place = (rng.choice(some) for some in (KINDS, BODIES, SUBJECTS, PLACES))
        hamlet = " ".join(rng.choices(self._syllables, k=2)).title()
        return (
            f"{kind} số {rng.randint(1, 400)} của {body} {place} về {subject} thôn {hamlet} tháng {rng.randint(1, 12)}"
        )

    def text(self) -> str:
        length = self._rng.randint(*WORDS_A_TEXT)
        return " ".join(self._rng.choices(self._syllables, cum_weights=self._shares, k=length))


def load(url: str, tree: Tree, rows: Iterable[Row]) -> None:
    """Write organisations, one member and the documents; indexes are made at the end, as a restore would."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        for depth, kind in ((1, "province"), (2, "commune"), (3, "branch")):
            for place in tree.places:
                if len(place.path) == depth:
                    connection.execute(
                        "INSERT INTO organisations (id, parent_id, path, kind, name, time_zone, valid_from, created_at)"
                        " VALUES (%s, %s, %s, %s, %s, 'Asia/Ho_Chi_Minh', %s, %s)",
                        (place.id, (None, *place.path)[-2], list(place.path), kind, kind, date(2025, 7, 1), NOW),
                    )
        home = tree.places[-1].id
        connection.execute(
            "INSERT INTO members"
            " (id, organisation_id, full_name, sort_key, search_key, admitted_on, version, created_at)"
            " VALUES (%s, %s, 'Lê Văn Cường', 'cuong', 'le van cuong', %s, 1, %s)",
            (tree.uploader, home, date(2000, 5, 19), NOW),
        )
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'documents' AND indexdef LIKE '%USING gin%'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.execute(
            "CREATE UNLOGGED TABLE plain (id uuid, place uuid, visibility text, title text, words text, body text)"
        )
        with connection.cursor().copy("COPY plain FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute(
            """
            INSERT INTO documents (id, organisation_id, uploaded_by, uploaded_at, title, title_words, file_name,
                media_type, size_bytes, sha256, storage_key, visibility, text_state, body_exact, body_folded)
            SELECT id, place, %s, %s, title, words, 'nghi-quyet.pdf', 'application/pdf', 1024, repeat('0', 64),
                replace(id::text, '-', ''), visibility, 'read', document_vector(body),
                document_vector(document_fold(body))
            FROM plain
            """,
            (tree.uploader, NOW),
        )
        connection.execute(
            "INSERT INTO document_title_words"
            " SELECT DISTINCT unnest(string_to_array(document_fold(title_words), ' ')) FROM documents"
        )
        for _, definition in indexes:
            connection.execute(definition)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def make_rows(tree: Tree, rng: random.Random) -> Iterator[Row]:
    """One document in a hundred is the province's, one in ten a commune's, the others are the branches'."""
    writer = Writer(rng)
    communes, branches = tree.places[1 : 1 + COMMUNES], tree.places[1 + COMMUNES :]
    for number in range(DOCUMENTS):
        place = tree.places[0] if number % 100 == 0 else rng.choice(communes if number % 10 == 0 else branches)
        title = writer.title()
        visibility = "organisation" if number % 20 else "committee"
        at = NOW - timedelta(minutes=DOCUMENTS - number)
        yield new_id(at), place.id, visibility, title, joined(title), f"{joined(title)} {writer.text()}"


def make_queries(rng: random.Random, rows: Sequence[Row]) -> list[str]:
    """Two to four words that follow each other: two of three from titles, half without accents, one of six mistyped."""
    queries = []
    for number in range(QUERIES):
        row = rng.choice(rows)
        words = (row[5] if number % 3 == 0 else row[4]).split()
        length = rng.randint(2, 4)
        at = rng.randrange(len(words) - length)
        query = " ".join(words[at : at + length])
        if number % 2:
            query = search_key(query)
        if number % 6 == 1:
            lost = rng.randrange(len(query))
            query = query[:lost] + query[lost + 1 :]
        queries.append(query)
    return queries


def nfc(syllable: str) -> str:
    return unicodedata.normalize("NFC", syllable)


def processor_ms(*processes: int) -> float:
    """Return the milliseconds the processes have had a processor for; Linux only."""
    return sum(int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) for process in processes) / 1e6


def figures(taken: Sequence[float]) -> str:
    cuts = statistics.quantiles(taken, n=100)
    return f"p50 {statistics.median(taken):7.1f}  p95 {cuts[94]:7.1f}  max {max(taken):7.1f} ms"


async def search_as(session: Session, reader: Actor, queries: Sequence[str]) -> list[float]:
    """Search for the first page of each, print how long it took, and return the milliseconds of each."""
    processes = (os.getpid(), await session.scalar(text("SELECT pg_backend_pid()")))
    taken, busy, shown = [], [], 0
    for query in queries:
        begun, used = time.perf_counter(), processor_ms(*processes)
        page = await list_documents(session, reader, q=query, wanted=DocumentFilter(), paging=FIRST_PAGE)
        taken.append((time.perf_counter() - begun) * 1_000)
        busy.append(processor_ms(*processes) - used)
        shown += bool(page.items)
        await session.rollback()
    load = "/".join(f"{load:.1f}" for load in os.getloadavg()[:2])
    print(f"    time      {figures(taken)}   ({shown} of {len(queries)} found something; load {load})")
    print(f"    processor {figures(busy)}")
    slowest = sorted(zip(taken, queries, strict=True), reverse=True)[:3]
    print("    slowest   " + " · ".join(f"{query[:40]} {ms:.0f}" for ms, query in slowest))
    return taken


async def count_hits(session: Session, queries: Sequence[str]) -> list[int]:
    """Return how many of all documents hold all the words, whatever their accents."""
    count = text("SELECT count(*) FROM documents WHERE body_folded @@ document_query(document_fold(:words))")
    await session.execute(text("SET LOCAL enable_seqscan = off"))
    hits = [(await session.execute(count, {"words": joined(query)})).scalar_one() for query in queries]
    await session.rollback()
    return hits


async def search_plainly(session: Session, queries: Sequence[str]) -> list[float]:
    """Do the same with ILIKE, which finds accents as typed only; one that is cut off counts as long as it was let."""
    taken = []
    for query in queries:
        await session.execute(text(f"SET LOCAL statement_timeout = {PLAIN_TIMEOUT_MS}"))
        begun = time.perf_counter()
        with contextlib.suppress(OperationalError):
            await session.execute(
                text("SELECT id FROM plain WHERE body ILIKE :like ORDER BY id DESC LIMIT 21"), {"like": f"%{query}%"}
            )
        taken.append((time.perf_counter() - begun) * 1_000)
        await session.rollback()
    return taken


async def measure(url: str, tree: Tree, queries: Sequence[str]) -> None:
    database = PooledDatabase(url, clock=lambda: NOW, pool_size=1, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    async with database.session() as session:
        hits = await count_hits(session, queries[:COUNTED])
        print(f"hits of a query among all documents: median {statistics.median(hits):.0f}, most {max(hits)}")
        everyone: list[float] = []
        for name, reader in tree.readers.items():
            print(f"{name}, the hardest")
            await search_as(session, reader, HARDEST)
            print(f"{name}, as people search")
            everyone += await search_as(session, reader, queries)
        plain = await search_plainly(session, queries[:PLAIN_QUERIES])
        print(f"plain ILIKE\n    time      {figures(plain)}")
        print(f"ratio of the medians: {statistics.median(plain) / statistics.median(everyone):.0f}")
    await database.close()


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sotay-bench-") as home:
        server = EmbeddedPostgres(Path(home), durable=False)
        server.start()
        try:
            await asyncio.to_thread(migrate, server.url)
            rng, tree = random.Random(20261122), make_tree()  # noqa: S311 made-up texts, the same in each run
            begun = time.perf_counter()
            rows = list(make_rows(tree, rng))
            await asyncio.to_thread(load, server.url, tree, rows)
            print(f"{DOCUMENTS} documents written and indexed in {time.perf_counter() - begun:.0f} s")
            await measure(server.url, tree, make_queries(rng, rows))
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main())
