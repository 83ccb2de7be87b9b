"""The jobs around files: what cannot be read, what nobody names any more, and a bucket instead of a directory."""

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from obstore.exceptions import BaseError

from app.documents.contents import MediaType
from app.documents.extraction import MAX_CHARACTERS, extract
from app.documents.service import index_document
from app.documents.store import ContentMissing, DocumentStore
from app.documents.texts import read_text
from app.kernel.settings import Settings
from app.worker import sweep_files
from tests.conftest import RolledBackDatabase
from tests.documents.asking import post_file, titles, uploaded
from tests.documents.s3 import LoopbackS3
from tests.factories.files import a_docx, a_pdf, an_xlsx, with_entries
from tests.factories.world import Person, World
from tests.worker import JobRunner

SignedIn = Callable[[Person], AsyncClient]


async def test_file_that_cannot_be_read_is_noted_and_found_by_its_title(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    client = signed_in(world.secretary)
    broken = b"%PDF-1.7\nstartxref\n0\n%%EOF"  # what pdfium cannot repair
    empty = a_pdf("")
    states = {}
    for name, content in (("Hỏng", broken), ("Trắng", empty)):
        document = await uploaded(client, content, "a.pdf", title=name)
        await jobs.run()
        states[name] = (await client.get(f"/v1/documents/{document['id']}")).json()["text_state"]
    assert states == {"Hỏng": "unreadable", "Trắng": "none"}
    assert await titles(client, q="hong") == ["Hỏng"]


async def test_reading_is_cut_off_by_time_and_length() -> None:
    assert await read_text(a_pdf(), MediaType.pdf, seconds=0.01) is None
    assert await read_text(b"%PDF-1.7 broken", MediaType.pdf) is None
    assert await read_text(with_entries(a_docx(), ("word/document.xml", b"<a")), MediaType.docx) is None
    assert len(extract(a_docx("dài " * MAX_CHARACTERS), MediaType.docx)) <= MAX_CHARACTERS
    assert extract(an_xlsx("Nghị quyết", "12"), MediaType.xlsx) == "Nghị quyết\n12"
    assert "Biểu tổng hợp" in extract(a_docx(), MediaType.docx)
    assert "chuyển đổi số" in extract(a_pdf(), MediaType.pdf)


async def test_reading_a_deleted_document_or_lost_bytes_ends_quietly(
    world: World, signed_in: SignedIn, jobs: JobRunner, settings: Settings
) -> None:
    client = signed_in(world.secretary)
    gone = await uploaded(client, a_docx(), "a.docx")
    lost = await uploaded(client, a_docx(), "b.docx")
    await client.delete(f"/v1/documents/{gone['id']}", headers={"If-Match": '"1-0"'})
    for path in settings.documents_dir.iterdir():
        path.unlink()
    await jobs.run()
    assert (await client.get(f"/v1/documents/{lost['id']}")).json()["text_state"] == "unreadable"


async def test_store_that_is_down_leaves_the_document_waiting(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, settings: Settings
) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client, a_docx(), "a.docx")
    store = DocumentStore.open(None, directory=settings.documents_dir)
    for path in settings.documents_dir.iterdir():
        path.unlink()
    settings.documents_dir.rmdir()
    settings.documents_dir.touch()
    with pytest.raises(BaseError):
        await index_document(database, store, UUID(document["id"]))
    assert (await client.get(f"/v1/documents/{document['id']}")).json()["text_state"] == "waiting"


async def test_night_removes_what_no_document_names_after_a_day(
    world: World, signed_in: SignedIn, jobs: JobRunner, settings: Settings
) -> None:
    await uploaded(signed_in(world.secretary))
    directory = settings.documents_dir
    (kept,) = directory.iterdir()
    for name in ("old", "fresh"):
        (directory / name).write_bytes(b"x")
    days_ago = datetime(2026, 11, 20, tzinfo=UTC).timestamp()
    lately = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    os.utime(kept, (days_ago, days_ago))
    os.utime(directory / "old", (days_ago, days_ago))
    os.utime(directory / "fresh", (lately, lately))
    await sweep_files(jobs.office, 0)
    assert {path.name for path in directory.iterdir()} == {kept.name, "fresh"}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackS3]:
    # The environment is how an operator tells obstore of a bucket, so it is what the test sets.
    with LoopbackS3() as server:
        for name, value in {
            "AWS_ENDPOINT": server.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "khoa",
            "AWS_SECRET_ACCESS_KEY": "bi-mat",
        }.items():
            monkeypatch.setenv(name, value)
        yield server


async def test_bucket_takes_gives_lists_and_removes(bucket: LoopbackS3, settings: Settings) -> None:
    store = DocumentStore.open("s3://tai-lieu/so-tay", directory=settings.documents_dir)
    content = bytes(range(256)) * 1_000
    await store.write("k1", content)
    await store.write("k2", b"2")
    assert set(bucket.objects) == {"tai-lieu/so-tay/k1", "tai-lieu/so-tay/k2"}
    assert await store.read("k1") == content
    pieces = [piece async for piece in await store.stream("k1", start=10, end=200_010)]
    assert b"".join(pieces) == content[10:200_010]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert [sorted(keys) async for keys in store.older_than(tomorrow)] == [["k1", "k2"]]
    await store.remove("k1")
    await store.remove("k1")
    assert set(bucket.objects) == {"tai-lieu/so-tay/k2"}
    with pytest.raises(ContentMissing):
        await store.read("k1")
    with pytest.raises(ContentMissing):
        await store.stream("k1", start=0, end=1)


async def test_bucket_that_does_not_answer_is_503_after_a_while(
    bucket: LoopbackS3, app: FastAPI, world: World, signed_in: SignedIn, settings: Settings
) -> None:
    store = DocumentStore.open("s3://tai-lieu/so-tay", directory=settings.documents_dir, patience=0.2)
    app.state.documents = store
    client = signed_in(world.secretary)
    document = await uploaded(client)
    bucket.stand_still()
    async with asyncio.timeout(5):
        answers = (await client.get(f"/v1/documents/{document['id']}/content"), await post_file(client))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "document_content_unavailable")
        assert answer.headers["Retry-After"] == "60"
    assert len(await titles(client)) == 1
    with pytest.raises(TimeoutError):
        await store.remove("k1")
