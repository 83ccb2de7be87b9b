"""Every code has a page, in Vietnamese and in English, that needs nothing from elsewhere."""

import itertools
import re

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.kernel.problem_pages import ADVICE, answering, known

LANGUAGES = ("vi", "en")


async def test_no_code_is_without_its_page_in_either_language(app: FastAPI, client: AsyncClient) -> None:
    errors = known()
    assert len(errors) > 150
    operations = {code: list(answering(app, code)) for code in errors}
    for (code, error), language in itertools.product(errors.items(), LANGUAGES):
        page = await client.get(f"/problems/{code}", headers={"Accept-Language": language})

        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), code
        assert page.headers["content-language"] == language
        assert "Accept-Language" in page.headers["vary"]
        assert f'<html lang="{language}">' in page.text
        text = unescaped(page.text)
        first, second = (error.title.vi, error.title.en) if language == "vi" else (error.title.en, error.title.vi)
        assert 0 < text.index(f"<h1>{first}</h1>") < text.index(f">{second}</p>"), code
        assert f"HTTP {error.status}" in text
        assert (ADVICE[error.status].vi if language == "vi" else ADVICE[error.status].en) in text
        for operation in operations[code]:
            assert f"{operation.method} {operation.path}</code>" in text, (code, operation)


def unescaped(html: str) -> str:
    return html.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")


@pytest.mark.parametrize(("language", "heading"), [("vi", "Mã lỗi"), ("en", "Problem codes")])
async def test_the_index_leads_to_every_page(language: str, heading: str, client: AsyncClient) -> None:
    page = await client.get("/problems", headers={"Accept-Language": language})

    assert page.status_code == 200
    assert f"<h1>{heading}</h1>" in page.text
    assert set(re.findall(r'href="/problems/([a-z_0-9]+)"', page.text)) == set(known())


async def test_a_page_names_the_operations_that_answer_it_or_says_that_any_may(client: AsyncClient) -> None:
    phoneless = (await client.get("/problems/member_has_no_phone")).text
    anywhere = (await client.get("/problems/internal_error")).text

    assert re.findall(r"<code>([A-Z]+ [^<]+)</code>", phoneless) == ["POST /v1/members/{member_id}/activation-code"]
    assert "Có thể gặp ở bất kỳ địa chỉ nào." in anywhere
    assert "Có thể gặp ở bất kỳ địa chỉ nào." not in phoneless


async def test_pages_fetch_nothing_and_run_nothing(client: AsyncClient) -> None:
    for path in ("/problems", "/problems/token_invalid"):
        page = (await client.get(path)).text
        assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?://", page)


async def test_the_type_of_a_problem_is_the_address_of_its_page(client: AsyncClient) -> None:
    refused = await client.get("/v1/me")

    assert refused.json()["type"] == "/problems/token_invalid"
    assert (await client.get(refused.json()["type"])).status_code == 200


@pytest.mark.parametrize("code", ["nothing", "app_error", "..%2F..%2Fetc", "%00", "x" * 3000])
async def test_a_code_that_no_error_has_is_404(code: str, client: AsyncClient) -> None:
    answer = await client.get(f"/problems/{code}")

    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")


async def test_the_pages_are_no_operations_of_the_document(app: FastAPI) -> None:
    assert not [path for path in app.openapi()["paths"] if path.startswith("/problems")]
