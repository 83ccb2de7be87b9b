"""Conventions that are no operation's own; those of each operation: `test_every_operation.py`."""

import re

import pytest
from httpx import AsyncClient


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "dấu"])
async def test_malformed_request_id_is_replaced(client: AsyncClient, given: str) -> None:
    answer = await client.get("/healthz", headers={b"X-Request-Id": given.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/me/", "/v1/nothing", "/nothing", "/v1/meetings/%00/x/y"])
async def test_address_that_is_none_is_a_problem(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")


async def test_docs_name_only_what_this_server_serves(client: AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    named = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page.text)
    assert len(named) >= 4
    for address in named:
        answer = await client.get(address)
        assert answer.status_code == 200, address
    assert not re.search(r"""["'(](?:https?:)?//""", page.text)
