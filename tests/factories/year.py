"""A member's month in real steps: one thing of every kind that the log knows."""

from datetime import UTC, datetime
from uuid import UUID

from httpx import AsyncClient

from tests.factories.activity import confirm, entered
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, announced, said, took
from tests.factories.world import Person, World

POLL = "Thông qua dự thảo nghị quyết tháng 12"
SECRET_POLL = "Giới thiệu nhân sự chi ủy"
RESOLUTION = "Nghị quyết sinh hoạt tháng 12"
TASK = "Thu đảng phí quý IV"


async def live_december(world: World, signed_in: SignedIn, clock: FakeClock, *, choice: str = "for") -> None:
    """Let the member reply, comment, attend, vote twice, acknowledge, finish a task and write an entry.

    In this order; the clock goes an hour with each, from 1 December 2026, 08:00 in Hà Nội.
    """
    meeting = await announced(signed_in(world.secretary), world.branch_a, starts_at="2026-12-04T01:00:00Z", ends_at=...)
    clock.set(datetime(2026, 12, 1, 1, tzinfo=UTC))
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    assert (await said(member, meeting, "attending")).status_code == 200
    resolution = await _draft_for_comments(secretary, world.branch_a)
    clock.advance(hours=1)
    comment = {"version": 1, "body": "Nhất trí."}
    await _post(signed_in(world.member), f"/v1/resolutions/{resolution}/comments", comment)
    clock.set(datetime(2026, 12, 4, 1, tzinfo=UTC))
    await took(signed_in(world.secretary), meeting, "start")
    for question, secrecy in ((POLL, "open"), (SECRET_POLL, "secret")):
        clock.advance(hours=1)
        secretary, member = signed_in(world.secretary), signed_in(world.member)
        await _vote(secretary, meeting, member, question=question, secrecy=secrecy, choice=choice)
    await _take_roll(secretary, meeting, world.member)
    due = {"title": TASK, "assignee_id": str(world.member.member_id), "due_on": "2026-12-25"}
    task = await _post(secretary, f"/v1/meetings/{meeting}/tasks", due)
    clock.advance(hours=1)
    await took(signed_in(world.secretary), meeting, "end")
    announcement = await published(signed_in(world.officer), world.commune, needs_acknowledgement=True)
    answer = await signed_in(world.member).put(f"/v1/announcements/{announcement}/acknowledgement")
    assert answer.status_code in {200, 204}, answer.text
    clock.advance(hours=1)
    answer = await signed_in(world.member).put(f"/v1/tasks/{task['id']}/done", json={})
    assert answer.status_code == 200, answer.text
    clock.set(datetime(2026, 12, 5, 1, tzinfo=UTC))
    entry = await entered(signed_in(world.member), occurred_on="2026-12-05")
    assert (await confirm(signed_in(world.secretary), entry)).status_code == 200


async def _vote(
    organiser: AsyncClient, meeting: str, voter: AsyncClient, *, question: str, secrecy: str, choice: str
) -> None:
    """Let one member vote in a poll of a meeting, and close it."""
    poll = await _post(organiser, f"/v1/meetings/{meeting}/polls", {"question": question, "secrecy": secrecy})
    await _post(organiser, f"/v1/polls/{poll['id']}/open")
    answer = await voter.put(f"/v1/polls/{poll['id']}/ballot", json={"choice": choice})
    assert answer.status_code == 200, answer.text
    await _post(organiser, f"/v1/polls/{poll['id']}/close")


async def _draft_for_comments(organiser: AsyncClient, organisation_id: UUID) -> str:
    body = {"title": RESOLUTION, "paragraphs": [{"text": "Thu xong đảng phí."}]}
    draft = await _post(organiser, f"/v1/organisations/{organisation_id}/resolutions", body)
    identifier: str = draft["id"]
    await _post(organiser, f"/v1/resolutions/{identifier}/open", {"comments_until": "2026-12-03T01:00:00Z"})
    return identifier


async def _take_roll(organiser: AsyncClient, meeting: str, person: Person) -> None:
    address = f"/v1/meetings/{meeting}/roll"
    seen = await organiser.get(address)
    entry = {"member_id": str(person.member_id), "attendance": "late"}
    answer = await organiser.put(address, json={"entries": [entry]}, headers={"If-Match": seen.headers["ETag"]})
    assert answer.status_code == 200, answer.text


async def _post(client: AsyncClient, address: str, body: Json | None = None) -> Json:
    answer = await client.post(address, json=body)
    assert answer.status_code < 300, answer.text
    said: Json = answer.json()
    return said
