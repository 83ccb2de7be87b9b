"""Requests that meet over one meeting, on a database that really commits: each follows the one before it."""

from httpx import Response

from app.kernel.db import PooledDatabase
from tests.factories.meetings import Json, SignedIn, announced
from tests.factories.rolls import begun, code_of, put_roll, roll_of, scan
from tests.factories.world import Person, World
from tests.racing import in_order


def outcomes(answers: list[Response]) -> list[object]:
    return [200 if answer.status_code == 200 else answer.json()["code"] for answer in answers]


def line_of(roll: Json, person: Person) -> Json:
    (line,) = [entry for entry in roll["entries"] if entry["member_id"] == str(person.member_id)]
    return dict(line)


async def test_one_of_two_starts_opens_the_meeting(live: PooledDatabase, people: World, client_of: SignedIn) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await announced(secretary, people.branch_a)
    path = f"/v1/meetings/{meeting_id}/start"
    answers = await in_order(live, meeting_id, secretary.post(path), client_of(people.minute_taker).post(path))
    assert outcomes(answers) == [200, "meeting_not_upcoming"]
    on_roster = [entry["member_id"] for entry in (await roll_of(secretary, meeting_id))["entries"]]
    assert sorted(on_roster) == sorted(str(person.member_id) for person in people.branch_members)


async def test_check_in_and_a_roll_taken_meanwhile_lose_nothing(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary, member = client_of(people.secretary), client_of(people.member)
    meeting_id = await begun(secretary, people.branch_a)
    code = await code_of(secretary, meeting_id)
    seen = (await secretary.get(f"/v1/meetings/{meeting_id}/roll")).headers["ETag"]

    scanned = scan(member, meeting_id, code)
    taken = put_roll(secretary, meeting_id, (people.member, "unexcused"), (people.away, "excused"), etag=seen)
    assert outcomes(await in_order(live, meeting_id, scanned, taken)) == [200, "version_changed"]
    roll = await roll_of(secretary, meeting_id)
    assert (roll["version"], line_of(roll, people.away)["attendance"]) == (2, None)
    assert (line_of(roll, people.member)["attendance"], line_of(roll, people.member)["source"]) == ("present", "code")

    seen = (await secretary.get(f"/v1/meetings/{meeting_id}/roll")).headers["ETag"]
    taken = put_roll(secretary, meeting_id, (people.away, "late"), (people.member, "present"), etag=seen)
    scanned = scan(client_of(people.away), meeting_id, code, online=True)
    assert outcomes(await in_order(live, meeting_id, taken, scanned)) == [200, 200]
    roll = await roll_of(secretary, meeting_id)
    assert roll["version"] == 4
    late = line_of(roll, people.away)
    assert (late["attendance"], late["source"], late["checked_in_at"]) == ("late", "secretary", "2026-11-22T01:00:00Z")
    assert line_of(roll, people.member)["source"] == "code"


async def test_one_of_two_rolls_taken_from_the_same_version_stands(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary, taker = client_of(people.secretary), client_of(people.minute_taker)
    meeting_id = await begun(secretary, people.branch_a)
    seen = (await secretary.get(f"/v1/meetings/{meeting_id}/roll")).headers["ETag"]
    theirs = (await taker.get(f"/v1/meetings/{meeting_id}/roll")).headers["ETag"]
    answers = await in_order(
        live,
        meeting_id,
        put_roll(secretary, meeting_id, (people.member, "present"), etag=seen),
        put_roll(taker, meeting_id, (people.member, "excused"), (people.away, "excused"), etag=theirs),
    )
    assert outcomes(answers) == [200, "version_changed"]
    assert answers[1].status_code == 412
    roll = await roll_of(secretary, meeting_id)
    assert (line_of(roll, people.member)["attendance"], line_of(roll, people.away)["attendance"]) == ("present", None)


async def test_check_in_that_meets_the_end_counts_or_is_refused(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary, member = client_of(people.secretary), client_of(people.member)
    entered = []
    for is_first in (True, False):
        meeting_id = await begun(secretary, people.branch_a)
        steps = [scan(member, meeting_id, await code_of(secretary, meeting_id))]
        steps.insert(is_first, secretary.post(f"/v1/meetings/{meeting_id}/end"))
        answers = await in_order(live, meeting_id, *steps)
        entered.append((*outcomes(answers), line_of(await roll_of(secretary, meeting_id), people.member)["attendance"]))
    assert entered == [(200, 200, "present"), (200, "meeting_not_in_session", "unexcused")]


async def test_one_of_two_ends_closes_the_meeting(live: PooledDatabase, people: World, client_of: SignedIn) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await begun(secretary, people.branch_a)
    path = f"/v1/meetings/{meeting_id}/end"
    answers = await in_order(live, meeting_id, secretary.post(path), client_of(people.minute_taker).post(path))
    assert outcomes(answers) == [200, "meeting_not_in_session"]
    assert (await roll_of(secretary, meeting_id))["version"] == 2


async def test_reply_that_meets_the_start_is_refused_once_the_meeting_has_begun(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary, member = client_of(people.secretary), client_of(people.member)
    meeting_id = await announced(secretary, people.branch_a)
    path = f"/v1/meetings/{meeting_id}"
    started = secretary.post(f"{path}/start")
    replied = member.put(f"{path}/reply", json={"reply": "attending"})
    assert outcomes(await in_order(live, meeting_id, started, replied)) == [200, "reply_closed"]
