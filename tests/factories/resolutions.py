"""Resolutions as organisers write them, and the steps that bring one to where a test begins."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from tests.factories.meetings import Json, SignedIn
from tests.factories.world import World

COMMENTS_UNTIL = "2026-12-04T12:30:00Z"
FIRST = "Hoàn thành thu đảng phí quý IV."
SECOND = "Vận động nhân dân hiến đất mở rộng đường thôn."
RESOLUTION: Json = {
    "title": "Nghị quyết lãnh đạo nhiệm vụ tháng 12",
    "paragraphs": [{"position": 1, "text": FIRST}, {"position": 2, "text": SECOND}],
}


def a_resolution(**changes: Any) -> Json:
    return RESOLUTION | changes


async def post_resolution(client: AsyncClient, organisation_id: UUID, **changes: Any) -> Response:
    return await client.post(f"/v1/organisations/{organisation_id}/resolutions", json=a_resolution(**changes))


async def drafted(client: AsyncClient, organisation_id: UUID, **changes: Any) -> Json:
    answer = await post_resolution(client, organisation_id, **changes)
    assert answer.status_code == 201, answer.text
    view: Json = answer.json()
    return view


async def step(client: AsyncClient, resolution_id: str, name: str, body: Json | None = None) -> Response:
    return await client.post(f"/v1/resolutions/{resolution_id}/{name}", json=body)


async def took(client: AsyncClient, resolution_id: str, name: str, body: Json | None = None) -> Json:
    """Take a step that must succeed, and return the resolution as it then is."""
    answer = await step(client, resolution_id, name, body)
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def opened(client: AsyncClient, organisation_id: UUID, **changes: Any) -> Json:
    draft = await drafted(client, organisation_id, **changes)
    return await took(client, draft["id"], "open", {"comments_until": COMMENTS_UNTIL})


async def closed(client: AsyncClient, organisation_id: UUID, **changes: Any) -> Json:
    view = await opened(client, organisation_id, **changes)
    return await took(client, view["id"], "close")


async def put_version(client: AsyncClient, resolution_id: str, **changes: Any) -> Response:
    """Write a new version as somebody who has just read the last one, and changes what is given."""
    seen = await client.get(f"/v1/resolutions/{resolution_id}")
    assert seen.status_code == 200, seen.text
    written = {name: seen.json()[name] for name in ("title", "meeting_id", "paragraphs")} | changes
    return await client.put(
        f"/v1/resolutions/{resolution_id}", json=written, headers={"If-Match": seen.headers["ETag"]}
    )


async def revised(client: AsyncClient, resolution_id: str, **changes: Any) -> Json:
    answer = await put_version(client, resolution_id, **changes)
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def post_comment(client: AsyncClient, resolution_id: str, **changes: Any) -> Response:
    body = {"version": 1, "body": "Đề nghị nêu rõ thời hạn.", **changes}
    return await client.post(f"/v1/resolutions/{resolution_id}/comments", json=body)


async def commented(client: AsyncClient, resolution_id: str, **changes: Any) -> Json:
    answer = await post_comment(client, resolution_id, **changes)
    assert answer.status_code == 201, answer.text
    view: Json = answer.json()
    return view


async def polled(client: AsyncClient, resolution_id: str) -> str:
    """Draft and open a poll on the resolution."""
    drafted_poll = await step(client, resolution_id, "polls", {"question": "Thông qua?", "secrecy": "open"})
    assert drafted_poll.status_code == 201, drafted_poll.text
    poll_id: str = drafted_poll.json()["id"]
    answer = await client.post(f"/v1/polls/{poll_id}/open")
    assert answer.status_code == 200, answer.text
    return poll_id


async def voted(signed_in: SignedIn, world: World, poll_id: str, choice: str) -> None:
    """Let everybody with a vote and a phone cast the same ballot, and close the poll."""
    for person in (world.secretary, world.minute_taker, world.member, world.away):
        answer = await signed_in(person).put(f"/v1/polls/{poll_id}/ballot", json={"choice": choice})
        assert answer.status_code == 200, answer.text
    answer = await signed_in(world.secretary).post(f"/v1/polls/{poll_id}/close")
    assert answer.status_code == 200, answer.text
