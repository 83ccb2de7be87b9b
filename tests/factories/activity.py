"""Entries of a member's own as tests write them, and the steps that bring one to where a test begins."""

from typing import Any

from httpx import AsyncClient, Response

from tests.factories.meetings import Json

ENTRY: Json = {
    "title": "Hiến đất làm đường thôn",
    "body": "Gia đình hiến 40 m² đất mở rộng đường trục thôn.",
    "occurred_on": "2026-11-20",
}


async def post_entry(client: AsyncClient, **changes: Any) -> Response:
    return await client.post("/v1/me/activity", json={**ENTRY, **changes})


async def entered(client: AsyncClient, **changes: Any) -> str:
    """Write an entry down, and return its id."""
    answer = await post_entry(client, **changes)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def put_entry(client: AsyncClient, entry_id: str, **changes: Any) -> Response:
    """Rewrite an entry as somebody who has just read it."""
    seen = await client.get(f"/v1/activity-entries/{entry_id}")
    assert seen.status_code == 200, seen.text
    return await client.put(
        f"/v1/activity-entries/{entry_id}", json={**ENTRY, **changes}, headers={"If-Match": seen.headers["ETag"]}
    )


async def delete_entry(client: AsyncClient, entry_id: str) -> Response:
    seen = await client.get(f"/v1/activity-entries/{entry_id}")
    assert seen.status_code == 200, seen.text
    return await client.delete(f"/v1/activity-entries/{entry_id}", headers={"If-Match": seen.headers["ETag"]})


async def confirm(client: AsyncClient, entry_id: str) -> Response:
    return await client.post(f"/v1/activity-entries/{entry_id}/confirm")


async def give_back(client: AsyncClient, entry_id: str, reason: str = "Đề nghị ghi rõ diện tích") -> Response:
    return await client.post(f"/v1/activity-entries/{entry_id}/return", json={"reason": reason})


async def my_activity(client: AsyncClient, query: str = "limit=100", **headers: str) -> list[Json]:
    answer = await client.get(f"/v1/me/activity?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items
