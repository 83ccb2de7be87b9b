"""Search: without accents, exact accents first, title before text, and the text inside files."""

from collections.abc import Callable

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.documents.search.queries import FEW_PLACES
from app.documents.words import distinct, words_of
from tests.conftest import RolledBackDatabase
from tests.documents.asking import titles, uploaded
from tests.factories.files import SENTENCE, a_docx, a_pdf, an_xlsx
from tests.factories.world import Person, World
from tests.worker import JobRunner

SignedIn = Callable[[Person], AsyncClient]

MANY_BRANCHES = text("""
INSERT INTO organisations (id, parent_id, path, kind, name, time_zone, valid_from, created_at)
SELECT made.id, parent_id, trim_array(path, 1) || made.id, kind, 'Chi bộ', time_zone, valid_from, created_at
FROM organisations, (SELECT gen_random_uuid() AS id FROM generate_series(1, :count)) AS made
WHERE organisations.id = :branch
""")


async def test_words_without_accents_find_those_with_them(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    for title in ("Nghị quyết Đảng ủy", "Kế hoạch tháng 12", "NGHỊ QUYẾT ĐẢNG UỶ"):
        await uploaded(client, title=title)
    assert set(await titles(client, q="nghi quyet dang uy")) == {"Nghị quyết Đảng ủy", "NGHỊ QUYẾT ĐẢNG UỶ"}
    assert await titles(client, q="Nghị quyết Đảng ủy") == ["Nghị quyết Đảng ủy", "NGHỊ QUYẾT ĐẢNG UỶ"]
    assert set(await titles(client, q="đảng")) == {"Nghị quyết Đảng ủy", "NGHỊ QUYẾT ĐẢNG UỶ"}
    decomposed = "Nghi\u0323 quye\u0302\u0301t \u0110a\u0309ng u\u0309y"
    assert (await titles(client, q=decomposed))[0] == "Nghị quyết Đảng ủy"
    assert await titles(client, q="12") == ["Kế hoạch tháng 12"]
    assert await titles(client, q="?!") == []


async def test_as_written_comes_first_then_title_before_text_then_what_looks_alike(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    client = signed_in(world.secretary)
    await uploaded(client, title="Nghị quyết Đảng ủy")
    await uploaded(client, a_docx("nghị quyết đảng ủy"), "a.docx", title="Văn bản chữ có dấu")
    await uploaded(client, title="nghi quyet dang uy")
    await uploaded(client, a_docx("nghi quyet dang uy"), "b.docx", title="Văn bản chữ không dấu")
    await uploaded(client, title="Nghị quyêt Đang uy về chuyển đổi số")
    await uploaded(client, title="Nghi quyt dang uy")  # mistyped
    await jobs.run()
    with_accents = await titles(client, q="Nghị quyết Đảng ủy")
    assert with_accents[:2] == ["Nghị quyết Đảng ủy", "Văn bản chữ có dấu"]
    assert set(with_accents[2:4]) == {"nghi quyet dang uy", "Nghị quyêt Đang uy về chuyển đổi số"}
    assert with_accents[4:] == ["Văn bản chữ không dấu", "Nghi quyt dang uy"]
    without = await titles(client, q="nghi quyet dang uy")
    assert without[:2] == ["nghi quyet dang uy", "Văn bản chữ không dấu"]
    assert set(without[2:4]) == {"Nghị quyêt Đang uy về chuyển đổi số", "Nghị quyết Đảng ủy"}
    assert without[4:] == ["Văn bản chữ có dấu", "Nghi quyt dang uy"]


async def test_pages_of_a_search_hold_every_hit_once_in_its_order(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    client = signed_in(world.secretary)
    for number in range(2):
        await uploaded(client, title=f"Nghị quyết {number}")
        await uploaded(client, title=f"nghi quyet {number}")
        await uploaded(client, a_docx("nghị quyết"), "a.docx", title=f"Kế hoạch {number}")
    await jobs.run()
    whole = await titles(client, q="nghị quyết")
    assert len(whole) == 6
    assert await _paged(client, "nghị quyết", limit=1) == whole


async def test_officer_over_many_organisations_finds_the_same_in_the_same_order(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    client, officer = signed_in(world.secretary), signed_in(world.officer)
    for number in range(3):
        await uploaded(client, title=f"Nghị quyết {number}")
        await uploaded(client, title=f"nghi quyet {number}")
        await uploaded(client, a_docx("nghị quyết"), "a.docx", title=f"Kế hoạch {number}")
        await uploaded(client, title=f"Nghi quyt {number}")
    await jobs.run()
    searches = ("nghị quyết", "nghi quyet", "nghij quyet", "ke hoach", "khong co")
    wholes = [await titles(officer, q=q) for q in searches]
    assert [len(whole) for whole in wholes] == [12, 12, 9, 3, 0]
    async with database.session() as session:
        await session.execute(MANY_BRANCHES, {"count": FEW_PLACES, "branch": world.secretary.organisation_id})
        await session.commit()
    for q, whole in zip(searches, wholes, strict=True):
        assert await titles(officer, q=q) == whole, q
        for limit in (1, 2, 5):
            assert await _paged(officer, q, limit=limit) == whole, (q, limit)


async def _paged(client: AsyncClient, q: str, *, limit: int) -> list[str]:
    paged: list[str] = []
    query = {"q": q, "limit": str(limit)}
    while True:
        answer = (await client.get("/v1/documents", params=query)).json()
        paged += [item["title"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            return paged
        query["cursor"] = answer["next_cursor"]


async def test_word_begun_or_mistyped_finds_the_title(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    await uploaded(client, title="Nghị quyết Đảng ủy")
    for q in ("ngh", "nghi quy", "nghi quyt", "nghij quyet"):
        assert await titles(client, q=q) == ["Nghị quyết Đảng ủy"], q


@pytest.mark.parametrize(
    ("content", "name"),
    [(a_pdf(), "a.pdf"), (a_docx(), "a.docx"), (an_xlsx(), "a.xlsx")],
    ids=["pdf", "docx", "xlsx"],
)
async def test_text_inside_a_file_is_found_once_the_job_has_read_it(
    content: bytes, name: str, world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client, content, name, title="Văn bản số 7")
    assert document["text_state"] == "waiting"
    assert await titles(client, q="chuyen doi so yen mo") == []
    await jobs.run()
    assert await titles(client, q="chuyen doi so yen mo") == ["Văn bản số 7"]
    assert await titles(client, q=SENTENCE) == ["Văn bản số 7"]
    assert await titles(client, q="van ban chuyen doi") == ["Văn bản số 7"]  # one word of the title, one of the text
    assert (await client.get(f"/v1/documents/{document['id']}")).json()["text_state"] == "read"


async def test_search_finds_only_what_the_reader_may_read(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    secretary = signed_in(world.secretary)
    for visibility in ("organisation", "committee", "owner"):
        await uploaded(secretary, a_docx(), "a.docx", title=f"Nghị quyết {visibility}", visibility=visibility)
    await jobs.run()
    for q in ("nghị quyết", "nghi quyet", "yen mo", "nghi quyt"):
        assert len(await titles(secretary, q=q)) == 3, q
        assert await titles(signed_in(world.member), q=q) == ["Nghị quyết organisation"], q
        assert await titles(signed_in(world.stranger), q=q) == [], q


async def test_what_looks_like_syntax_is_only_words(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    await uploaded(client, title="Hướng dẫn 42-HD/BTCTW, o'clock \u0149 & (a | b) :*")
    for q in ("42-hd/btctw", "O'CLOCK", "\u0149", "a | b & !", "'", "\\", "b:*", "%", "42_hd"):
        answer = await client.get("/v1/documents", params={"q": q})
        assert answer.status_code == 200, q
    assert len(await titles(client, q="42-hd/btctw")) == 1
    assert len(await titles(client, q="\u0149")) == 1
    for q in ("a\0b", ""):
        assert (await client.get("/v1/documents", params={"q": q})).status_code == 422


def test_words_are_bounded_and_of_one_form() -> None:
    assert words_of("Đảng ỦY_xã ðông, 42-HD") == ["đảng", "ủy", "xã", "đông", "42", "hd"]
    assert words_of("a" * 300) == ["a" * 100]
    assert distinct("b a b") == "b a"
    assert len(distinct(" ".join(str(number) for number in range(200_000))).encode()) <= 500_000
