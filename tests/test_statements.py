"""What the lists cost: the same number of statements for two items as for twenty."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.documents import put_document
from tests.factories.meetings import SignedIn, announced, said, took
from tests.factories.world import World
from tests.worker import JobRunner

# Each with the columns that tell a copy from what it is a copy of.
COPIED = {
    "meetings": ("id",),
    "agenda_items": ("meeting_id",),
    "agenda_item_documents": ("meeting_id",),
    "meeting_replies": ("meeting_id",),
    "roster_entries": ("meeting_id",),
    "announcements": ("id",),
    "announcement_documents": ("announcement_id",),
    "announcement_receipts": ("announcement_id",),
    "notifications": ("id", "event_id"),
    "inbox_entries": ("notification_id",),
}


async def copy_everything(database: RolledBackDatabase, *, times: int) -> None:
    async with database.session() as session:
        for table, columns in COPIED.items():
            fresh = ", ".join(f"'{column}', md5(original.{column}::text || number)::uuid" for column in columns)
            await session.execute(
                text(
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(original, jsonb_build_object({fresh}))).*"
                    f" FROM {table} AS original, generate_series(1, :times) AS number"
                ),
                {"times": times},
            )
        await session.commit()


@contextmanager
def counting(engine: AsyncEngine) -> Iterator[Callable[[], int]]:
    statements: list[str] = []

    def note(_1: Any, _2: Any, statement: str, *_: Any) -> None:  # Any: SQLAlchemy's own
        if "SAVEPOINT" not in statement:  # what stands in a test for BEGIN and COMMIT
            statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield lambda: len(statements)
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def test_lists_ask_the_database_as_often_for_twenty_items_as_for_two(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, engine: AsyncEngine
) -> None:
    secretary = signed_in(world.secretary)
    async with database.session() as session:
        paper = str(await put_document(session, world.branch_a, world.secretary))
        await session.commit()
    for _ in range(2):
        agenda = [{"position": 1, "title": "Đánh giá tháng 11", "document_ids": [paper]}]
        meeting_id = await announced(secretary, world.branch_a, agenda=agenda)
        assert (await said(secretary, meeting_id, "attending")).status_code == 200
        announcement_id = await published(secretary, world.branch_a, document_ids=[paper])
        assert (await secretary.get(f"/v1/announcements/{announcement_id}")).status_code == 200
    await took(secretary, meeting_id, "start")
    await jobs.run()
    paths = (
        f"/v1/organisations/{world.branch_a}/meetings",
        f"/v1/organisations/{world.branch_a}/announcements",
    )

    async def cost(*, items: int) -> dict[str, int]:
        counts = {}
        for path in paths:
            with counting(engine) as count:
                answer = await secretary.get(f"{path}?limit=20")
                counts[path] = count()
            assert len(answer.json()["items"]) >= items, answer.text
        return counts

    few = await cost(items=2)
    await copy_everything(database, times=9)
    assert await cost(items=20) == few

    for person in (world.secretary, world.member):
        for path in ("/v1/me/meetings", "/v1/me/announcements", "/v1/me/notifications"):
            database.asked.clear()
            with counting(engine) as count:
                assert len((await signed_in(person).get(f"{path}?limit=20")).json()["items"]) == 20
            assert (count(), len(database.asked)) == (0, 1), path  # who asks, and the page
