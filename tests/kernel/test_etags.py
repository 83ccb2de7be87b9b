"""Conditional requests: what the phone has is not sent again, and nobody overwrites what they have not seen."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.factories.clock import FakeClock
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
MEETING = {"title": "Sinh hoạt chi bộ tháng 12", "starts_at": "2026-12-04T12:30:00Z", "place": "Nhà văn hóa"}
Json = dict[str, Any]  # Any: JSON


@pytest.fixture
async def meeting(world: World, signed_in: SignedIn) -> Json:
    """An announced meeting of branch A."""
    secretary = signed_in(world.secretary)
    drafted = await secretary.post(f"/v1/organisations/{world.branch_a}/meetings", json=MEETING)
    announced = await secretary.post(f"/v1/meetings/{drafted.json()['id']}/announce")
    assert announced.status_code == 200, announced.text
    made: Json = announced.json()
    return made


async def test_what_the_phone_has_is_304_also_with_a_fresh_token(
    world: World, signed_in: SignedIn, clock: FakeClock, meeting: Json
) -> None:
    path = f"/v1/meetings/{meeting['id']}"
    first = await signed_in(world.member).get(path)
    clock.advance(minutes=9)
    refreshed = signed_in(world.member)

    again = await refreshed.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '{} , W/"other"'])
async def test_every_form_of_if_none_match_is_understood(
    form: str, world: World, signed_in: SignedIn, meeting: Json
) -> None:
    member = signed_in(world.member)
    etag = (await member.get(f"/v1/meetings/{meeting['id']}")).headers["etag"]

    again = await member.get(f"/v1/meetings/{meeting['id']}", headers={"If-None-Match": form.format(etag)})

    assert again.status_code == 304


async def test_one_persons_etag_is_not_anothers(world: World, signed_in: SignedIn, meeting: Json) -> None:
    path = f"/v1/meetings/{meeting['id']}"
    mine = (await signed_in(world.member).get(path)).headers["etag"]

    theirs = await signed_in(world.probationary).get(path, headers={"If-None-Match": mine})

    assert theirs.status_code == 200
    assert theirs.headers["etag"] != mine


async def test_a_changed_meeting_has_another_etag(world: World, signed_in: SignedIn, meeting: Json) -> None:
    path = f"/v1/meetings/{meeting['id']}"
    secretary = signed_in(world.secretary)
    before = (await secretary.get(path)).headers["etag"]
    changed = await secretary.put(path, json={**MEETING, "title": "Đổi tên"}, headers={"If-Match": before})
    assert changed.status_code == 200, changed.text

    again = await secretary.get(path, headers={"If-None-Match": before})

    assert again.status_code == 200
    assert again.headers["etag"] == changed.headers["etag"] != before


async def test_ones_own_reply_changes_ones_etag(world: World, signed_in: SignedIn, meeting: Json) -> None:
    path = f"/v1/meetings/{meeting['id']}"
    member = signed_in(world.member)
    before = (await member.get(path)).headers["etag"]
    assert (await member.put(f"{path}/reply", json={"reply": "attending"})).is_success

    assert (await member.get(path, headers={"If-None-Match": before})).status_code == 200


async def test_lists_have_etags_too(world: World, signed_in: SignedIn, meeting: Json) -> None:
    member = signed_in(world.member)
    first = await member.get("/v1/me/meetings")
    assert [item["id"] for item in first.json()["items"]] == [meeting["id"]]

    again = await member.get("/v1/me/meetings", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304

    await signed_in(world.secretary).post(f"/v1/meetings/{meeting['id']}/cancel", json={"reason": "Mưa bão"})
    assert (await member.get("/v1/me/meetings", headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_a_write_that_makes_the_tag_one_sent_is_still_done(world: World, signed_in: SignedIn) -> None:
    # As a 304 it would be rolled back.
    secretary = signed_in(world.secretary)
    body = {**MEETING, "id": str(uuid4())}
    path = f"/v1/organisations/{world.branch_a}/meetings"
    etag = (await secretary.post(path, json=body)).headers["etag"]
    discarded = await secretary.delete(f"/v1/meetings/{body['id']}", headers={"If-Match": etag})
    assert discarded.status_code == 204

    again = await secretary.post(path, json=body, headers={"If-None-Match": etag})

    assert again.status_code == 201, again.text
    assert (await secretary.get(f"/v1/meetings/{body['id']}")).headers["etag"] == etag


async def test_a_phone_that_knows_the_version_from_its_changes_needs_no_etag(
    world: World, signed_in: SignedIn, meeting: Json
) -> None:
    path, version = f"/v1/meetings/{meeting['id']}", meeting["version"]
    secretary = signed_in(world.secretary)

    stale = await secretary.put(path, json=MEETING, headers={"If-Match": f'"{version - 1}"'})
    changed = await secretary.put(path, json=MEETING, headers={"If-Match": f'"{version}"'})

    assert (stale.status_code, changed.status_code) == (412, 200)


async def test_changing_without_if_match_is_428(world: World, signed_in: SignedIn, meeting: Json) -> None:
    refused = await signed_in(world.secretary).put(f"/v1/meetings/{meeting['id']}", json=MEETING)

    assert (refused.status_code, refused.json()["code"]) == (428, "if_match_missing")


@pytest.mark.parametrize(
    "etag", ["garbage", "", '""', '"99-abcdef"', '"1"', "*", '"1-XYZ"', '"' + "9" * 40 + '-abc"', '"-1-abc"', "²"]
)
async def test_a_stale_or_made_up_etag_is_412_with_the_present_version(
    etag: str, world: World, signed_in: SignedIn, meeting: Json
) -> None:
    refused = await signed_in(world.secretary).put(
        f"/v1/meetings/{meeting['id']}", json=MEETING, headers={b"If-Match": etag.encode()}
    )

    assert (refused.status_code, refused.json()["code"]) == (412, "version_changed")
    assert refused.json()["current_version"] == meeting["version"]


async def test_of_two_who_change_the_same_version_one_is_told(world: World, signed_in: SignedIn, meeting: Json) -> None:
    path = f"/v1/meetings/{meeting['id']}"
    first, second = signed_in(world.secretary), signed_in(world.minute_taker)
    seen = [(await caller.get(path)).headers["etag"] for caller in (first, second)]

    won = await first.put(path, json={**MEETING, "title": "Một"}, headers={"If-Match": seen[0]})
    lost = await second.put(path, json={**MEETING, "title": "Hai"}, headers={"If-Match": seen[1]})

    assert (won.status_code, lost.status_code) == (200, 412)
    assert lost.json()["current_version"] == won.json()["version"]
    assert (await second.get(path)).json()["title"] == "Một"


async def test_the_version_is_asked_for_only_of_who_may_see_it(
    world: World, signed_in: SignedIn, meeting: Json
) -> None:
    path = f"/v1/meetings/{meeting['id']}"
    stranger = await signed_in(world.stranger).put(path, json=MEETING, headers={"If-Match": '"0-0"'})
    nothing = await signed_in(world.secretary).put(
        f"/v1/meetings/{uuid4()}", json=MEETING, headers={"If-Match": '"0-0"'}
    )

    assert (stranger.status_code, nothing.status_code) == (404, 404)
    assert stranger.json()["current_version"] is None
