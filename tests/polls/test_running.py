from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from app.polls.errors import PollNotFound
from app.polls.models import PollStatus
from app.polls.results.queries import get_decision, list_results
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, drafted, inbox, set_status, took
from tests.factories.polls import POLL, all_cast, cast, drafted_poll, opened_poll, post_poll, raised, seen, stepped
from tests.factories.world import World
from tests.worker import JobRunner


async def changed(client: AsyncClient, poll_id: str, **changes: object) -> Response:
    known = await client.get(f"/v1/polls/{poll_id}")
    return await client.patch(f"/v1/polls/{poll_id}", json=changes, headers={"If-Match": known.headers["ETag"]})


async def test_draft_is_known_to_organisers_alone(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    identifier = str(uuid4())
    answer = await post_poll(secretary, meeting_id, id=identifier, matter="admission", secrecy="secret")
    view = answer.json()
    assert (answer.status_code, view.pop("id"), view.pop("version")) == (201, identifier, 1)
    assert view == {
        "organisation_id": str(world.branch_a),
        "subject_type": "meeting",
        "subject_id": meeting_id,
        "question": POLL["question"],
        "matter": "admission",
        "secrecy": "secret",
        "status": "draft",
        "rule_set": None,
        "electorate_count": None,
        "voted_count": 0,
        "may_vote": False,
        "my_ballot_cast": False,
        "tally": None,
        "opened_at": None,
        "closed_at": None,
    }
    assert (await signed_in(world.member).get(f"/v1/polls/{identifier}")).status_code == 404
    assert (await seen(signed_in(world.minute_taker), identifier))["status"] == "draft"
    again = await post_poll(secretary, meeting_id, id=identifier)
    assert (again.status_code, again.json()["code"]) == (409, "poll_already_exists")


@pytest.mark.parametrize(
    ("field", "value"),
    [("question", ""), ("question", "a\nb"), ("secrecy", "hidden"), ("matter", "x"), ("secrecy", None)],
)
async def test_faulty_draft_is_refused_by_its_pointer(
    world: World, signed_in: SignedIn, field: str, value: object
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    answer = await post_poll(signed_in(world.secretary), meeting_id, **{field: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")


async def test_meeting_that_is_over_or_cancelled_takes_no_polls_and_a_draft_opens_none(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    poll_id = (await post_poll(secretary, meeting_id)).json()["id"]
    early = await secretary.post(f"/v1/polls/{poll_id}/open")
    assert (early.status_code, early.json()["code"]) == (409, "meeting_takes_no_polls")
    for status in ("cancelled", "ended", "minutes_approved", "published"):
        await set_status(database, meeting_id, status)
        for answer in (await post_poll(secretary, meeting_id), await secretary.post(f"/v1/polls/{poll_id}/open")):
            assert (answer.status_code, answer.json()["code"]) == (409, "meeting_takes_no_polls"), status
    for status in ("postponed", "in_session"):
        await set_status(database, meeting_id, status)
        assert (await post_poll(secretary, meeting_id)).status_code == 201
    assert (await stepped(secretary, poll_id, "open"))["status"] == "open"


async def test_poll_drafted_for_a_meeting_goes_with_its_discarded_draft(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    poll_id = (await post_poll(secretary, meeting_id)).json()["id"]
    known = await secretary.get(f"/v1/meetings/{meeting_id}")
    await secretary.delete(f"/v1/meetings/{meeting_id}", headers={"If-Match": known.headers["ETag"]})
    assert (await secretary.post(f"/v1/polls/{poll_id}/open")).json()["code"] == "poll_not_found"


async def test_draft_changes_and_after_the_opening_nothing_does(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await drafted_poll(secretary, world.branch_a)
    view = (await changed(secretary, poll_id, secrecy="secret", question=None)).json()
    assert (view["secrecy"], view["question"], view["matter"], view["version"]) == (
        "secret",
        POLL["question"],
        "resolution",
        2,
    )
    view = (await changed(secretary, poll_id, question="Kết nạp đồng chí Én", matter="admission")).json()
    assert (view["secrecy"], view["question"], view["matter"]) == ("secret", "Kết nạp đồng chí Én", "admission")
    assert (await changed(signed_in(world.minute_taker), poll_id, secrecy="open")).status_code == 200
    opened = await stepped(secretary, poll_id, "open")
    assert (opened["status"], opened["secrecy"], opened["version"]) == ("open", "open", 5)
    for step in ("open", "close"):
        answer = await changed(secretary, poll_id, secrecy="secret")
        assert (answer.status_code, answer.json()["code"]) == (409, "poll_not_draft")
        assert (await secretary.post(f"/v1/polls/{poll_id}/open")).json()["code"] == "poll_not_draft"
        if step == "open":
            await stepped(secretary, poll_id, "close")
    assert (await secretary.post(f"/v1/polls/{poll_id}/close")).json()["code"] == "poll_not_open"


async def test_discarded_draft_is_gone_with_a_tombstone(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await drafted_poll(secretary, world.branch_a)
    known = await secretary.get(f"/v1/polls/{poll_id}")
    answer = await secretary.delete(f"/v1/polls/{poll_id}", headers={"If-Match": known.headers["ETag"]})
    assert answer.status_code == 204
    assert (await secretary.get(f"/v1/polls/{poll_id}")).status_code == 404
    async with database.session() as session:
        row = await session.execute(text("SELECT op FROM changes WHERE object_type = 'poll'"))
        assert row.scalar_one() == "delete"


async def test_list_shows_each_what_they_may_know_in_pages(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    secretary = signed_in(world.secretary)
    polls = []
    for _ in range(3):
        polls.append(await drafted_poll(secretary, world.branch_a))
        clock.advance(seconds=1)
    draft, opened, closed = polls
    await stepped(secretary, opened, "open")
    await stepped(secretary, closed, "open")
    await stepped(secretary, closed, "close")
    path = f"/v1/organisations/{world.branch_a}/polls"

    async def listed(client: AsyncClient, query: str = "") -> list[str]:
        return [item["id"] for item in (await client.get(path + query)).json()["items"]]

    assert await listed(secretary) == [draft, opened, closed]
    assert await listed(secretary, "?status=draft") == [draft]
    for person in (world.member, world.probationary, world.away):
        assert await listed(signed_in(person)) == [opened, closed]
    assert await listed(signed_in(world.member), "?status=open") == [opened]
    assert await listed(signed_in(world.member), "?status=draft") == []
    assert await listed(signed_in(world.officer)) == [closed]
    assert await listed(signed_in(world.administrator)) == await listed(signed_in(world.auditor)) == []
    first = await secretary.get(path + "?limit=2")
    rest = await secretary.get(path, params={"cursor": first.json()["next_cursor"]})
    assert [item["id"] for item in (*first.json()["items"], *rest.json()["items"])] == polls
    assert (await secretary.get(path + "?status=x")).json()["errors"][0]["pointer"] == "query/status"


async def test_opening_calls_the_electors_and_says_whether_it_is_secret(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    secretary = signed_in(world.secretary)
    for secrecy, vietnamese, english in (
        ("open", "Biểu quyết công khai, có ghi tên", "An open vote: names stand beside the votes"),
        ("secret", "Bỏ phiếu kín", "A secret ballot"),
    ):
        poll_id = await drafted_poll(secretary, world.branch_a, secrecy=secrecy)
        await jobs.run()
        jobs.sender.pushes.clear()
        await stepped(secretary, poll_id, "open")
        await jobs.run()
        told = {person.push_token for person in (world.secretary, world.minute_taker, world.member)}
        assert set(jobs.sender.tokens()) == set(jobs.sender.tokens("poll_opened")) == told  # Berlin sleeps
        message, _ = jobs.sender.pushes[0]
        assert POLL["question"] not in f"{message.title} {message.body}"
        (entry, *_) = [one for one in await inbox(signed_in(world.away)) if one["link"].endswith(poll_id)]
        assert (entry["title"], entry["body"]) == (f"Mời biểu quyết: {POLL['question']}", vietnamese)
        (entry, *_) = [
            one
            for one in await inbox(signed_in(world.member), **{"Accept-Language": "en"})
            if one["link"].endswith(poll_id)
        ]
        assert (entry["title"], entry["body"]) == (f"Please vote: {POLL['question']}", english)
    assert not [one for one in await inbox(signed_in(world.probationary)) if one["type"] == "poll_opened"]


async def test_closed_poll_calls_nobody_any_more(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    await stepped(secretary, poll_id, "close")
    await jobs.run()
    assert jobs.sender.tokens("poll_opened") == []


async def test_opening_ballot_and_close_reach_the_phones_of_those_concerned(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async def scopes(poll_id: str) -> dict[UUID, int]:
        async with database.session() as session:
            rows = await session.execute(
                text("SELECT scope_id, version FROM changes WHERE object_id = CAST(:id AS uuid)"), {"id": poll_id}
            )
            return {row.scope_id: row.version for row in rows}

    secretary = signed_in(world.secretary)
    everybody = {person.member_id for person in world.branch_members} - {world.probationary.member_id}
    for secrecy in ("open", "secret"):
        poll_id = await opened_poll(secretary, world.branch_a, secrecy=secrecy)
        assert await scopes(poll_id) == dict.fromkeys(everybody | {world.branch_a}, 2)
        async with database.session() as session:
            await session.execute(text("DELETE FROM changes"))
            await session.commit()
        await cast(signed_in(world.member), poll_id)
        assert await scopes(poll_id) == {world.branch_a: 2, world.member.member_id: 2}
        await cast(signed_in(world.member), poll_id)
        await stepped(secretary, poll_id, "close")
        assert await scopes(poll_id) == dict.fromkeys(everybody | {world.branch_a}, 3)


async def test_minutes_and_resolutions_read_what_was_decided(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a, secrecy="secret")
    await all_cast(signed_in, world, poll_id)
    meeting_id = UUID((await seen(secretary, poll_id))["subject_id"])
    async with database.session() as session:
        still = await get_decision(session, UUID(poll_id))
        assert (still.status, still.passed, still.denominator, still.voted_count) == (PollStatus.open, None, None, None)
        assert await list_results(session, subject_ids=[meeting_id], organisation_id=world.branch_a) == []
        with pytest.raises(PollNotFound):
            await get_decision(session, uuid4())
    await stepped(secretary, poll_id, "close")
    async with database.session() as session:
        decision = await get_decision(session, UUID(poll_id))
        subjects = [meeting_id, uuid4()]
        assert await list_results(session, subject_ids=subjects, organisation_id=world.branch_b) == []
        (result,) = await list_results(session, subject_ids=subjects, organisation_id=world.branch_a)
    assert (decision.passed, decision.for_count, decision.denominator, decision.voted_count) == (True, 4, 5, 4)
    assert (decision.subject_id, result.poll_id, result.subject_id) == (meeting_id, UUID(poll_id), meeting_id)
    assert (result.question, result.percent, result.denominator, result.voted_count, result.passed) == (
        POLL["question"],
        80.0,
        5,
        4,
        True,
    )


async def test_poll_of_a_cancelled_meeting_calls_nobody_and_can_only_be_closed(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    poll_id = await opened_poll(secretary, world.branch_a)
    meeting_id = (await seen(secretary, poll_id))["subject_id"]
    await cast(secretary, poll_id)
    later = {"starts_at": "2026-12-06T12:30:00Z", "reason": "Mưa bão"}
    await took(secretary, meeting_id, "postpone", later)  # the poll stays open, and its call with it
    await took(secretary, meeting_id, "cancel", {"reason": "Mưa bão"})
    assert (await cast(secretary, poll_id)).json()["already_cast"] is True  # its answer was lost on the way
    assert (await seen(member, poll_id))["may_vote"] is False
    for refused in (await cast(member, poll_id), await raised(secretary, poll_id, {world.phoneless: "for"})):
        assert (refused.status_code, refused.json()["code"]) == (409, "meeting_takes_no_polls")
    await jobs.run()
    assert jobs.sender.tokens("poll_opened") == []
    closed = await stepped(secretary, poll_id, "close")
    assert closed["tally"] == {"for_count": 1, "against_count": 0, "other_count": 0, "percent": 20.0, "passed": False}


async def test_call_to_vote_that_has_not_left_is_withdrawn_with_its_meeting(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    async def called() -> list[bool]:
        """Whether the notices of the poll were withdrawn."""
        async with database.session() as session:
            withdrawn = "SELECT withdrawn_at IS NOT NULL FROM notifications WHERE type = 'poll_opened'"
            return list(await session.scalars(text(withdrawn)))

    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    meeting_id = (await seen(secretary, poll_id))["subject_id"]
    while not await called():
        assert await jobs.run_one()
    later = {"starts_at": "2026-12-06T12:30:00Z", "reason": "Mưa bão"}
    await took(secretary, meeting_id, "postpone", later)
    assert await called() == [False]  # the vote goes on
    await took(secretary, meeting_id, "cancel", {"reason": "Mưa bão"})
    assert await called() == [True]
    await jobs.run()
    assert jobs.sender.tokens("poll_opened") == []


async def test_poll_opened_by_mistake_is_called_off_before_anybody_votes_and_whom_it_called_are_told(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    poll_id = await opened_poll(secretary, world.branch_a)
    await jobs.run()
    assert jobs.sender.tokens("poll_opened") != []
    tag = {"If-Match": f'"{(await seen(secretary, poll_id))["version"]}"'}
    assert (await signed_in(world.probationary).delete(f"/v1/polls/{poll_id}", headers=tag)).status_code == 403

    assert (await secretary.delete(f"/v1/polls/{poll_id}", headers=tag)).status_code == 204
    await jobs.run()

    assert jobs.sender.tokens("poll_called_off") == jobs.sender.tokens("poll_opened")
    assert f"Hủy biểu quyết: {POLL['question']}" in {one["title"] for one in await inbox(member)}
    for answer in (await member.get(f"/v1/polls/{poll_id}"), await cast(member, poll_id)):
        assert (answer.status_code, answer.json()["code"]) == (404, "poll_not_found")
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM electors")) == 0


async def test_poll_called_off_before_the_call_went_out_tells_nobody(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    tag = {"If-Match": f'"{(await seen(secretary, poll_id))["version"]}"'}
    assert (await secretary.delete(f"/v1/polls/{poll_id}", headers=tag)).status_code == 204
    await jobs.run()
    assert {one["type"] for one in await inbox(signed_in(world.member))} & {"poll_opened", "poll_called_off"} == set()


@pytest.mark.parametrize("how", ["open", "secret", "by hand"])
async def test_poll_in_which_somebody_voted_is_not_called_off(world: World, signed_in: SignedIn, how: str) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a, secrecy="secret" if how == "secret" else "open")
    if how == "by hand":
        await raised(secretary, poll_id, {world.phoneless: "for"})
    else:
        await cast(signed_in(world.member), poll_id)
    before = await seen(secretary, poll_id)
    tag = {"If-Match": f'"{before["version"]}"'}
    refused = await secretary.delete(f"/v1/polls/{poll_id}", headers=tag)
    assert (refused.status_code, refused.json()["code"]) == (409, "poll_has_ballots")
    assert await seen(secretary, poll_id) == before
    closed = await stepped(secretary, poll_id, "close")
    late = await secretary.delete(f"/v1/polls/{poll_id}", headers={"If-Match": f'"{closed["version"]}"'})
    assert late.json()["code"] == "poll_not_draft"
