import pytest
from httpx import AsyncClient, Response

from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import (
    Json,
    SignedIn,
    a_meeting,
    announced,
    drafted,
    put_meeting,
    said,
    set_status,
    took,
)
from tests.factories.world import World

STATES = (
    "draft",
    "announced",
    "postponed",
    "cancelled",
    "in_session",
    "ended",
    "minutes_approved",
    "published",
)
BODIES: dict[str, Json] = {
    "postpone": {"starts_at": "2026-12-06T12:30:00Z", "reason": "Trùng lịch"},
    "cancel": {"reason": "Mưa bão"},
}

# One row a step, one answer a state: the state it leads to, or the refusal.
TABLE: dict[str, tuple[str, ...]] = {
    #                 draft, announced, postponed, cancelled, in_session, ended, minutes_approved, published
    "announce": ("announced", *["meeting_not_draft"] * 7),
    "postpone": ("meeting_not_upcoming", "postponed", "postponed", *["meeting_not_upcoming"] * 5),
    "cancel": ("meeting_not_upcoming", "cancelled", "cancelled", *["meeting_not_upcoming"] * 5),
    "start": ("meeting_not_upcoming", "in_session", "in_session", *["meeting_not_upcoming"] * 5),
    "end": (*["meeting_not_in_session"] * 4, "ended", *["meeting_not_in_session"] * 3),
    "put": ("draft", "announced", "postponed", *["meeting_closed"] * 5),
    "delete": ("", *["meeting_not_draft"] * 7),
    "reply": ("meeting_not_upcoming", "announced", "postponed", "meeting_not_upcoming", *["reply_closed"] * 4),
}


async def _brought_to(state: str, secretary: AsyncClient, world: World, database: RolledBackDatabase) -> str:
    meeting_id = await drafted(secretary, world.branch_a)
    steps = {
        "draft": (),
        "announced": ("announce",),
        "postponed": ("announce", "postpone"),
        "cancelled": ("announce", "cancel"),
        "in_session": ("announce", "start"),
    }.get(state, ("announce", "start", "end"))
    for step in steps:
        await took(secretary, meeting_id, step, BODIES.get(step))
    if state in {"minutes_approved", "published"}:
        await set_status(database, meeting_id, state)
    return meeting_id


async def _take(secretary: AsyncClient, meeting_id: str, step: str) -> Response:
    if step == "put":
        return await put_meeting(secretary, meeting_id, title="Sửa tên")
    if step == "delete":
        seen = await secretary.get(f"/v1/meetings/{meeting_id}")
        return await secretary.delete(f"/v1/meetings/{meeting_id}", headers={"If-Match": seen.headers["ETag"]})
    if step == "reply":
        return await said(secretary, meeting_id, "attending")
    return await secretary.post(f"/v1/meetings/{meeting_id}/{step}", json=BODIES.get(step))


@pytest.mark.parametrize("step", TABLE)
async def test_step_is_allowed_or_refused_by_name_in_every_state(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, step: str
) -> None:
    secretary = signed_in(world.secretary)
    for state, expected in zip(STATES, TABLE[step], strict=True):
        meeting_id = await _brought_to(state, secretary, world, database)
        before = (await secretary.get(f"/v1/meetings/{meeting_id}")).json()
        assert before["status"] == state
        answer = await _take(secretary, meeting_id, step)
        after = await secretary.get(f"/v1/meetings/{meeting_id}")
        if expected not in (*STATES, ""):
            assert (answer.status_code, answer.json()["code"]) == (409, expected), state
            assert after.json() == before
        elif step == "delete":
            assert (answer.status_code, after.status_code) == (204, 404)
        else:
            assert (answer.status_code, answer.json()["status"]) == (200, expected), state
            rose = 0 if step == "reply" else 1
            moved = 1 if step == "postpone" else 0
            assert after.json()["version"] == before["version"] + rose, state
            assert after.json()["schedule_version"] == before["schedule_version"] + moved, state


async def test_draft_whose_time_has_passed_cannot_be_announced(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await drafted(
        signed_in(world.secretary), world.branch_a, starts_at="2026-11-22T02:00:00Z", ends_at=...
    )
    clock.advance(hours=1)
    refused = await signed_in(world.secretary).post(f"/v1/meetings/{meeting_id}/announce")
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_time_passed")
    renamed = await put_meeting(
        signed_in(world.secretary), meeting_id, starts_at="2026-11-22T02:00:00Z", ends_at=..., title="Khác"
    )
    assert renamed.status_code == 200, renamed.text


async def test_meeting_needs_a_place_or_an_address_before_it_is_announced(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    nowhere = await drafted(secretary, world.branch_a, place=..., online_url=...)
    refused = await secretary.post(f"/v1/meetings/{nowhere}/announce")
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_place_missing")
    await announced(secretary, world.branch_a, place=...)
    await announced(secretary, world.branch_a, online_url=...)


async def test_announced_meeting_keeps_a_place(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    refused = await put_meeting(secretary, meeting_id, place=..., online_url=...)
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_place_missing")
    assert (await secretary.get(f"/v1/meetings/{meeting_id}")).json()["place"] == "Nhà văn hóa thôn Đông"


async def test_kind_is_fixed_by_the_announcement(world: World, signed_in: SignedIn) -> None:
    """Who is called depends on it."""
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a, kind="thematic")
    assert (await put_meeting(secretary, meeting_id, kind="extraordinary")).json()["kind"] == "extraordinary"
    await took(secretary, meeting_id, "announce")
    refused = await put_meeting(secretary, meeting_id, kind="committee")
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_not_draft")


async def test_postponed_meeting_keeps_its_length_and_shows_why(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    view = await took(secretary, meeting_id, "postpone", BODIES["postpone"])
    assert (view["starts_at"], view["ends_at"]) == ("2026-12-06T12:30:00Z", "2026-12-06T14:00:00Z")
    assert (view["reason"], view["version"], view["schedule_version"]) == ("Trùng lịch", 3, 2)
    endless = await announced(secretary, world.branch_a, ends_at=...)
    assert (await took(secretary, endless, "postpone", BODIES["postpone"]))["ends_at"] is None


NOT_A_POSTPONEMENT: list[tuple[Json, str, str]] = [
    ({"starts_at": "2026-12-06T12:30:00Z"}, "/reason", "missing"),
    ({"starts_at": "2026-12-06T12:30:00Z", "reason": " "}, "/reason", "string_too_short"),
    ({"reason": "Trùng lịch"}, "/starts_at", "missing"),
    ({"starts_at": "2026-12-06T12:30:00", "reason": "x"}, "/starts_at", "value_error"),
    ({"starts_at": "2026-11-22T01:00:00Z", "reason": "x"}, "/starts_at", "in_past"),
    ({"starts_at": "9999-12-31T23:59:59-07:00", "reason": "x"}, "/starts_at", "date_out_of_range"),
    ({"starts_at": "0001-01-01T00:00:00+07:00", "reason": "x"}, "/starts_at", "date_out_of_range"),
    ({"starts_at": "2026-12-06T12:30:00Z", "reason": "x", "place": "y"}, "/place", "extra_forbidden"),
]


async def test_postponing_needs_a_time_ahead_and_a_reason(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    for body, pointer, code in NOT_A_POSTPONEMENT:
        refused = await secretary.post(f"/v1/meetings/{meeting_id}/postpone", json=body)
        assert refused.status_code == 422, body
        assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)], body
    assert (await secretary.get(f"/v1/meetings/{meeting_id}")).json()["status"] == "announced"


async def test_cancelling_needs_a_reason(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    bodies: list[Json | None] = [{}, {"reason": None}, {"reason": ""}, {"reason": "x" * 201}, {"why": "x"}, None]
    for body in bodies:
        refused = await secretary.post(f"/v1/meetings/{meeting_id}/cancel", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "fields_not_valid"), body
    assert (await secretary.get(f"/v1/meetings/{meeting_id}")).json()["status"] == "announced"


async def test_cancelled_meeting_shows_why(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await took(secretary, meeting_id, "cancel", BODIES["cancel"])
    seen = (await signed_in(world.member).get(f"/v1/meetings/{meeting_id}")).json()
    assert (seen["status"], seen["reason"]) == ("cancelled", "Mưa bão")


async def test_put_that_moves_raises_both_versions_and_another_only_one(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    for changes, versions in (
        ({"title": "Tên khác"}, (3, 1)),
        ({"agenda": []}, (4, 1)),
        ({"ends_at": "2026-12-04T15:00:00Z"}, (5, 1)),
        ({"place": "Hội trường xã"}, (6, 2)),
        ({"online_url": ...}, (7, 3)),
        ({"starts_at": "2026-12-04T13:00:00Z"}, (8, 4)),
    ):
        view = (await put_meeting(secretary, meeting_id, **changes)).json()
        assert (view["version"], view["schedule_version"]) == versions, changes
    assert view["status"] == "announced"
    stale = await secretary.put(f"/v1/meetings/{meeting_id}", json=a_meeting(), headers={"If-Match": '"7-ab"'})
    assert stale.status_code == 412
