"""Correction requests: a member asks, the keepers of the record decide, and what they see in clear is told."""

from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from app.kernel.security import PostKind
from app.worker import sweep_correction_requests
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.members import give_post
from tests.factories.reorganisations import done
from tests.factories.transfers import moved
from tests.factories.world import World
from tests.worker import JobRunner

MINE = "/v1/me/correction-requests"
Json = dict[str, Any]  # Any: JSON


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def ask(member: AsyncClient, field: str = "born_on", value: str = "1971-02-03", **more: str) -> Json:
    answer = await member.post(MINE, json={"field": field, "value": value, **more})
    assert answer.status_code == 201, answer.text
    asked: Json = answer.json()
    return asked


async def decide(keeper: AsyncClient, request: Json, step: str, **body: str) -> Response:
    return await keeper.post(f"/v1/correction-requests/{request['id']}/{step}", json=body or None)


async def inbox(reader: AsyncClient) -> list[tuple[str, str, str]]:
    answer = await reader.get("/v1/me/notifications")
    return [(item["type"], item["title"], item["body"]) for item in answer.json()["items"]]


async def test_a_request_is_accepted_the_record_says_it_and_both_are_told(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    request = await ask(member, reason="Theo căn cước công dân")
    assert (request["status"], request["value"], request["decided_by"]) == ("pending", "1971-02-03", None)
    await jobs.run()
    assert await inbox(secretary) == [("correction_requested", "Đề nghị sửa hồ sơ", "Ngày sinh")]
    url = f"/v1/organisations/{world.branch_a}/correction-requests?status=pending"
    (listed,) = (await secretary.get(url)).json()["items"]
    assert (listed["id"], listed["member"]["full_name"]) == (request["id"], world.member.full_name)

    accepted = await decide(secretary, request, "accept")
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    assert accepted.json()["decided_by"] == str(world.secretary.member_id)
    assert (await member.get(f"/v1/members/{world.member.member_id}")).json()["born_on"] == "1971-02-03"
    await jobs.run()
    assert await inbox(member) == [("correction_accepted", "Hồ sơ đã được sửa", "Ngày sinh")]
    assert (await secretary.get(url)).json()["items"] == []
    for step, body in (("accept", {}), ("reject", {"reason": "Muộn"})):
        assert code_of(await decide(secretary, request, step, **body)) == (409, "correction_request_settled")
    assert code_of(await decide(member, request, "withdraw")) == (409, "correction_request_settled")
    async with database.session() as session:
        rows = await session.execute(
            text("SELECT code, data FROM events WHERE code LIKE 'privacy.%' OR code = 'members.corrected' ORDER BY id")
        )
        facts = {row.code: row.data for row in rows}
    assert facts.keys() == {"privacy.correction_requested", "members.corrected", "privacy.correction_accepted"}
    assert "1971" not in str(facts)


async def test_an_admission_is_corrected_as_asked_after_a_merger(world: World, signed_in: SignedIn) -> None:
    request = await ask(signed_in(world.member), "admitted_on", "1999-05-19")
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    accepted = await decide(signed_in(world.sister_secretary), request, "accept")
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")


async def test_the_only_leaders_own_request_is_told_to_the_nearest_administrators(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    told = ("correction_requested", "Đề nghị sửa hồ sơ", "Ngày sinh")
    first = await ask(signed_in(world.secretary))
    await jobs.run()
    assert await inbox(signed_in(world.administrator)) == [told]
    assert (await decide(signed_in(world.administrator), first, "accept")).status_code == 200
    # Nearer than the province's.
    await give_post(database, world.officer, PostKind.administrator, world.commune)
    await ask(signed_in(world.secretary), "sex", "female")
    await jobs.run()
    assert [entry[2] for entry in await inbox(signed_in(world.officer))] == ["Giới tính"]
    assert await inbox(signed_in(world.administrator)) == [told]
    # Nearest of all is another leader.
    await give_post(database, world.member, PostKind.deputy_secretary, world.branch_a)
    await ask(signed_in(world.secretary), "full_name", "Nguyễn Văn Ân")
    await jobs.run()
    assert [entry[2] for entry in await inbox(signed_in(world.member))] == ["Họ và tên"]
    assert len(await inbox(signed_in(world.officer))) == 1


@pytest.mark.parametrize("how", ["transfer", "merge"])
async def test_an_open_request_is_told_where_the_member_is_since(
    how: str, world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    request = await ask(signed_in(world.member))
    settled = await ask(signed_in(world.probationary))
    assert (await decide(signed_in(world.secretary), settled, "accept")).status_code == 200
    await jobs.run()
    if how == "transfer":
        await moved(signed_in(world.secretary), signed_in(world.sister_secretary), world.member, world.branch_b)
    else:
        await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    jobs.sender.pushes.clear()
    for _ in range(2):
        await sweep_correction_requests(jobs.office, 0)
        await jobs.run()
    told = [entry for entry in await inbox(signed_in(world.sister_secretary)) if entry[0] == "correction_requested"]
    assert told == [("correction_requested", "Đề nghị sửa hồ sơ", "Ngày sinh")]
    assert jobs.sender.tokens("correction_requested") == [world.sister_secretary.push_token]
    assert (await decide(signed_in(world.sister_secretary), request, "accept")).status_code == 200


async def test_a_rejected_request_says_why_and_leaves_the_record(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    member = signed_in(world.member)
    request = await ask(member, "full_name", "  Lê  Văn   Cương ")
    assert request["value"] == "Lê Văn Cương"
    rejected = await decide(signed_in(world.administrator), request, "reject", reason="Chưa khớp giấy tờ")
    assert (rejected.status_code, rejected.json()["answer"]) == (200, "Chưa khớp giấy tờ")
    await jobs.run()
    assert await inbox(member) == [("correction_rejected", "Không sửa hồ sơ: Họ và tên", "Lý do: Chưa khớp giấy tờ")]
    assert await inbox(signed_in(world.secretary)) == []  # settled before the leaders were told
    record = (await member.get(f"/v1/members/{world.member.member_id}")).json()
    assert record["full_name"] == world.member.full_name
    (mine,) = (await member.get(MINE)).json()["items"]
    assert (mine["status"], mine["answer"]) == ("rejected", "Chưa khớp giấy tờ")


async def test_identifiers_are_masked_in_the_list_and_a_look_at_one_is_told_to_the_member(
    world: World, signed_in: SignedIn
) -> None:
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    phone = await ask(member, "phone", "0912 345 678")
    await ask(member, "citizen_id", "037 060 001 234")
    listed = (await secretary.get(f"/v1/organisations/{world.branch_a}/correction-requests")).json()["items"]
    assert {item["value"] for item in listed} == {"+84*****678", "********1234"}
    assert {item["value"] for item in (await member.get(MINE)).json()["items"]} == {"+84912345678", "037060001234"}
    assert (await member.get("/v1/me/record-views")).json()["items"] == []

    one = f"/v1/correction-requests/{phone['id']}"
    assert (await member.get(one)).json()["value"] == "+84912345678"
    for _ in range(2):
        assert (await secretary.get(one)).json()["value"] == "+84912345678"
    (seen,) = (await member.get("/v1/me/record-views")).json()["items"]
    assert (seen["viewer"]["full_name"], seen["what"]) == (world.secretary.full_name, "correction")
    assert (await decide(secretary, phone, "accept")).json()["value"] == "+84*****678"


async def test_of_each_field_one_request_waits_and_what_is_said_already_is_refused(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    member = signed_in(world.member)
    request = await ask(member)
    again = {"field": "born_on", "value": "1972-01-01"}
    assert code_of(await member.post(MINE, json=again)) == (409, "correction_already_requested")
    same = {"field": "born_on", "value": "1970-01-01"}
    assert code_of(await member.post(MINE, json=same)) == (409, "correction_changes_nothing")
    assert (await decide(member, request, "withdraw")).json()["status"] == "withdrawn"
    clock.advance(seconds=1)
    later = await ask(signed_in(world.member))
    listed = (await signed_in(world.member).get(f"{MINE}?limit=1")).json()
    assert [item["id"] for item in listed["items"]] == [later["id"]]
    rest = (await signed_in(world.member).get(f"{MINE}?cursor={listed['next_cursor']}")).json()
    assert [item["id"] for item in rest["items"]] == [request["id"]]
    url = f"/v1/organisations/{world.branch_a}/correction-requests"
    first = (await signed_in(world.secretary).get(f"{url}?limit=1")).json()
    second = (await signed_in(world.secretary).get(f"{url}?cursor={first['next_cursor']}")).json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [request["id"], later["id"]]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("born_on", "hôm qua", "date_parsing"),
        ("phone", "12", "phone_unreadable"),
        ("citizen_id", "abc", "citizen_id_unreadable"),
        ("card_number", "x", "card_number_unreadable"),
        ("full_name", "123", "name_unreadable"),
        ("full_name", "a" * 121, "value_not_valid"),
        ("sex", "khác", "value_not_valid"),
    ],
)
async def test_a_value_is_judged_as_a_correction_would_be(
    field: str, value: str, code: str, world: World, signed_in: SignedIn
) -> None:
    answer = await signed_in(world.member).post(MINE, json={"field": field, "value": value})
    assert code_of(answer) == (422, "fields_not_valid")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/value", code)]


async def test_what_contradicts_the_record_or_is_somebody_elses_is_refused_when_it_is_accepted(
    world: World, signed_in: SignedIn
) -> None:
    assert world.away.phone is not None
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    taken = await ask(member, "phone", world.away.phone)  # that somebody has it is told to the keeper only
    assert code_of(await decide(secretary, taken, "accept")) == (409, "phone_taken")
    young = await ask(member, "born_on", "1999-01-01")
    assert code_of(await decide(secretary, young, "accept")) == (422, "fields_not_valid")
    assert {item["status"] for item in (await member.get(MINE)).json()["items"]} == {"pending"}


async def test_nobody_decides_their_own_request_and_strangers_do_not_learn_of_one(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    own = await ask(secretary)
    for step, body in (("accept", {}), ("reject", {"reason": "Không"})):
        assert code_of(await decide(secretary, own, step, **body)) == (403, "own_correction_request")
    assert code_of(await decide(signed_in(world.administrator), own, "withdraw")) == (403, "not_for_your_post")
    for person in (world.member, world.officer, world.sister_secretary):
        answer = await signed_in(person).get(f"/v1/correction-requests/{own['id']}")
        assert code_of(answer) == (404, "correction_request_not_found")
    missing = await secretary.get(f"/v1/correction-requests/{world.branch_a}")
    assert code_of(missing) == (404, "correction_request_not_found")
    assert (await decide(signed_in(world.administrator), own, "accept")).status_code == 200
