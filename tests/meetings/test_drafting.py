from typing import Any
from uuid import uuid4

import pytest

from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, a_meeting, drafted, inbox, post_draft, put_meeting
from tests.factories.world import World
from tests.worker import JobRunner


def _items(*titles: str) -> list[Json]:
    return [{"title": title} for title in titles]


async def test_draft_holds_what_was_written_and_tells_nobody(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    answer = await post_draft(signed_in(world.secretary), world.branch_a)
    assert answer.status_code == 201, answer.text
    view = answer.json()
    assert answer.headers["ETag"].startswith('"1-')
    identifier = view.pop("id")
    assert identifier[14] == "7"
    assert view == {
        "organisation_id": str(world.branch_a),
        "kind": "regular",
        "status": "draft",
        "title": "Sinh hoạt chi bộ thường kỳ tháng 12",
        "starts_at": "2026-12-04T12:30:00Z",
        "ends_at": "2026-12-04T14:00:00Z",
        "time_zone": "Asia/Ho_Chi_Minh",
        "place": "Nhà văn hóa thôn Đông",
        "online_url": "https://hop.example.vn/dong",
        "reason": None,
        "agenda": [
            {
                "position": 1,
                "title": "Đánh giá tháng 11",
                "minutes": 30,
                "presenter": None,
                "body": None,
                "document_ids": [],
            }
        ],
        "version": 1,
        "schedule_version": 1,
        "started_at": None,
        "ended_at": None,
        "chair_id": None,
        "minute_taker_id": None,
        "rule_set": None,
        "warnings": [],
        "my_reply": None,
        "reply_counts": {"attending": 0, "attending_online": 0, "absent": 0, "silent": 6},
    }
    assert await jobs.run() == 0
    assert await inbox(signed_in(world.member)) == []


async def test_least_that_is_needed_is_a_title_and_a_start(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.secretary).post(
        f"/v1/organisations/{world.branch_a}/meetings", json={"title": "Họp", "starts_at": "2026-12-04T19:30:00"}
    )
    assert answer.status_code == 201, answer.text
    view = answer.json()
    assert (view["kind"], view["time_zone"], view["agenda"]) == ("regular", "Asia/Ho_Chi_Minh", [])
    assert view["starts_at"] == "2026-12-04T12:30:00Z"  # wall-clock time of the zone
    assert (view["ends_at"], view["place"], view["online_url"]) == (None, None, None)


async def test_client_names_the_id_once(world: World, signed_in: SignedIn) -> None:
    secretary, mine = signed_in(world.secretary), str(uuid4())
    first = await post_draft(secretary, world.branch_a, id=mine)
    assert (first.status_code, first.json()["id"]) == (201, mine)
    second = await post_draft(secretary, world.branch_a, id=mine, title="Khác")
    assert (second.status_code, second.json()["code"]) == (409, "meeting_already_exists")
    seen = await secretary.get(f"/v1/meetings/{mine}")
    assert seen.json()["title"] == "Sinh hoạt chi bộ thường kỳ tháng 12"


async def test_id_of_another_branch_is_taken_too_and_shows_nothing_of_it(world: World, signed_in: SignedIn) -> None:
    theirs = await drafted(signed_in(world.sister_secretary), world.branch_b)
    answer = await post_draft(signed_in(world.secretary), world.branch_a, id=theirs)
    assert (answer.status_code, answer.json()["code"]) == (409, "meeting_already_exists")
    assert (await signed_in(world.secretary).get(f"/v1/meetings/{theirs}")).status_code == 404


AGENDAS: list[tuple[list[Json], list[str]]] = [
    ([], []),
    (_items("một", "hai", "ba"), ["một", "hai", "ba"]),
    (
        [{"title": "ba", "position": 30}, {"title": "một", "position": 1}, {"title": "hai", "position": 7}],
        ["một", "hai", "ba"],
    ),
    # Without a position an item stands where it is listed: second, in both.
    ([{"title": "hai", "position": 4}, {"title": "một"}], ["một", "hai"]),
    ([{"title": "hai", "position": 3}, {"title": "một"}, {"title": "ba", "position": 9}], ["một", "hai", "ba"]),
    (_items(*(f"mục {n}" for n in range(50))), [f"mục {n}" for n in range(50)]),
]


async def test_agenda_stands_in_its_order_numbered_from_one(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    for agenda, titles in AGENDAS:
        answer = await post_draft(secretary, world.branch_a, agenda=agenda)
        assert answer.status_code == 201, answer.text
        shown = answer.json()["agenda"]
        assert [(item["position"], item["title"]) for item in shown] == list(enumerate(titles, start=1))


async def test_agenda_is_replaced_whole(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a, agenda=_items("một", "hai", "ba"))
    changed = await put_meeting(secretary, meeting_id, agenda=_items("hai", "bốn"))
    assert [item["title"] for item in changed.json()["agenda"]] == ["hai", "bốn"]
    emptied = await put_meeting(secretary, meeting_id, agenda=...)
    assert emptied.json()["agenda"] == []


async def test_every_field_that_is_left_out_of_a_put_becomes_empty(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    view = (await put_meeting(secretary, meeting_id, ends_at=..., place=..., online_url=..., kind=...)).json()
    assert (view["ends_at"], view["place"], view["online_url"], view["kind"]) == (None, None, None, "regular")
    assert (view["version"], view["schedule_version"]) == (2, 1)


REFUSED: list[tuple[Json, str, str]] = [
    ({"agenda": _items(*("mục" for _ in range(51)))}, "/agenda", "too_long"),
    ({"agenda": _items(*("mục" for _ in range(200)))}, "/agenda", "too_long"),
    (
        {"agenda": [{"title": "a", "position": 2}, {"title": "b", "position": 2}]},
        "/agenda",
        "duplicate_position",
    ),
    ({"agenda": [{"title": "a", "position": 2}, {"title": "b"}]}, "/agenda", "duplicate_position"),
    ({"agenda": [{"title": "a", "position": 0}]}, "/agenda/0/position", "greater_than_equal"),
    ({"agenda": [{"title": "a", "position": 1001}]}, "/agenda/0/position", "less_than_equal"),
    ({"agenda": [{"title": "a", "minutes": 0}]}, "/agenda/0/minutes", "greater_than_equal"),
    ({"agenda": [{"title": "  "}]}, "/agenda/0/title", "string_too_short"),
    ({"agenda": [{"position": 1}]}, "/agenda/0/title", "missing"),
    ({"agenda": [{"title": "a", "duration": 5}]}, "/agenda/0/duration", "extra_forbidden"),
    ({"agenda": [{"title": "a", "body": "x" * 5001}]}, "/agenda/0/body", "string_too_long"),
    ({"agenda": [{"title": "a", "document_ids": ["x"]}]}, "/agenda/0/document_ids/0", "uuid_parsing"),
    ({"title": ...}, "/title", "missing"),
    ({"title": "x" * 201}, "/title", "string_too_long"),
    ({"title": "a\nb"}, "/title", "string_pattern_mismatch"),
    ({"kind": "party"}, "/kind", "enum"),
    ({"colour": "red"}, "/colour", "extra_forbidden"),
    ({"status": "announced"}, "/status", "extra_forbidden"),
    ({"id": "1"}, "/id", "uuid_parsing"),
    ({"starts_at": ...}, "/starts_at", "missing"),
    ({"starts_at": "4/12/2026"}, "/starts_at", "datetime_parsing"),
    ({"ends_at": "2026-12-04T12:30:00Z"}, "/ends_at", "ends_before_start"),
    ({"ends_at": "2026-12-04T12:29:59Z"}, "/ends_at", "ends_before_start"),
    ({"ends_at": "2026-12-05T12:30:01Z"}, "/ends_at", "meeting_too_long"),
    ({"starts_at": "2026-11-22T01:00:00Z", "ends_at": ...}, "/starts_at", "in_past"),
    ({"starts_at": "2026-11-21T00:00:00Z", "ends_at": ...}, "/starts_at", "in_past"),
    ({"starts_at": "9999-12-31T23:59:59Z", "ends_at": ...}, "/starts_at", "out_of_range"),
    ({"starts_at": "9999-12-31T23:59:59-07:00", "ends_at": ...}, "/starts_at", "out_of_range"),
    ({"starts_at": "9999-12-31T23:59:59", "time_zone": "America/Lima"}, "/starts_at", "out_of_range"),
    ({"starts_at": "0001-01-01T00:00:00Z"}, "/starts_at", "out_of_range"),
    ({"starts_at": "0001-01-01T00:00:00+07:00"}, "/starts_at", "out_of_range"),
    ({"starts_at": "0001-01-01T00:00:00"}, "/starts_at", "out_of_range"),
    ({"starts_at": "2100-01-01T00:00:00Z", "ends_at": ...}, "/starts_at", "out_of_range"),
    ({"ends_at": "9999-12-31T23:59:59Z"}, "/ends_at", "out_of_range"),
    (
        {"starts_at": "2027-03-28T02:30:00", "ends_at": ..., "time_zone": "Europe/Berlin"},
        "/starts_at",
        "time_does_not_exist",
    ),
    (
        {"starts_at": "2027-10-31T02:30:00", "ends_at": ..., "time_zone": "Europe/Berlin"},
        "/starts_at",
        "time_is_ambiguous",
    ),
    (
        {"starts_at": "2027-03-28T01:30:00", "ends_at": "2027-03-28T02:30:00", "time_zone": "Europe/Berlin"},
        "/ends_at",
        "time_does_not_exist",
    ),
    ({"time_zone": "Asia/Hanoi"}, "/time_zone", "time_zone_unknown"),
    ({"time_zone": "../../etc/passwd"}, "/time_zone", "time_zone_unknown"),
    ({"time_zone": ""}, "/time_zone", "time_zone_unknown"),
    ({"online_url": "http://hop.example.vn/dong"}, "/online_url", "url_scheme"),
    ({"online_url": "javascript:alert(1)"}, "/online_url", "url_scheme"),
    ({"online_url": "hop.example.vn"}, "/online_url", "url_parsing"),
    ({"online_url": "https://hop.example.vn/" + "x" * 500}, "/online_url", "url_too_long"),
]


async def test_field_that_is_wrong_is_named(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    for changes, pointer, code in REFUSED:
        answer = await post_draft(secretary, world.branch_a, **changes)
        assert answer.status_code == 422, (changes, answer.text)
        problem = answer.json()
        assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)], changes
        assert problem["code"] == ("meeting_in_past" if code == "in_past" else "fields_not_valid")
        assert problem["errors"][0]["detail"]
    assert (await secretary.get(f"/v1/organisations/{world.branch_a}/meetings")).json()["items"] == []


async def test_put_judges_fields_as_a_draft_does(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    answer = await put_meeting(secretary, meeting_id, ends_at=STARTS_BEFORE)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "ends_before_start")
    past = await put_meeting(secretary, meeting_id, starts_at="2026-11-22T00:00:00Z", ends_at=...)
    assert (past.status_code, past.json()["code"]) == (422, "meeting_in_past")
    own_id = await put_meeting(secretary, meeting_id, id=str(uuid4()))
    assert (own_id.status_code, own_id.json()["errors"][0]["code"]) == (422, "extra_forbidden")


STARTS_BEFORE = "2026-12-04T12:00:00Z"


WALL_CLOCK = [
    ("2027-03-28T03:30:00", "Europe/Berlin", "2027-03-28T01:30:00Z"),
    ("2027-10-31T02:30:00+02:00", "Europe/Berlin", "2027-10-31T00:30:00Z"),
    ("2027-10-31T02:30:00+01:00", "Europe/Berlin", "2027-10-31T01:30:00Z"),
    ("2026-12-04T19:30:00", "Asia/Ho_Chi_Minh", "2026-12-04T12:30:00Z"),
    ("2026-12-04T19:30:00+07:00", "Europe/Berlin", "2026-12-04T12:30:00Z"),
]


async def test_wall_clock_time_is_taken_in_the_meetings_zone_and_an_offset_wins(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    for starts_at, zone, instant in WALL_CLOCK:
        answer = await post_draft(secretary, world.branch_a, starts_at=starts_at, ends_at=..., time_zone=zone)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["starts_at"], answer.json()["time_zone"]) == (instant, zone)


async def test_meeting_may_last_a_day_and_begin_in_a_second(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    whole_day: dict[str, Any] = {"ends_at": "2026-12-05T12:30:00Z"}
    assert (await post_draft(secretary, world.branch_a, **whole_day)).status_code == 201
    soon = await post_draft(secretary, world.branch_a, starts_at="2026-11-22T01:00:01Z", ends_at=...)
    assert soon.status_code == 201
    assert clock().isoformat() == "2026-11-22T01:00:00+00:00"


async def test_draft_is_discarded_for_good(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    seen = await secretary.get(f"/v1/meetings/{meeting_id}")
    gone = await secretary.delete(f"/v1/meetings/{meeting_id}", headers={"If-Match": seen.headers["ETag"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await secretary.get(f"/v1/meetings/{meeting_id}")).status_code == 404
    assert (await secretary.get(f"/v1/organisations/{world.branch_a}/meetings")).json()["items"] == []


@pytest.mark.parametrize("verb", ["PUT", "DELETE"])
async def test_change_needs_the_version_that_was_seen(world: World, signed_in: SignedIn, verb: str) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    first = (await secretary.get(f"/v1/meetings/{meeting_id}")).headers["ETag"]
    await put_meeting(secretary, meeting_id, title="Đã sửa")
    body = a_meeting() if verb == "PUT" else None

    missing = await secretary.request(verb, f"/v1/meetings/{meeting_id}", json=body)
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    for tag in (first, "*", '"1"', "2", '"99999999999-ab"', "W/" + first):
        stale = await secretary.request(verb, f"/v1/meetings/{meeting_id}", json=body, headers={"If-Match": tag})
        assert (stale.status_code, stale.json()["code"]) == (412, "version_changed"), tag
        assert stale.json()["current_version"] == 2
    assert (await secretary.get(f"/v1/meetings/{meeting_id}")).json()["title"] == "Đã sửa"


async def test_unchanged_meeting_is_not_sent_twice(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    tag = (await secretary.get(f"/v1/meetings/{meeting_id}")).headers["ETag"]
    again = await signed_in(world.secretary).get(f"/v1/meetings/{meeting_id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    other = await signed_in(world.minute_taker).get(f"/v1/meetings/{meeting_id}", headers={"If-None-Match": tag})
    assert other.status_code == 200
    await put_meeting(secretary, meeting_id, title="Đã sửa")
    changed = await secretary.get(f"/v1/meetings/{meeting_id}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
