"""Announcements as authors write them, and the steps that bring one to where a test begins."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from tests.factories.meetings import Json

ANNOUNCEMENT: Json = {
    "title": "Kế hoạch học tập chuyên đề",
    "body": "Các chi bộ học tập trước ngày 15.",
    "needs_acknowledgement": True,
}


def an_announcement(**changes: Any) -> Json:
    """The usual announcement with some fields changed."""
    return {**ANNOUNCEMENT, **changes}


async def post_announcement(client: AsyncClient, organisation_id: UUID, **changes: Any) -> Response:
    return await client.post(f"/v1/organisations/{organisation_id}/announcements", json=an_announcement(**changes))


async def drafted(client: AsyncClient, organisation_id: UUID, **changes: Any) -> str:
    answer = await post_announcement(client, organisation_id, **changes)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def publish(client: AsyncClient, announcement_id: str) -> Json:
    answer = await client.post(f"/v1/announcements/{announcement_id}/publish")
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def published(client: AsyncClient, organisation_id: UUID, **changes: Any) -> str:
    announcement_id = await drafted(client, organisation_id, **changes)
    await publish(client, announcement_id)
    return announcement_id


async def put_announcement(client: AsyncClient, announcement_id: str, **changes: Any) -> Response:
    """Rewrite it as somebody who has just read it."""
    seen = await client.get(f"/v1/announcements/{announcement_id}")
    assert seen.status_code == 200, seen.text
    return await client.put(
        f"/v1/announcements/{announcement_id}",
        json=an_announcement(**changes),
        headers={"If-Match": seen.headers["ETag"]},
    )


async def remove(client: AsyncClient, announcement_id: str) -> Response:
    seen = await client.get(f"/v1/announcements/{announcement_id}")
    assert seen.status_code == 200, seen.text
    return await client.delete(f"/v1/announcements/{announcement_id}", headers={"If-Match": seen.headers["ETag"]})


async def my_announcements(client: AsyncClient) -> list[Json]:
    answer = await client.get("/v1/me/announcements?limit=100")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items
