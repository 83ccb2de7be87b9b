"""Meetings in session: the roll as the secretary takes it, and codes as members scan them."""

from datetime import date
from uuid import UUID, uuid4

from httpx import AsyncClient, Response

from app.kernel.db import Database
from app.members.models import Standing, StandingKind
from tests.factories.meetings import Json, announced, took
from tests.factories.world import Person


async def begun(secretary: AsyncClient, organisation_id: UUID, body: Json | None = None, **changes: object) -> str:
    """A meeting that has just been opened."""
    meeting_id = await announced(secretary, organisation_id, **changes)
    await took(secretary, meeting_id, "start", body)
    return meeting_id


async def roll_of(client: AsyncClient, meeting_id: str) -> Json:
    answer = await client.get(f"/v1/meetings/{meeting_id}/roll")
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def put_roll(
    client: AsyncClient, meeting_id: str, *entries: tuple[Person, str], etag: str | None = None, note: str | None = None
) -> Response:
    """Enter attendance as an organiser who has just read the roll, or has read it long ago (`etag`)."""
    if etag is None:
        etag = (await client.get(f"/v1/meetings/{meeting_id}/roll")).headers["ETag"]
    written = [
        {"member_id": str(person.member_id), "attendance": attendance, "note": note} for person, attendance in entries
    ]
    return await client.put(f"/v1/meetings/{meeting_id}/roll", json={"entries": written}, headers={"If-Match": etag})


async def code_of(secretary: AsyncClient, meeting_id: str) -> str:
    """What the screen shows now."""
    answer = await secretary.get(f"/v1/meetings/{meeting_id}/check-in-code")
    assert answer.status_code == 200, answer.text
    code: str = answer.json()["code"]
    return code


async def scan(client: AsyncClient, meeting_id: str, code: str, **more: bool) -> Response:
    return await client.post(f"/v1/meetings/{meeting_id}/check-in", json={"code": code, **more})


async def give_standing(database: Database, person: Person, kind: StandingKind, organisation_id: UUID) -> None:
    """A standing besides the one the world gave."""
    async with database.session() as session:
        session.add(
            Standing(
                id=uuid4(),
                member_id=person.member_id,
                organisation_id=organisation_id,
                kind=kind,
                starts_on=date(2026, 1, 1),
            )
        )
        await session.commit()
