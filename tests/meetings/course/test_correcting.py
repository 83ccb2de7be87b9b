"""How a meeting ran is whatever was tapped, until an organiser sets it right; with the approval it stands."""

from datetime import UTC, datetime

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from tests.changes.phones import fresh
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import MEETING, SignedIn, announced, took
from tests.factories.minutes import minutes_of, put_minutes, stepped, text_of
from tests.factories.rolls import begun, roll_of
from tests.factories.world import Person, World

BEGAN, ENDED = "2026-11-22T01:00:00Z", "2026-11-22T02:35:00Z"
"""08:00 in Hà Nội, when the clock begins; 95 minutes later."""
BEGINNING, WHOLE = {"started_at": BEGAN}, {"started_at": BEGAN, "ended_at": ENDED}


async def put_course(
    client: AsyncClient,
    meeting_id: str,
    times: dict[str, str],
    *,
    chair: Person | None = None,
    minute_taker: Person | None = None,
    etag: str | None = None,
) -> Response:
    """Set the course right as somebody who has just read the meeting, or has read it long ago (`etag`)."""
    address = f"/v1/meetings/{meeting_id}"
    people = {"chair_id": chair, "minute_taker_id": minute_taker}
    body = {name: None if person is None else str(person.member_id) for name, person in people.items()}
    if etag is None:
        etag = (await client.get(address)).headers["ETag"]
    return await client.put(f"{address}/course", json={**body, **times}, headers={"If-Match": etag})


async def forgotten(world: World, signed_in: SignedIn, clock: FakeClock) -> str:
    """A meeting whose end was tapped 12.5 hours after its beginning."""
    meeting_id = await begun(signed_in(world.secretary), world.branch_a)
    clock.advance(minutes=750)
    await took(signed_in(world.secretary), meeting_id, "end")
    return meeting_id


async def test_end_that_was_forgotten_is_set_right_in_minutes_record_and_paper(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await forgotten(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    before = await minutes_of(secretary, meeting_id)
    assert before["elapsed_minutes"] == 750

    answer = await put_course(secretary, meeting_id, WHOLE, chair=world.minute_taker, minute_taker=world.probationary)

    assert answer.status_code == 200, answer.text
    view = answer.json()
    assert (view["started_at"], view["ended_at"], view["version"]) == (BEGAN, ENDED, 5)
    assert view["chair_id"] == str(world.minute_taker.member_id)
    minutes = await minutes_of(secretary, meeting_id)
    assert (minutes["elapsed_minutes"], minutes["publish_by"]) == (95, "2026-11-24T02:35:00Z")
    people = (minutes["chair"]["full_name"], minutes["minute_taker"]["full_name"])
    assert people == ("Trần Thị Bình", "Hoàng Thị Én")
    async with database.session() as session:
        fact = (
            await session.execute(text("SELECT data FROM events WHERE code = 'meetings.course_corrected'"))
        ).scalar_one()
        told = await session.execute(
            text("SELECT object_type, scope_id FROM changes WHERE object_type IN ('meeting', 'minutes')")
        )
        assert {(row.object_type, row.scope_id) for row in told} == {
            ("meeting", world.branch_a),
            ("minutes", world.branch_a),
        }
    assert (fact["version"], fact["ended_before"]) == (5, "2026-11-22T13:30:00Z")
    log = (await secretary.get(f"/v1/organisations/{world.branch_a}/activity")).json()["items"]
    assert f"Sửa diễn biến cuộc họp: {MEETING['title']}" in [item["summary"] for item in log]

    await stepped(secretary, meeting_id, "approve")
    assert (await minutes_of(secretary, meeting_id))["elapsed_minutes"] == 95
    paper = await secretary.get(f"/v1/meetings/{meeting_id}/minutes.pdf")
    assert "kết thúc vào hồi 09 giờ 35 phút cùng ngày; thời gian họp 95 phút." in text_of(paper.content)
    closed = await put_course(secretary, meeting_id, WHOLE)
    assert (closed.status_code, closed.json()["code"]) == (409, "course_closed")


async def test_whom_the_correction_names_writes_the_minutes_and_whom_it_leaves_out_no_more(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    """The minute-taker's tap on the beginning leaves the chair empty."""
    minute_taker = signed_in(world.minute_taker)
    meeting_id = await announced(minute_taker, world.branch_a)
    assert (await took(minute_taker, meeting_id, "start"))["chair_id"] is None
    during = await put_course(minute_taker, meeting_id, BEGINNING, chair=world.secretary, minute_taker=world.member)
    assert during.status_code == 200, during.text
    assert during.json()["status"] == "in_session"
    clock.advance(minutes=95)
    await took(signed_in(world.secretary), meeting_id, "end")
    assert (await put_minutes(signed_in(world.member), meeting_id, conclusion="Nhất trí.")).status_code == 200

    secretary = signed_in(world.secretary)
    named = await put_course(secretary, meeting_id, WHOLE, minute_taker=world.probationary)

    assert (named.json()["chair_id"], named.json()["minute_taker_id"]) == (None, str(world.probationary.member_id))
    written = await put_minutes(signed_in(world.probationary), meeting_id, conclusion="Giao chi ủy đôn đốc.")
    assert written.status_code == 200, written.text
    assert (await signed_in(world.member).get(f"/v1/meetings/{meeting_id}/minutes")).status_code == 404


async def test_meeting_opened_after_midnight_was_held_the_day_before_with_the_roster_and_rules_it_has(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await announced(
        signed_in(world.secretary), world.branch_a, starts_at="2026-12-31T12:30:00Z", ends_at=None
    )
    clock.set(datetime(2026, 12, 31, 17, 10, tzinfo=UTC))  # 00:10 of the new year in Hà Nội
    secretary = signed_in(world.secretary)
    opened = await took(secretary, meeting_id, "start")
    await took(secretary, meeting_id, "end")
    roster = (await roll_of(secretary, meeting_id))["entries"]
    held = {"started_at": "2026-12-31T12:30:00Z", "ended_at": "2026-12-31T14:05:00Z"}

    answer = await put_course(secretary, meeting_id, held)

    assert answer.status_code == 200, answer.text
    assert answer.json()["rule_set"] == opened["rule_set"]
    assert (await roll_of(secretary, meeting_id))["entries"] == roster
    # Not another day before that: the roster is of the day when it was opened.
    again = await put_course(secretary, meeting_id, {**held, "started_at": "2026-12-30T12:30:00Z"})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "other_day")
    await stepped(secretary, meeting_id, "approve")
    async with database.session() as session:
        assert await session.scalar(text("SELECT year FROM minutes")) == 2026


@pytest.mark.parametrize(
    ("times", "pointer", "code"),
    [
        ({"started_at": BEGAN}, "/ended_at", "missing"),
        ({"started_at": ENDED, "ended_at": ENDED}, "/ended_at", "ends_before_start"),
        ({"started_at": BEGAN, "ended_at": "2026-11-22T13:30:01Z"}, "/ended_at", "in_future"),
        ({"started_at": "9999-12-31T23:59:59Z", "ended_at": ENDED}, "/started_at", "in_future"),
        ({"started_at": "2026-11-20T16:59:59Z", "ended_at": ENDED}, "/started_at", "other_day"),
        ({"started_at": "0001-01-01T00:00:00Z", "ended_at": ENDED}, "/started_at", "other_day"),
    ],
)
async def test_course_that_cannot_have_been_is_refused_by_its_field(
    times: dict[str, str], pointer: str, code: str, world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await forgotten(world, signed_in, clock)
    answer = await put_course(signed_in(world.secretary), meeting_id, times)
    assert (answer.status_code, answer.json()["code"]) == (422, "course_impossible")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]


async def test_course_is_set_right_by_organisers_who_have_read_it_of_a_meeting_that_began(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    early = await put_course(secretary, await announced(secretary, world.branch_a), BEGINNING)
    assert (early.status_code, early.json()["code"]) == (409, "meeting_not_begun")
    meeting_id = await begun(secretary, world.branch_a)
    assert (await put_course(signed_in(world.member), meeting_id, BEGINNING)).status_code == 403
    stale = await put_course(secretary, meeting_id, BEGINNING, etag='"2-0"')
    assert (stale.status_code, stale.json()["current_version"]) == (412, 3)
    blind = await secretary.put(f"/v1/meetings/{meeting_id}/course", json=BEGINNING)
    assert blind.status_code == 428
    ended = await put_course(secretary, meeting_id, WHOLE)
    assert ended.json()["errors"][0]["code"] == "not_ended"
    nobody = await put_course(secretary, meeting_id, BEGINNING, chair=world.sister_member)
    assert (nobody.status_code, nobody.json()["code"]) == (422, "not_on_roster")
    assert nobody.json()["errors"][0]["pointer"] == "/chair_id"


async def test_who_writes_the_minutes_does_not_come_to_approve_them_by_taking_the_chair(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await forgotten(world, signed_in, clock)
    for writer, named in ((world.minute_taker, None), (world.member, world.member)):
        organiser = signed_in(world.minute_taker)
        answer = await put_course(organiser, meeting_id, WHOLE, chair=writer, minute_taker=named)
        assert answer.status_code == 200, answer.text
        refused = await signed_in(writer).post(f"/v1/meetings/{meeting_id}/minutes/approve")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    await put_course(signed_in(world.minute_taker), meeting_id, WHOLE, chair=world.member)
    assert (await signed_in(world.member).post(f"/v1/meetings/{meeting_id}/minutes/approve")).status_code == 200


async def test_phone_of_whom_the_course_no_longer_names_forgets_the_draft(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await forgotten(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    await put_course(secretary, meeting_id, WHOLE, minute_taker=world.member)
    clients = {person: signed_in(person) for person in (world.member, world.away)}
    phones = {person: await fresh(client) for person, client in clients.items()}
    assert meeting_id in phones[world.member].of("minutes")
    await put_course(secretary, meeting_id, WHOLE, minute_taker=world.probationary)
    for person, phone in phones.items():
        await phone.catch_up(clients[person])
        assert phone.held == (await fresh(clients[person])).held
    assert phones[world.member].of("minutes") == {}
