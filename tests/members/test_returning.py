"""Who has gone for good keeps their numbers as history, and comes back as anybody comes: entered, or by a roster."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from tests.admissions.test_admitting import post_candidate
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn
from tests.factories.members import HIEN, new_member
from tests.factories.transfers import LETTER, took
from tests.factories.world import World
from tests.identity.steps import try_to_activate, try_to_sign_in, whoami
from tests.members.imports.files import HEADINGS, person, workbook

EXPELLED: Json = {
    "kind": "expelled",
    "starts_on": "2026-11-20",
    "reason": "Vi phạm kỷ luật",
    "decision_number": "12-QĐ/UBKT",
}
MISTAKE: Json = {"reason": "Nhầm người"}


async def post_member(keeper: AsyncClient, branch: UUID, **changes: Any) -> Response:
    return await keeper.post(f"/v1/organisations/{branch}/members", json=new_member(**changes))


async def enrolled(keeper: AsyncClient, branch: UUID, **changes: Any) -> Json:
    answer = await post_member(keeper, branch, **changes)
    assert answer.status_code == 201, answer.text
    member: Json = answer.json()
    return member


async def expelled(keeper: AsyncClient, member: Json, **changes: Any) -> Json:
    answer = await keeper.post(f"/v1/members/{member['id']}/standings", json=EXPELLED | changes)
    assert answer.status_code == 201, answer.text
    decision: Json = answer.json()
    return decision


async def gone_elsewhere(keeper: AsyncClient, member: Json) -> str:
    body = LETTER | {"to_place": "Đảng bộ phường Bến Thành, TP. Hồ Chí Minh"}
    started = await keeper.post(f"/v1/members/{member['id']}/transfers", json=body)
    assert started.status_code == 201, started.text
    transfer: str = started.json()["id"]
    await took(keeper, transfer, "accept", received_on="2026-11-22")
    return transfer


async def signs_in(client: AsyncClient, keeper: AsyncClient, member: Json) -> None:
    """With a code of their own, and then with number and password."""
    code = await keeper.post(f"/v1/members/{member['id']}/activation-code")
    assert code.status_code == 201, code.text
    activated = await try_to_activate(client, code.json()["activation_code"])
    assert activated.status_code == 200, activated.text
    tokens = await try_to_sign_in(client, HIEN["phone"])
    assert tokens.status_code == 200, tokens.text
    assert (await whoami(client, tokens.json())).json()["member_id"] == member["id"]


@pytest.mark.parametrize("kind", ["expelled", "deceased"])
@pytest.mark.parametrize("there", ["branch_a", "branch_b"])
async def test_who_was_put_out_is_entered_anew_and_the_old_record_keeps_its_numbers(
    there: str, kind: str, world: World, signed_in: SignedIn, client: AsyncClient
) -> None:
    old = signed_in(world.secretary)
    before = await enrolled(old, world.branch_a)
    await signs_in(client, old, before)
    await expelled(old, before, kind=kind)
    new = old if there == "branch_a" else signed_in(world.sister_secretary)
    answer = await post_member(new, getattr(world, there))
    assert answer.status_code == 201, answer.text
    again: Json = answer.json()
    assert before["id"] not in answer.text
    if there == "branch_b":
        assert (await new.get(f"/v1/members/{before['id']}")).status_code == 404
    history = (await old.get(f"/v1/members/{before['id']}")).json()
    assert (history["card_number"], history["phone"]) == (again["card_number"], again["phone"])
    assert [row["kind"] for row in history["standings"]] == ["probationary", "official", kind]
    assert [row["kind"] for row in again["standings"]] == ["probationary", "official"]
    await signs_in(client, new, again)


async def test_who_went_to_a_place_outside_the_system_comes_back(
    world: World, signed_in: SignedIn, client: AsyncClient
) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    for keeper, branch in ((old, world.branch_a), (new, world.branch_b), (old, world.branch_a)):
        member = await enrolled(keeper, branch)
        await signs_in(client, keeper, member)
        await gone_elsewhere(keeper, member)
        assert (await try_to_sign_in(client, HIEN["phone"])).status_code == 401


async def test_who_was_put_out_is_a_candidate_again(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    numbers = {"citizen_id": HIEN["citizen_id"], "phone": HIEN["phone"]}
    before = await enrolled(secretary, world.branch_a)
    refused = await post_candidate(secretary, world, **numbers)
    assert (refused.status_code, refused.json()["code"]) == (409, "citizen_id_taken")
    await expelled(secretary, before)
    assert (await post_candidate(secretary, world, **numbers)).status_code == 201
    # Who is in the pool is there: nobody else has their numbers.
    assert (await post_member(secretary, world.branch_a)).json()["code"] == "citizen_id_taken"


async def test_a_roster_takes_back_who_has_gone_and_tells_only_who_may_know_of_the_old_record(
    world: World, signed_in: SignedIn
) -> None:
    secretary, sister = signed_in(world.secretary), signed_in(world.sister_secretary)
    row = person(name="Mai Văn Tài", post=None)
    files = {"file": ("danh-sach.xlsx", workbook([HEADINGS, row]))}

    async def sent(keeper: AsyncClient, branch: UUID, *, commits: bool = False) -> Json:
        data = {"commit": "true"} if commits else {}
        answer = await keeper.post(f"/v1/organisations/{branch}/member-imports", files=files, data=data)
        assert answer.status_code == 200, answer.text
        report: Json = answer.json()
        assert report["created_count"] == commits
        return report

    def codes(report: Json) -> set[str]:
        return {finding["code"] for finding in report["rows"][0]["findings"]}

    await sent(secretary, world.branch_a, commits=True)
    assert "already_in_branch" in codes(await sent(secretary, world.branch_a))
    assert {"card_number_taken", "phone_taken"} <= codes(await sent(sister, world.branch_b))
    listed = (await secretary.get(f"/v1/organisations/{world.branch_a}/members?q=tai")).json()["items"]
    await expelled(secretary, listed[0])

    told = await sent(secretary, world.branch_a)
    (finding,) = (one for one in told["rows"][0]["findings"] if one["code"] == "same_person_perhaps")
    assert finding["detail"].startswith("Chi bộ thôn Đông có hồ sơ của người đã thôi sinh hoạt")
    assert codes(await sent(sister, world.branch_b)) == codes(told) - {"same_person_perhaps"}
    await sent(sister, world.branch_b, commits=True)
    assert "card_number_taken" in codes(await sent(secretary, world.branch_a))


async def test_a_number_of_who_has_gone_is_free_for_a_correction_too(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    before = await enrolled(secretary, world.branch_a)
    address = f"/v1/members/{world.member.member_id}"

    async def corrected(number: str) -> Response:
        etag = (await secretary.get(address)).headers["ETag"]
        return await secretary.patch(address, json={"phone": number}, headers={"If-Match": etag})

    assert (await corrected(HIEN["phone"])).json()["code"] == "phone_taken"
    await expelled(secretary, before)
    assert (await corrected(HIEN["phone"])).status_code == 200


@pytest.mark.parametrize("number", ["card_number", "citizen_id", "phone"])
async def test_an_end_is_not_taken_back_while_somebody_else_has_a_number_of_theirs(
    number: str, world: World, signed_in: SignedIn
) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    before = await enrolled(old, world.branch_a)
    decision = await expelled(old, before)
    others = {"card_number": None, "citizen_id": None, "phone": None, number: HIEN[number]}
    again = await enrolled(new, world.branch_b, **others)
    refused = await old.post(f"/v1/standings/{decision['id']}/revoke", json=MISTAKE)
    assert (refused.status_code, refused.json()["code"]) == (409, f"{number}_taken")
    assert again["id"] not in refused.text
    assert (await old.get(f"/v1/standings/{decision['id']}")).json()["revoked_because"] is None
    await expelled(new, again)
    assert (await old.post(f"/v1/standings/{decision['id']}/revoke", json=MISTAKE)).status_code == 200
    assert (await post_member(new, world.branch_b)).json()["code"] == "card_number_taken"


async def test_a_correction_that_comes_too_late_says_how_they_come_back(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    decision = await expelled(
        signed_in(world.secretary), await enrolled(signed_in(world.secretary), world.branch_a), kind="deceased"
    )
    clock.advance(days=31)
    secretary = signed_in(world.secretary)
    late = await secretary.post(f"/v1/standings/{decision['id']}/revoke", json=MISTAKE)
    assert (late.status_code, late.json()["code"]) == (409, "correction_too_late")
    assert "nhập" in late.json()["title"]
    await enrolled(secretary, world.branch_a)


async def test_administrators_find_the_record_of_before_with_that_of_today(world: World, signed_in: SignedIn) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    before = await enrolled(old, world.branch_a)
    await expelled(old, before)
    again = await enrolled(new, world.branch_b)
    administrator = signed_in(world.administrator)
    pairs = (await administrator.get(f"/v1/organisations/{world.commune}/duplicate-members")).json()["items"]
    assert [{pair["first"]["id"], pair["second"]["id"]} for pair in pairs] == [{before["id"], again["id"]}]
    assert pairs[0]["likenesses"] == ["card_number", "citizen_id", "name_and_birth_date"]
    assert (await new.get(f"/v1/organisations/{world.commune}/duplicate-members")).status_code in {403, 404}


async def test_a_transfer_within_the_system_keeps_the_numbers_taken(world: World, signed_in: SignedIn) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    member = await enrolled(old, world.branch_a)
    here, there, here_id, there_id = old, new, world.branch_a, world.branch_b
    for _ in range(2):  # and back, where they had left
        body = LETTER | {"to_organisation_id": str(there_id), "letter_on": "2026-11-22"}
        started = await here.post(f"/v1/members/{member['id']}/transfers", json=body)
        assert started.status_code == 201, started.text
        await took(there, started.json()["id"], "accept", received_on="2026-11-22")
        assert (await post_member(here, here_id)).json()["code"] == "card_number_taken"
        here, there, here_id, there_id = there, here, there_id, here_id


async def test_of_those_who_come_back_under_one_number_at_once_one_is_entered(
    people: World, client_of: SignedIn
) -> None:
    old, new = client_of(people.secretary), client_of(people.sister_secretary)
    before = await enrolled(old, people.branch_a)
    decision = await expelled(old, before)
    answers = await asyncio.gather(
        post_member(old, people.branch_a),
        post_member(new, people.branch_b),
        old.post(f"/v1/standings/{decision['id']}/revoke", json=MISTAKE),
    )
    assert sorted(answer.status_code // 100 for answer in answers) == [2, 4, 4]
    assert {answer.status_code for answer in answers if not answer.is_success} == {409}
