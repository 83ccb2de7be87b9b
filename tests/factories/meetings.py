"""Meetings as organisers write them, and the steps that bring one to where a test begins."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response
from sqlalchemy import text

from app.kernel.db import Database
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
Json = dict[str, Any]  # Any: JSON

STARTS_AT = "2026-12-04T12:30:00Z"
"""Friday, 19:30 in Hà Nội and 13:30 in Berlin; twelve days after the clock's beginning."""

MEETING: Json = {
    "kind": "regular",
    "title": "Sinh hoạt chi bộ thường kỳ tháng 12",
    "starts_at": STARTS_AT,
    "ends_at": "2026-12-04T14:00:00Z",
    "time_zone": "Asia/Ho_Chi_Minh",
    "place": "Nhà văn hóa thôn Đông",
    "online_url": "https://hop.example.vn/dong",
    "agenda": [{"position": 1, "title": "Đánh giá tháng 11", "minutes": 30}],
}


def a_meeting(**changes: Any) -> Json:
    """The usual meeting with some fields changed; one changed to `...` is left out."""
    return {name: value for name, value in {**MEETING, **changes}.items() if value is not ...}


async def post_draft(client: AsyncClient, organisation_id: UUID, **changes: Any) -> Response:
    return await client.post(f"/v1/organisations/{organisation_id}/meetings", json=a_meeting(**changes))


async def drafted(client: AsyncClient, organisation_id: UUID, **changes: Any) -> str:
    answer = await post_draft(client, organisation_id, **changes)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def took(client: AsyncClient, meeting_id: str, step: str, body: Json | None = None) -> Json:
    """Take a step that must succeed, and return the meeting as it then is."""
    answer = await client.post(f"/v1/meetings/{meeting_id}/{step}", json=body)
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def announced(client: AsyncClient, organisation_id: UUID, **changes: Any) -> str:
    meeting_id = await drafted(client, organisation_id, **changes)
    await took(client, meeting_id, "announce")
    return meeting_id


async def put_meeting(client: AsyncClient, meeting_id: str, **changes: Any) -> Response:
    """Rewrite the meeting as somebody who has just read it, and changes what is given; `...` leaves a field out."""
    seen = await client.get(f"/v1/meetings/{meeting_id}")
    assert seen.status_code == 200, seen.text
    written = {name: value for name, value in seen.json().items() if name in MEETING} | changes
    return await client.put(
        f"/v1/meetings/{meeting_id}",
        json={name: value for name, value in written.items() if value is not ...},
        headers={"If-Match": seen.headers["ETag"]},
    )


async def said(client: AsyncClient, meeting_id: str, reply: str, reason: str | None = None) -> Response:
    return await client.put(f"/v1/meetings/{meeting_id}/reply", json={"reply": reply, "reason": reason})


async def inbox(client: AsyncClient, **headers: str) -> list[Json]:
    answer = await client.get("/v1/me/notifications?limit=100", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def set_status(database: Database, meeting_id: str, status: str) -> None:
    """Put a meeting into a state that no command of this release reaches."""
    async with database.session() as session:
        await session.execute(
            text("UPDATE meetings SET status = :status WHERE id = CAST(:id AS uuid)"),
            {"status": status, "id": meeting_id},
        )
        await session.commit()


def phones_of(world: World) -> set[str]:
    """The push tokens of branch A."""
    return {person.push_token for person in world.branch_members if person.phone}


def awake_phones_of(world: World) -> set[str]:
    """Those of them where it is day at the clock's beginning: Berlin sleeps."""
    return phones_of(world) - {world.away.push_token}
