"""Nothing is voted on or adopted that minutes which stand should have said."""

from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import update

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase
from app.meetings.models import Meeting, MeetingStatus
from app.resolutions.decisions.service import open_poll
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced
from tests.factories.meetings import took as held
from tests.factories.minutes import minutes_of, over, stepped
from tests.factories.resolutions import closed, polled, put_version, revised, step, voted
from tests.factories.resolutions import took as decided
from tests.factories.world import World
from tests.racing import waiting


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("steps", [("approve",), ("approve", "publish")])
async def test_draft_of_a_meeting_whose_minutes_stand_is_voted_on_once_it_names_another(
    steps: tuple[str, ...], world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    draft = (await closed(secretary, world.branch_a, meeting_id=meeting_id))["id"]
    await stepped(secretary, meeting_id, *steps)
    question = {"question": "Thông qua?", "secrecy": "open"}
    poll_id = (await step(secretary, draft, "polls", question)).json()["id"]
    assert refusal(await secretary.post(f"/v1/polls/{poll_id}/open")) == (409, "meeting_takes_no_polls")

    later = await announced(secretary, world.branch_a)
    await revised(secretary, draft, meeting_id=later)

    assert (await secretary.post(f"/v1/polls/{poll_id}/open")).status_code == 200
    await voted(signed_in, world, poll_id, "for")
    assert (await decided(secretary, draft, "adopt", {"poll_id": poll_id}))["meeting_id"] == later
    assert refusal(await secretary.post(f"/v1/polls/{poll_id}/open")) == (409, "poll_not_draft")


async def test_what_passed_in_a_meeting_is_not_adopted_after_its_minutes_stand(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    draft = (await closed(secretary, world.branch_a, meeting_id=meeting_id))["id"]
    poll_id = await polled(secretary, draft)
    await voted(signed_in, world, poll_id, "for")
    await stepped(secretary, meeting_id, "approve")
    assert refusal(await step(secretary, draft, "adopt", {"poll_id": poll_id})) == (409, "meeting_takes_no_polls")
    assert (await secretary.get(f"/v1/resolutions/{draft}")).json()["status"] == "closed"
    await decided(secretary, draft, "reject", {"reason": "Chưa đạt"})


@pytest.mark.parametrize("goes_to", ["none", "another"])
async def test_what_passed_before_its_minutes_stood_is_adopted_by_the_same_vote_once_it_names_no_such_meeting(
    goes_to: str, world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    draft = await closed(secretary, world.branch_a, meeting_id=meeting_id)
    poll_id = await polled(secretary, draft["id"])
    await voted(signed_in, world, poll_id, "for")
    stood = await stepped(secretary, meeting_id, "approve")
    assert [one["id"] for one in stood["polls"]] == [poll_id]
    later = None if goes_to == "none" else await announced(secretary, world.branch_a)
    clock.advance(minutes=1)

    moved = await revised(secretary, draft["id"], meeting_id=later)

    assert moved == {**draft, "meeting_id": later, "revision": draft["revision"] + 1}
    adopted = await decided(secretary, draft["id"], "adopt", {"poll_id": poll_id})
    assert (adopted["status"], adopted["meeting_id"], adopted["version"]) == ("adopted", later, 1)
    if later:
        await held(secretary, later, "start")
        await held(secretary, later, "end")
        minutes = await minutes_of(secretary, later)
        assert (minutes["polls"], [one["id"] for one in minutes["resolutions"]]) == ([], [draft["id"]])
    assert (await minutes_of(secretary, meeting_id))["polls"] == stood["polls"]


@pytest.mark.parametrize("what", ["open", "adopt"])
async def test_a_step_that_meets_the_approval_waits_for_it_and_is_refused(
    what: str, live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await announced(secretary, people.branch_a)
    draft = (await closed(secretary, people.branch_a, meeting_id=meeting_id))["id"]
    if what == "open":
        question = {"question": "Thông qua?", "secrecy": "open"}
        poll_id = (await step(secretary, draft, "polls", question)).json()["id"]
        request = secretary.post(f"/v1/polls/{poll_id}/open")
    else:
        poll_id = await polled(secretary, draft)
        await voted(client_of, people, poll_id, "for")
        request = step(secretary, draft, "adopt", {"poll_id": poll_id})
    async with live.session() as approving, live.session() as watcher:
        approved = {"status": MeetingStatus.minutes_approved}
        await approving.execute(update(Meeting).where(Meeting.id == UUID(meeting_id)).values(approved))
        asking = await waiting(watcher, request)
        assert not asking.done()
        await approving.commit()
    assert refusal(await asking) == (409, "meeting_takes_no_polls")


async def test_the_approval_waits_for_a_vote_that_is_being_opened_and_is_refused(
    live: PooledDatabase, people: World, client_of: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(people, client_of, clock)
    secretary = client_of(people.secretary)
    draft = (await closed(secretary, people.branch_a, meeting_id=meeting_id))["id"]
    question = {"question": "Thông qua?", "secrecy": "open"}
    poll_id = (await step(secretary, draft, "polls", question)).json()["id"]
    async with live.session() as opening, live.session() as watcher:
        actor = await find_actor(
            opening, session_id=people.secretary.session_id, account_id=people.secretary.account_id
        )
        assert actor is not None
        await open_poll(opening, actor, UUID(poll_id))
        approving = await waiting(watcher, secretary.post(f"/v1/meetings/{meeting_id}/minutes/approve"))
        assert not approving.done()
        await opening.commit()
    assert refusal(await approving) == (409, "poll_not_closed")


async def test_no_draft_names_a_meeting_whose_minutes_stand(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    draft = await closed(secretary, world.branch_a)
    poll_id = await polled(secretary, draft["id"])
    await stepped(secretary, meeting_id, "approve")
    refused = await put_version(secretary, draft["id"], meeting_id=meeting_id)
    assert refused.status_code == 422, refused.text
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/meeting_id", "minutes_approved")]
    await voted(signed_in, world, poll_id, "for")
    assert (await decided(secretary, draft["id"], "adopt", {"poll_id": poll_id}))["status"] == "adopted"
