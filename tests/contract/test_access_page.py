"""The access table as a page: every row and role, in both languages, nothing fetched from anywhere."""

import re

import pytest
from httpx import AsyncClient

from app.kernel.access_page import ROLES as SHOWN
from tests.contract.roles import OK, ROLES
from tests.contract.test_access import TABLE


def test_the_roles_are_those_that_are_asked_for() -> None:
    assert tuple(SHOWN) == ROLES


@pytest.mark.parametrize(
    ("language", "heading", "column"),
    [
        ("vi", "Ai được làm gì", "Sinh hoạt tạm thời tại chi bộ"),
        ("en", "Who may do what", "Secretary of a sister branch"),
    ],
)
async def test_the_page_shows_every_row_with_what_each_role_gets(
    language: str, heading: str, column: str, client: AsyncClient
) -> None:
    page = await client.get("/docs/access", headers={"Accept-Language": language})

    assert (page.status_code, page.headers["content-language"]) == (200, language)
    assert f"<h1>{heading}</h1>" in page.text
    assert f'<th scope="col">{column}</th>' in page.text
    rows = re.findall(r'<tr><th scope="row">.*?<code>(\w+)</code>.*?</tr>', page.text, re.DOTALL)
    shown = [
        (found[1], tuple(re.findall(r"<td[^>]*>([^<]+)</td>", found[2])))
        for found in re.finditer(r"<code>(\w+)</code>(.*?)</tr>", page.text, re.DOTALL)
    ]
    asked = [
        (row.operation, tuple("✓" if row.expected[role] == OK else str(row.expected[role]) for role in ROLES))
        for row in TABLE
    ]
    assert len(rows) == len(TABLE)
    assert sorted(shown) == sorted(asked)
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?://", page.text)


async def test_the_documentation_leads_to_it(client: AsyncClient) -> None:
    assert 'href="/docs/access"' in (await client.get("/docs")).text
