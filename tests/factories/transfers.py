"""Transfers as secretaries write them, and the steps that bring one to where a test begins."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from tests.factories.meetings import Json
from tests.factories.world import Person

LETTER: Json = {"kind": "permanent", "letter_number": "15-GTSHĐ", "letter_on": "2026-11-20"}
STAY: Json = {**LETTER, "kind": "temporary", "until": "2027-05-20"}


async def post_transfer(client: AsyncClient, person: Person, to: UUID | None, **changes: Any) -> Response:
    """Any: JSON. `to` None leaves the branch out."""
    body = LETTER | ({} if to is None else {"to_organisation_id": str(to)}) | changes
    return await client.post(f"/v1/members/{person.member_id}/transfers", json=body)


async def started(client: AsyncClient, person: Person, to: UUID | None, **changes: Any) -> str:
    answer = await post_transfer(client, person, to, **changes)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def step(client: AsyncClient, transfer_id: str, name: str, **body: Any) -> Response:
    return await client.post(f"/v1/transfers/{transfer_id}/{name}", json=body)


async def took(client: AsyncClient, transfer_id: str, name: str, **body: Any) -> Json:
    """Take a step that must succeed, and return the transfer as it then is."""
    answer = await step(client, transfer_id, name, **body)
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def moved(old: AsyncClient, new: AsyncClient, person: Person, to: UUID, on: str = "2026-11-22") -> Json:
    """A transfer that both branches have confirmed."""
    return await took(new, await started(old, person, to), "accept", received_on=on)
