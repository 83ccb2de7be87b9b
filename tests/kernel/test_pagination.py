"""Lists by opaque cursors: complete, in order, and safe against cursors made by hand."""

import base64
import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.kernel.pagination import LONGEST_CURSOR
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]

SOME_ID = "0192a3b4-0000-7000-8000-000000000001"  # fixed: test processes must agree on the names of tests


def made_by_hand(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.fixture
async def titles(world: World, signed_in: SignedIn) -> list[str]:
    """Seven drafts of branch A by their start; three start at the same time."""
    secretary = signed_in(world.secretary)
    made = []
    for day in (7, 3, 5, 5, 1, 9, 5):
        body = {"title": f"Họp ngày {day}", "starts_at": f"2026-12-0{day}T12:30:00Z", "place": "Nhà văn hóa"}
        answer = await secretary.post(f"/v1/organisations/{world.branch_a}/meetings", json=body)
        assert answer.status_code == 201
        made.append(f"Họp ngày {day}")
    return sorted(made)


async def test_pages_hold_everything_once_and_in_order(world: World, signed_in: SignedIn, titles: list[str]) -> None:
    secretary = signed_in(world.secretary)
    path: str | None = f"/v1/organisations/{world.branch_a}/meetings?limit=2"
    seen, ids, sizes = [], set(), []
    while path is not None:
        answer = await secretary.get(path)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [item["title"] for item in page["items"]]
        ids |= {item["id"] for item in page["items"]}
        sizes.append(len(page["items"]))
        path = answer.links["next"]["url"] if "link" in answer.headers else None
        assert (page["next_cursor"] is None) == (path is None)

    assert seen == titles
    assert len(ids) == 7
    assert sizes == [2, 2, 2, 1]


async def test_the_link_keeps_the_rest_of_the_question(world: World, signed_in: SignedIn, titles: list[str]) -> None:
    assert titles
    answer = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/members?limit=1&q=n")

    assert answer.status_code == 200
    link = answer.headers["link"]
    assert link.startswith("<")
    assert link.endswith('>; rel="next"')
    assert all(part in link for part in ("limit=1", "q=n", f"cursor={answer.json()['next_cursor']}"))


async def test_an_exactly_full_page_is_the_last(world: World, signed_in: SignedIn, titles: list[str]) -> None:
    assert len(titles) == 7
    answer = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/meetings?limit=7")

    assert (len(answer.json()["items"]), answer.json()["next_cursor"]) == (7, None)
    assert "link" not in answer.headers


async def test_a_cursor_shows_nothing_but_its_key(world: World, signed_in: SignedIn, titles: list[str]) -> None:
    assert titles
    answer = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/meetings?limit=1")

    cursor = answer.json()["next_cursor"]
    assert cursor == base64.urlsafe_b64encode(base64.urlsafe_b64decode(cursor + "==")).decode().rstrip("=")
    assert "Họp" not in base64.urlsafe_b64decode(cursor + "===").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!",
        "không",
        made_by_hand(5),
        made_by_hand(None),
        made_by_hand([]),
        made_by_hand(["a"]),
        made_by_hand(["a", "b", "c"]),
        made_by_hand([5, SOME_ID]),
        made_by_hand(["2026-12-01T00:00:00+00:00", "no id"]),
        made_by_hand(["2026-12-01T00:00:00+00:00", 5]),
        made_by_hand(["no instant", SOME_ID]),
        made_by_hand(["2026-12-01T00:00:00", SOME_ID]),
        made_by_hand(["\x00", SOME_ID]),
        made_by_hand(["\ud800", SOME_ID]),
        made_by_hand({"a": 1, "b": 2}),
        base64.urlsafe_b64encode(b"[" * 300).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
async def test_a_cursor_made_by_hand_is_refused_by_name(cursor: str, world: World, signed_in: SignedIn) -> None:
    refused = await signed_in(world.member).get("/v1/me/meetings", params={"cursor": cursor})

    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize(
    "instant",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+00:00",
        "2026-12-01T00:00:00+23:59",
    ],
)
async def test_a_cursor_at_the_end_of_time_is_no_failure(instant: str, world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.member).get(
        "/v1/me/meetings", params={"cursor": made_by_hand([instant, str(uuid4())])}
    )

    assert answer.status_code in {200, 400}


@pytest.mark.parametrize("limit", ["0", "-1", "101", "abc", "1.5", "99999999999999999999", ""])
async def test_limits_outside_1_to_100_are_named(limit: str, world: World, signed_in: SignedIn) -> None:
    refused = await signed_in(world.member).get("/v1/me/meetings", params={"limit": limit})

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["query/limit"]


@pytest.mark.parametrize("limit", [1, 100])
async def test_limits_from_1_to_100_are_taken(limit: int, world: World, signed_in: SignedIn) -> None:
    assert (await signed_in(world.member).get(f"/v1/me/meetings?limit={limit}")).status_code == 200


async def test_a_very_long_cursor_is_refused(world: World, signed_in: SignedIn) -> None:
    refused = await signed_in(world.member).get("/v1/me/meetings", params={"cursor": "a" * (LONGEST_CURSOR + 1)})

    assert [error["pointer"] for error in refused.json()["errors"]] == ["query/cursor"]
