from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.meetings import drafted as drafted_meeting
from tests.factories.resolutions import (
    FIRST,
    RESOLUTION,
    SECOND,
    a_resolution,
    closed,
    drafted,
    opened,
    post_resolution,
    put_version,
    revised,
    took,
)
from tests.factories.world import World


async def test_draft_is_numbered_text_that_only_organisers_see(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    given = str(uuid4())
    out_of_order = [{"position": 7, "text": SECOND}, {"position": 3, "text": FIRST}]
    view = await drafted(secretary, world.branch_a, id=given, paragraphs=out_of_order)
    assert [(one["position"], one["text"]) for one in view["paragraphs"]] == [(1, FIRST), (2, SECOND)]
    assert {name: view[name] for name in ("id", "status", "version", "revision", "comments_until", "number")} == {
        "id": given,
        "status": "draft",
        "version": 1,
        "revision": 1,
        "comments_until": None,
        "number": None,
    }
    seen = await secretary.get(f"/v1/resolutions/{given}")
    assert seen.json() == view
    assert seen.headers["ETag"].startswith('"1-')
    assert (await signed_in(world.member).get(f"/v1/resolutions/{given}")).json()["code"] == "resolution_not_found"
    listed = f"/v1/organisations/{world.branch_a}/resolutions"
    assert [one["id"] for one in (await signed_in(world.minute_taker).get(listed)).json()["items"]] == [given]
    assert (await signed_in(world.member).get(listed)).json()["items"] == []
    again = await post_resolution(secretary, world.branch_a, id=given)
    assert (again.status_code, again.json()["code"]) == (409, "resolution_already_exists")


async def test_new_version_keeps_the_old_one_and_the_paragraphs_that_are_named(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    first, second = draft["paragraphs"]
    view = await revised(
        secretary, draft["id"], title="Nghị quyết mới", paragraphs=[{"text": "Đoạn thêm."}, {**second, "position": 2}]
    )
    assert (view["version"], view["revision"], view["title"]) == (2, 2, "Nghị quyết mới")
    added, kept = view["paragraphs"]
    assert kept == {"id": second["id"], "position": 2, "text": SECOND}
    assert added["id"] not in {first["id"], second["id"]}
    brought_back = await revised(secretary, draft["id"], paragraphs=[first])
    assert brought_back["paragraphs"] == [first]
    old = (await secretary.get(f"/v1/resolutions/{draft['id']}/versions/1")).json()
    assert (old["title"], old["version"], old["paragraphs"]) == (RESOLUTION["title"], 1, draft["paragraphs"])
    missing = await secretary.get(f"/v1/resolutions/{draft['id']}/versions/4")
    assert (missing.status_code, missing.json()["code"]) == (404, "resolution_version_not_found")
    versions = f"/v1/resolutions/{draft['id']}/versions"
    page = (await secretary.get(versions, params={"limit": 2})).json()
    rest = (await secretary.get(versions, params={"cursor": page["next_cursor"]})).json()
    assert [one["version"] for one in page["items"] + rest["items"]] == [1, 2, 3]


async def test_if_match_notices_a_step_that_changed_no_text(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    etag = (await secretary.get(f"/v1/resolutions/{draft['id']}")).headers["ETag"]
    view = await took(secretary, draft["id"], "open", {"comments_until": "2026-12-04T12:30:00Z"})
    assert (view["version"], view["revision"], view["opened_at"]) == (1, 2, "2026-11-22T01:00:00Z")
    stale = await secretary.put(f"/v1/resolutions/{draft['id']}", json=RESOLUTION, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 2)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"paragraphs": []}, "/paragraphs", "too_short"),
        ({"paragraphs": [{"text": "a"}] * 201}, "/paragraphs", "too_long"),
        ({"paragraphs": [{"text": "a" * 5001}]}, "/paragraphs/0/text", "string_too_long"),
        (
            {"paragraphs": [{"position": 2, "text": "a"}, {"text": "b"}]},
            "/paragraphs",
            "duplicate_position",
        ),
        ({"paragraphs": [{"id": str(uuid4()), "text": "a"}]}, "/paragraphs/0/id", "extra_forbidden"),
        ({"title": "hai\ndòng"}, "/title", "string_pattern_mismatch"),
        ({"meeting_id": str(uuid4())}, "/meeting_id", "meeting_not_found"),
    ],
)
async def test_draft_that_is_not_valid_is_refused_by_its_pointer(
    world: World, signed_in: SignedIn, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await post_resolution(signed_in(world.secretary), world.branch_a, **body)
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]


async def test_version_names_only_paragraphs_it_has_and_each_once(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    other = await drafted(secretary, world.branch_a)
    first = draft["paragraphs"][0]
    foreign = await put_version(secretary, draft["id"], paragraphs=[first, {**other["paragraphs"][0], "position": 2}])
    assert (foreign.status_code, foreign.json()["code"]) == (422, "paragraph_unknown")
    assert foreign.json()["errors"][0]["pointer"] == "/paragraphs/1/id"
    twice = await put_version(secretary, draft["id"], paragraphs=[first, {**first, "position": 2}])
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (422, "duplicate_paragraph")
    places = await put_version(secretary, draft["id"], paragraphs=[first, {"position": 1, "text": "b"}])
    assert (places.status_code, places.json()["errors"][0]["code"]) == (422, "duplicate_position")


async def test_resolution_hangs_on_a_meeting_of_its_own_branch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting = await drafted_meeting(secretary, world.branch_a)
    sisters = await drafted_meeting(signed_in(world.sister_secretary), world.branch_b)
    view = await drafted(secretary, world.branch_a, meeting_id=meeting)
    await drafted(secretary, world.branch_a)
    by_meeting = await secretary.get(f"/v1/organisations/{world.branch_a}/resolutions", params={"meeting_id": meeting})
    assert [one["id"] for one in by_meeting.json()["items"]] == [view["id"]]
    refused = await put_version(secretary, view["id"], meeting_id=sisters)
    assert (refused.status_code, refused.json()["code"]) == (422, "resolution_meeting_unknown")
    discarded = await secretary.delete(f"/v1/meetings/{meeting}", headers={"If-Match": '"1-0"'})
    assert discarded.status_code == 204
    async with database.session() as session:
        left = await session.scalar(
            text("SELECT meeting_id FROM resolutions WHERE id = CAST(:id AS uuid)"), {"id": view["id"]}
        )
    assert left is None


async def test_draft_can_be_discarded_and_what_was_opened_cannot(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    path = f"/v1/resolutions/{draft['id']}"
    assert (await secretary.delete(path, headers={"If-Match": '"1-0"'})).status_code == 204
    assert (await secretary.get(path)).status_code == 404
    async with database.session() as session:
        change = await session.scalar(
            text("SELECT op FROM changes WHERE object_id = CAST(:id AS uuid)"), {"id": draft["id"]}
        )
    assert change == "delete"
    view = await opened(secretary, world.branch_a)
    refused = await secretary.delete(f"/v1/resolutions/{view['id']}", headers={"If-Match": '"2-0"'})
    assert (refused.status_code, refused.json()["code"]) == (409, "resolution_not_draft")


async def test_list_shows_the_newest_first_in_pages(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    secretary = signed_in(world.secretary)
    made = []
    for _ in range(3):
        made.append((await closed(secretary, world.branch_a))["id"])
        clock.advance(seconds=1)
    path = f"/v1/organisations/{world.branch_a}/resolutions"
    page = (await signed_in(world.member).get(path, params={"limit": 2})).json()
    rest = (await signed_in(world.member).get(path, params={"cursor": page["next_cursor"]})).json()
    listed = [one["id"] for one in page["items"] + rest["items"]]
    assert listed == made[::-1]
    assert "paragraphs" not in page["items"][0]


async def test_body_is_whole_in_a_put(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting = await drafted_meeting(secretary, world.branch_a)
    view = await drafted(secretary, world.branch_a, meeting_id=meeting)
    answer = await secretary.put(f"/v1/resolutions/{view['id']}", json=a_resolution(), headers={"If-Match": '"1-0"'})
    assert (answer.json()["meeting_id"], answer.json()["version"]) == (None, 2)


@pytest.mark.parametrize("role", ["officer", "sister_secretary", "administrator", "auditor", "stranger"])
async def test_what_is_not_adopted_is_known_in_the_branch_only(world: World, signed_in: SignedIn, role: str) -> None:
    view = await opened(signed_in(world.secretary), world.branch_a)
    caller = signed_in(getattr(world, role))
    assert (await caller.get(f"/v1/resolutions/{view['id']}")).json()["code"] == "resolution_not_found"
    listed = await caller.get(f"/v1/organisations/{world.branch_a}/resolutions")
    assert listed.status_code == 404 or listed.json()["items"] == []


async def test_resolution_that_is_not_there_is_404(world: World, signed_in: SignedIn) -> None:
    for name in ("", "/versions", "/versions/1", "/comparison", "/comparison.html", "/comments"):
        answer = await signed_in(world.secretary).get(f"/v1/resolutions/{uuid4()}{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "resolution_not_found")
