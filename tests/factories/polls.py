"""Polls as organisers write them, and the steps that bring one to where a test begins."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from tests.factories.meetings import Json, SignedIn, announced
from tests.factories.world import Person, World

POLL: Json = {"question": "Thông qua nghị quyết tháng 12", "secrecy": "open"}


async def post_poll(client: AsyncClient, meeting_id: str, **changes: Any) -> Response:
    return await client.post(f"/v1/meetings/{meeting_id}/polls", json=POLL | changes)


async def drafted_poll(client: AsyncClient, organisation_id: UUID, **changes: Any) -> str:
    """Draft a poll in a meeting that is announced for it."""
    meeting_id = await announced(client, organisation_id)
    answer = await post_poll(client, meeting_id, **changes)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def stepped(client: AsyncClient, poll_id: str, step: str) -> Json:
    """Open or close a poll, which must succeed, and return it as it then is."""
    answer = await client.post(f"/v1/polls/{poll_id}/{step}")
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def opened_poll(client: AsyncClient, organisation_id: UUID, **changes: Any) -> str:
    poll_id = await drafted_poll(client, organisation_id, **changes)
    await stepped(client, poll_id, "open")
    return poll_id


async def cast(client: AsyncClient, poll_id: str, choice: str = "for") -> Response:
    return await client.put(f"/v1/polls/{poll_id}/ballot", json={"choice": choice})


async def raised(client: AsyncClient, poll_id: str, hands: dict[Person, str]) -> Response:
    votes = [{"member_id": str(person.member_id), "choice": choice} for person, choice in hands.items()]
    return await client.post(f"/v1/polls/{poll_id}/hand-votes", json={"votes": votes})


async def seen(client: AsyncClient, poll_id: str) -> Json:
    answer = await client.get(f"/v1/polls/{poll_id}")
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


def voters_of(world: World) -> tuple[Person, ...]:
    """The official members of branch A who have a phone."""
    return (world.secretary, world.minute_taker, world.member, world.away)


async def all_cast(signed_in: SignedIn, world: World, poll_id: str, choice: str = "for") -> None:
    for person in voters_of(world):
        answer = await cast(signed_in(person), poll_id, choice)
        assert answer.status_code == 200, answer.text
