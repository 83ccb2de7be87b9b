"""Exemptions, suspensions and ends of membership: what they change at once, and how a mistake is taken back."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, announced, inbox, said
from tests.factories.polls import opened_poll
from tests.factories.reorganisations import done
from tests.factories.rolls import begun, roll_of
from tests.factories.transfers import moved, post_transfer, started
from tests.factories.world import Person, World
from tests.polls.test_electorate import electors
from tests.transfers.test_moving import standings_of
from tests.worker import JobRunner

REASON = "Có đơn đề nghị"
EXEMPT: Json = {
    "kind": "temporarily_exempt",
    "starts_on": "2026-11-22",
    "ends_on": "2027-05-31",
    "reason": REASON,
}
REMOVED: Json = {"kind": "removed", "starts_on": "2026-11-20", "reason": REASON, "decision_number": "12-QĐ/ĐU"}


async def post_standing(client: AsyncClient, person: Person, body: Json) -> Response:
    return await client.post(f"/v1/members/{person.member_id}/standings", json=body)


async def decided(client: AsyncClient, person: Person, body: Json) -> Json:
    answer = await post_standing(client, person, body)
    assert answer.status_code == 201, answer.text
    view: Json = answer.json()
    return view


async def patched(client: AsyncClient, decision: Json, ends_on: str) -> Response:
    path = f"/v1/standings/{decision['id']}"
    etag = (await client.get(path)).headers["ETag"]
    return await client.patch(path, json={"ends_on": ends_on}, headers={"If-Match": etag})


async def test_who_is_exempt_counts_only_if_they_vote_and_the_suspended_not_at_all(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    exempt = await decided(secretary, world.phoneless, EXEMPT)
    suspended = {"kind": "suspended", "starts_on": "2026-11-22", "reason": REASON, "decision_number": "3-QĐ/UBKT"}
    await decided(secretary, world.member, suspended)
    await jobs.run()
    assert jobs.sender.tokens("standing_begun") == [world.member.push_token]
    item = (await inbox(signed_in(world.member)))[0]
    assert (item["title"], item["body"]) == ("Đình chỉ sinh hoạt: Lê Văn Cường", "Từ ngày 22/11/2026")
    poll = await opened_poll(secretary, world.branch_a)
    counted = await electors(database, poll)
    assert world.member.member_id not in counted
    assert counted[world.phoneless.member_id] == "if_voting"
    meeting = await begun(secretary, world.branch_a)
    roll = {entry["full_name"]: entry["is_exempt"] for entry in (await roll_of(secretary, meeting))["entries"]}
    assert roll["Đỗ Văn Phúc"]

    listed = (await secretary.get(f"/v1/members/{world.phoneless.member_id}/standings")).json()["items"]
    assert listed == [exempt]
    clock.advance(days=3)
    secretary = signed_in(world.secretary)
    longer = await patched(secretary, exempt, "2027-06-30")
    assert (longer.status_code, longer.json()["ends_on"], longer.json()["version"]) == (200, "2027-06-30", 2)
    assert (await patched(secretary, exempt, "2027-06-30")).json()["version"] == 2
    ended = await patched(secretary, exempt, "2026-11-24")
    assert ended.status_code == 200
    assert (await standings_of(database, world.phoneless))[-1] == (
        "temporarily_exempt",
        world.branch_a,
        date(2026, 11, 22),
        date(2026, 11, 24),
    )
    await jobs.run()
    await decided(secretary, world.phoneless, {**EXEMPT, "starts_on": "2026-11-25"})


@pytest.mark.parametrize("kind", ["expelled", "deceased"])
async def test_an_end_of_membership_ends_access_posts_replies_and_an_open_transfer(
    kind: str, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, mover = signed_in(world.secretary), signed_in(world.minute_taker)
    meeting = await announced(secretary, world.branch_a)
    assert (await said(mover, meeting, "attending")).status_code == 200
    transfer = await started(secretary, world.minute_taker, world.branch_b)
    await decided(secretary, world.minute_taker, REMOVED | {"kind": kind})
    assert (await mover.get("/v1/me")).status_code == 401
    posts = (await secretary.get(f"/v1/organisations/{world.branch_a}/posts")).json()["items"]
    assert [post["kind"] for post in posts] == ["secretary"]
    assert (await secretary.get(f"/v1/meetings/{meeting}")).json()["reply_counts"]["attending"] == 0
    assert (await secretary.get(f"/v1/transfers/{transfer}")).json()["status"] == "withdrawn"
    listed = (await secretary.get(f"/v1/organisations/{world.branch_a}/members")).json()["items"]
    assert str(world.minute_taker.member_id) not in {one["id"] for one in listed}
    assert (await standings_of(database, world.minute_taker))[-1][:3] == (kind, world.branch_a, date(2026, 11, 20))
    for again in (
        await post_transfer(secretary, world.minute_taker, world.branch_b),
        await post_standing(secretary, world.minute_taker, EXEMPT),
    ):
        assert (again.status_code, again.json()["code"]) == (409, "former_member")


async def test_a_mistake_is_taken_back_within_thirty_days_and_the_member_signs_in_anew(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    wrong = await decided(secretary, world.member, REMOVED)
    late = await decided(secretary, world.phoneless, REMOVED | {"kind": "deceased"})
    clock.advance(days=30)
    secretary = signed_in(world.secretary)
    restored = await secretary.post(f"/v1/standings/{wrong['id']}/revoke", json={"reason": "Nhầm người"})
    assert (restored.status_code, restored.json()["revoked_because"]) == (200, "Nhầm người")
    assert [row[0] for row in await standings_of(database, world.member)] == ["official"]
    listed = (await secretary.get(f"/v1/organisations/{world.branch_a}/members")).json()["items"]
    assert str(world.member.member_id) in {one["id"] for one in listed}
    assert (await signed_in(world.member).get("/v1/me")).status_code == 401  # the old session stays closed
    again = await secretary.post(f"/v1/standings/{wrong['id']}/revoke", json={"reason": "Nhầm người"})
    assert (again.status_code, again.json()["code"]) == (409, "standing_revoked")
    clock.advance(days=1)
    secretary = signed_in(world.secretary)
    refused = await secretary.post(f"/v1/standings/{late['id']}/revoke", json={"reason": "Nhầm người"})
    assert (refused.status_code, refused.json()["code"]) == (409, "correction_too_late")


async def test_who_left_by_mistake_goes_where_the_branch_was_merged_into(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    wrong = await decided(signed_in(world.secretary), world.member, REMOVED)
    administrator = signed_in(world.administrator)
    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    restored = await administrator.post(f"/v1/standings/{wrong['id']}/revoke", json={"reason": "Nhầm người"})
    assert restored.status_code == 200, restored.text
    assert await standings_of(database, world.member) == [
        ("official", world.branch_a, date(2001, 5, 19), date(2026, 11, 21)),
        ("official", world.branch_b, date(2026, 11, 22), None),
    ]
    listed = (await signed_in(world.sister_secretary).get(f"/v1/organisations/{world.branch_b}/members")).json()[
        "items"
    ]
    assert str(world.member.member_id) in {one["id"] for one in listed}


async def test_nobody_comes_back_to_a_branch_that_was_dissolved(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    administrator = signed_in(world.administrator)
    branch = {"parent_id": str(world.commune), "kind": "branch", "name": "Chi bộ tạm"}
    dissolved = UUID((await administrator.post("/v1/organisations", json=branch)).json()["id"])
    alone = {"full_name": "Lê Văn Tám", "official_on": "2006-05-19"}
    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    member = (await administrator.post(f"/v1/organisations/{dissolved}/members", json=alone)).json()["id"]
    wrong = (await administrator.post(f"/v1/members/{member}/standings", json=REMOVED)).json()
    await done(administrator, dissolved, "dissolve", reason="Không còn đảng viên")
    refused = await administrator.post(f"/v1/standings/{wrong['id']}/revoke", json={"reason": "Nhầm người"})
    assert (refused.status_code, refused.json()["code"]) == (409, "organisation_has_ended")


async def test_nobody_comes_back_to_a_branch_whose_successor_was_dissolved(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    administrator = signed_in(world.administrator)
    founded = []
    for name in ("Chi bộ tạm", "Chi bộ tạm 2"):
        branch = {"parent_id": str(world.commune), "kind": "branch", "name": name}
        founded.append(UUID((await administrator.post("/v1/organisations", json=branch)).json()["id"]))
    former, successor = founded
    alone = {"full_name": "Lê Văn Tám", "official_on": "2006-05-19"}
    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    member = (await administrator.post(f"/v1/organisations/{former}/members", json=alone)).json()["id"]
    wrong = (await administrator.post(f"/v1/members/{member}/standings", json=REMOVED)).json()
    await done(administrator, former, "merge", into_id=successor)
    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    await done(administrator, successor, "dissolve", reason="Không còn đảng viên")
    refused = await administrator.post(f"/v1/standings/{wrong['id']}/revoke", json={"reason": "Nhầm người"})
    assert (refused.status_code, refused.json()["code"]) == (409, "organisation_has_ended")


async def test_an_exemption_goes_along_to_another_branch_and_ends_there(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    exempt = await decided(signed_in(world.secretary), world.member, EXEMPT | {"starts_on": "2026-11-01"})
    await jobs.run()
    assert (await inbox(signed_in(world.member)))[0]["body"] == "Từ ngày 01/11/2026 đến ngày 31/05/2027"
    await moved(signed_in(world.secretary), signed_in(world.sister_secretary), world.member, world.branch_b)
    assert (await signed_in(world.secretary).get(f"/v1/standings/{exempt['id']}")).status_code == 404
    new = signed_in(world.sister_secretary)
    ended = await patched(new, exempt, "2026-11-30")
    assert ended.status_code == 200, ended.text
    rows = [row for row in await standings_of(database, world.member) if row[0] == "temporarily_exempt"]
    assert rows == [
        ("temporarily_exempt", world.branch_a, date(2026, 11, 1), date(2026, 11, 21)),
        ("temporarily_exempt", world.branch_b, date(2026, 11, 22), date(2026, 11, 30)),
    ]
    taken_back = await new.post(f"/v1/standings/{exempt['id']}/revoke", json={"reason": "Nhầm người"})
    assert taken_back.status_code == 200
    kinds = {row[0] for row in await standings_of(database, world.member)}
    assert kinds == {"official", "transferred"}
    await jobs.run()
    assert "Đã hủy vì ghi nhầm" in {item["body"] for item in await inbox(signed_in(world.member))}


@pytest.mark.parametrize("how", ["merge", "transfer"])
@pytest.mark.parametrize("until", ["2026-11-21", "2026-11-30"])
async def test_an_exemption_that_ended_on_the_eve_of_a_move_is_prolonged_in_the_new_branch(
    how: str, until: str, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    body = EXEMPT | {"starts_on": "2026-11-01", "ends_on": until}
    exempt = await decided(signed_in(world.secretary), world.member, body)
    if how == "merge":
        await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    else:
        await moved(signed_in(world.secretary), signed_in(world.sister_secretary), world.member, world.branch_b)
    new = signed_in(world.sister_secretary)
    for day in ("2026-11-21", "2026-12-31", "2026-12-15"):
        assert (await patched(new, exempt, day)).status_code == 200
    rows = [row for row in await standings_of(database, world.member) if row[0] == "temporarily_exempt"]
    assert rows == [
        ("temporarily_exempt", world.branch_a, date(2026, 11, 1), date(2026, 11, 21)),
        ("temporarily_exempt", world.branch_b, date(2026, 11, 22), date(2026, 12, 15)),
    ]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"starts_on": "1969-12-31"}, "/starts_on", "before_birth"),
        ({"starts_on": "2001-05-18"}, "/starts_on", "before_membership"),
        ({"ends_on": "2026-11-21"}, "/ends_on", "ends_before_start"),
        ({"ends_on": None}, "/ends_on", "end_missing"),
        ({"kind": "suspended"}, "/decision_number", "decision_number_missing"),
        (REMOVED | {"ends_on": "2027-01-01"}, "/ends_on", "end_not_fitting"),
        (REMOVED | {"starts_on": "2026-11-23", "ends_on": None}, "/starts_on", "date_in_future"),
    ],
)
async def test_what_contradicts_itself_is_refused(
    changes: dict[str, Any], pointer: str, code: str, world: World, signed_in: SignedIn
) -> None:
    answer = await post_standing(signed_in(world.secretary), world.member, EXEMPT | changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "fields_not_valid")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]


async def test_exemption_is_not_prolonged_into_the_next_one_which_stays_apart(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    first = await decided(secretary, world.member, EXEMPT | {"ends_on": "2027-02-28"})
    await decided(secretary, world.member, EXEMPT | {"starts_on": "2027-04-01", "ends_on": "2027-06-30"})
    refused = await patched(secretary, first, "2027-06-30")
    assert (refused.status_code, refused.json()["code"]) == (409, "standings_overlap")
    assert (await patched(secretary, first, "2027-03-31")).status_code == 200
    rows = [row[2:] for row in await standings_of(database, world.member) if row[0] == "temporarily_exempt"]
    assert rows == [(date(2026, 11, 22), date(2027, 3, 31)), (date(2027, 4, 1), date(2027, 6, 30))]
    assert (await patched(secretary, first, "2027-01-31")).status_code == 200


async def test_nobody_decides_about_themself_twice_or_about_what_is_over(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    own = await post_standing(secretary, world.secretary, EXEMPT)
    assert (own.status_code, own.json()["code"]) == (403, "not_for_your_post")
    exempt = await decided(secretary, world.member, EXEMPT | {"ends_on": "2026-11-25"})
    twice = await post_standing(secretary, world.member, EXEMPT | {"starts_on": "2026-11-25"})
    assert (twice.status_code, twice.json()["code"]) == (409, "standings_overlap")
    early = await patched(secretary, exempt, "2026-11-20")
    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "too_early")
    clock.advance(days=5)
    secretary = signed_in(world.secretary)
    over = await patched(secretary, exempt, "2026-12-25")
    assert (over.status_code, over.json()["code"]) == (409, "standing_over")
    final = await decided(secretary, world.member, REMOVED)
    refused = await patched(secretary, final, "2026-12-25")
    assert (refused.status_code, refused.json()["code"]) == (409, "standing_final")


@pytest.mark.parametrize("how", ["merge", "split"])
async def test_what_happened_before_a_merger_or_a_split_is_entered_with_its_day(
    how: str, world: World, signed_in: SignedIn
) -> None:
    administrator = signed_in(world.administrator)
    if how == "merge":
        await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    else:
        part = {"name": "Chi bộ thôn Đông mới", "member_ids": [world.member.member_id]}
        await done(administrator, world.branch_a, "split", parts=[part])
    died = {"kind": "deceased", "starts_on": "2026-11-19", "reason": REASON}
    view = await decided(administrator, world.member, died)
    assert view["starts_on"] == "2026-11-19"
    before = await post_standing(administrator, world.away, {**EXEMPT, "starts_on": "1999-05-19"})
    assert (before.status_code, before.json()["errors"][0]["code"]) == (422, "before_membership")
