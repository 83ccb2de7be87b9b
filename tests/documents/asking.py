"""How the tests of documents upload and ask."""

from typing import Any

from httpx import AsyncClient, Response

from tests.factories.files import PNG_DOT

Json = dict[str, Any]  # Any: JSON


async def post_file(client: AsyncClient, content: bytes = PNG_DOT, name: str = "anh.png", **form: str) -> Response:
    """Send a file as a form does, declared as no secret unless the form says otherwise."""
    return await client.post(
        "/v1/documents",
        data={"not_secret": "true", **form},
        files={"file": (name, content, "application/octet-stream")},
    )


async def uploaded(client: AsyncClient, content: bytes = PNG_DOT, name: str = "anh.png", **form: str) -> Json:
    """Upload a file that must be taken, and return the document."""
    answer = await post_file(client, content, name, **form)
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


async def titles(client: AsyncClient, **query: str) -> list[str]:
    """The titles of a list, in its order."""
    answer = await client.get("/v1/documents", params=query)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]
