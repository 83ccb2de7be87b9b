"""The document's house style; what it says of each operation is checked by the contract tests."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.kernel.settings import Docs

Node = Any  # JSON


def nodes(node: Node) -> Iterator[dict[str, Node]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    if isinstance(node, list):
        for value in node:
            yield from nodes(value)


async def test_the_document_is_made_once_and_served(app: FastAPI, client: AsyncClient) -> None:
    served = await client.get("/openapi.json")

    assert served.status_code == 200
    assert served.json() == app.openapi()
    assert app.openapi() is app.openapi()


async def test_every_integer_has_a_format(app: FastAPI) -> None:
    integers = [node for node in nodes(app.openapi()) if node.get("type") == "integer"]

    assert len(integers) > 10
    assert [node for node in integers if node.get("format") not in {"int32", "int64"}] == []


async def test_every_error_is_a_problem(app: FastAPI) -> None:
    document = app.openapi()
    operations = [
        operation for path in document["paths"].values() for name, operation in path.items() if name != "parameters"
    ]

    assert "HTTPValidationError" not in document["components"]["schemas"]
    for operation in operations:
        assert "default" in operation["responses"], operation["operationId"]
        for status, response in operation["responses"].items():
            if status[0] in "45" or status == "default":
                assert list(response["content"]) == ["application/problem+json"], operation["operationId"]


async def test_the_documentation_asks_no_other_server(client: AsyncClient) -> None:
    page = await client.get("/docs")

    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "https://" not in page.text
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert (await client.get(asset)).status_code == 200, asset
    assert (await client.get("/docs/another.js")).status_code == 404


async def test_the_document_is_packed_once_for_all_who_ask(app: FastAPI, client: AsyncClient) -> None:
    packed = [await client.get("/openapi.json", headers={"Accept-Encoding": "gzip"}) for _ in range(2)]
    plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})

    assert {answer.headers["content-encoding"] for answer in packed} == {"gzip"}
    assert int(packed[0].headers["content-length"]) < len(plain.content) / 10
    assert "content-encoding" not in plain.headers
    assert {answer.headers["vary"] for answer in (*packed, plain)} == {"Accept-Encoding"}
    assert plain.json() == packed[1].json() == app.openapi()


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/access", "/docs/docs.js", "/docs/assets/swagger-ui.css", "/openapi.json"]
)
async def test_the_documentation_can_be_switched_off(path: str, app: FastAPI, client: AsyncClient) -> None:
    assert (await client.get(path)).status_code == 200
    app.state.settings = app.state.settings.model_copy(update={"docs": Docs.off})

    answer = await client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")
    assert (await client.get("/problems/path_not_found")).status_code == 200
