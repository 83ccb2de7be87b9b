"""Meetings that are over, and their minutes as organisers bring them along."""

from datetime import date
from uuid import UUID

import pypdfium2
from httpx import AsyncClient, Response

from app.kernel.db import Database
from app.meetings.models import MeetingTask, TaskStatus
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, took
from tests.factories.rolls import begun, put_roll
from tests.factories.world import Person, World

HELD_FOR = {"minutes": 95}


async def over(
    world: World,
    signed_in: SignedIn,
    clock: FakeClock,
    *,
    poll: bool = False,
    chair: Person | None = None,
    named: Person | None = None,
    **changes: object,
) -> str:
    """A meeting of branch A that has ended: secretary and member there, the minute-taker late, three not.

    The secretary took the chair and the minute-taker the minutes, unless others are named.
    """
    secretary = signed_in(world.secretary)
    chosen = {
        "chair_id": str((chair or world.secretary).member_id),
        "minute_taker_id": str((named or world.minute_taker).member_id),
    }
    meeting_id = await begun(secretary, world.branch_a, chosen, **changes)
    entered = await put_roll(
        secretary,
        meeting_id,
        (world.secretary, "present"),
        (world.member, "present_online"),
        (world.minute_taker, "late"),
        (world.away, "excused"),
        (world.probationary, "unexcused"),
        (world.phoneless, "exempt"),
    )
    assert entered.status_code == 200, entered.text
    if poll:
        await voted(world, signed_in, meeting_id)
    clock.advance(**HELD_FOR)
    await took(signed_in(world.secretary), meeting_id, "end")  # the token of the beginning has run out
    return meeting_id


async def voted(world: World, signed_in: SignedIn, meeting_id: str) -> None:
    """Three of the branch's five official members vote: two for, one against."""
    secretary = signed_in(world.secretary)
    made = await secretary.post(
        f"/v1/meetings/{meeting_id}/polls", json={"question": "Thông qua nghị quyết tháng 12", "secrecy": "open"}
    )
    assert made.status_code == 201, made.text
    path = f"/v1/polls/{made.json()['id']}"
    assert (await secretary.post(f"{path}/open")).status_code == 200
    for person, choice in ((world.secretary, "for"), (world.member, "for"), (world.minute_taker, "against")):
        cast = await signed_in(person).put(f"{path}/ballot", json={"choice": choice})
        assert cast.status_code in {200, 201}, cast.text
    assert (await secretary.post(f"{path}/close")).status_code == 200


async def give_task(database: Database, world: World, meeting_id: str, title: str = "Thu đảng phí quý IV") -> None:
    """A task of the meeting, as a row: the routes give none out once the minutes are approved."""
    async with database.session() as session:
        session.add(
            MeetingTask(
                id=session.new_id(),
                meeting_id=UUID(meeting_id),
                organisation_id=world.branch_a,
                title=title,
                assignee_id=world.member.member_id,
                due_on=date(2026, 12, 20),
                status=TaskStatus.open,
                created_by=world.secretary.member_id,
                created_at=session.now(),
            )
        )
        await session.commit()


async def minutes_of(client: AsyncClient, meeting_id: str) -> Json:
    answer = await client.get(f"/v1/meetings/{meeting_id}/minutes")
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def put_minutes(client: AsyncClient, meeting_id: str, *, etag: str | None = None, **body: object) -> Response:
    """Write the minutes as somebody who has just read them, or has read them long ago (`etag`)."""
    if etag is None:
        etag = (await client.get(f"/v1/meetings/{meeting_id}/minutes")).headers.get("ETag", '"1-0"')
    return await client.put(
        f"/v1/meetings/{meeting_id}/minutes", json={"sections": [], **body}, headers={"If-Match": etag}
    )


async def stepped(client: AsyncClient, meeting_id: str, *steps: str) -> Json:
    """Take steps of the minutes that must succeed, and return them as they then are."""
    view: Json = {}
    for step in steps:
        answer = await client.post(f"/v1/meetings/{meeting_id}/minutes/{step}")
        assert answer.status_code == 200, answer.text
        view = answer.json()
    return view


def text_of(content: bytes) -> str:
    """What is written on a PDF's pages, lines joined by single blanks."""
    document = pypdfium2.PdfDocument(content)
    pages = [document[place].get_textpage().get_text_range() for place in range(len(document))]
    document.close()
    return " ".join(" ".join(pages).split())
