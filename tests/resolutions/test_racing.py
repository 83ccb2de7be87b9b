"""Steps of resolutions that meet what happens to their meeting or their branch, on a database that really commits."""

from uuid import UUID

import pytest
from sqlalchemy import delete

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase
from app.meetings.models import Meeting
from app.meetings.succession.service import hand_over_meetings
from app.organisations.succession.service import lock_organisations
from app.polls.succession.service import hand_over_polls
from app.resolutions.decisions.service import open_poll
from app.resolutions.succession.service import hand_over_resolutions
from tests.factories.meetings import SignedIn
from tests.factories.meetings import drafted as drafted_meeting
from tests.factories.polls import post_poll
from tests.factories.reorganisations import ask, codes
from tests.factories.resolutions import closed, drafted, polled, post_resolution, put_version, step, voted
from tests.factories.world import World
from tests.racing import Request, waiting


@pytest.mark.parametrize("how", ["draft", "replace"])
async def test_resolution_that_names_a_meeting_being_discarded_is_refused_by_its_pointer(
    how: str, live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await drafted_meeting(secretary, people.branch_a)
    request = (
        post_resolution(secretary, people.branch_a, meeting_id=meeting_id)
        if how == "draft"
        else put_version(secretary, (await drafted(secretary, people.branch_a))["id"], meeting_id=meeting_id)
    )
    async with live.session() as discarding, live.session() as watcher:
        await discarding.execute(delete(Meeting).where(Meeting.id == UUID(meeting_id)))
        naming = await waiting(watcher, request)
        assert not naming.done()
        await discarding.commit()
    refused = await naming
    assert refused.status_code == 422, refused.text
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/meeting_id", "meeting_not_found")]


@pytest.mark.parametrize("what", ["adopt", "draft a poll", "replace"])
async def test_step_that_meets_a_merger_waits_for_it_and_finds_the_resolution_handed_over(
    what: str, live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await drafted_meeting(secretary, people.branch_a)
    resolution_id = (await closed(secretary, people.branch_a))["id"]
    request: Request
    match what:
        case "adopt":
            poll_id = await polled(secretary, resolution_id)
            await voted(client_of, people, poll_id, "for")
            request = step(secretary, resolution_id, "adopt", {"poll_id": poll_id})
        case "replace":
            request = put_version(secretary, resolution_id, meeting_id=meeting_id)
        case _:
            request = step(secretary, resolution_id, "polls", {"question": "Thông qua?", "secrecy": "open"})
    former, successor = people.branch_a, people.branch_b
    async with live.session() as merging, live.session() as watcher:
        await lock_organisations(merging, [former, successor])
        await hand_over_meetings(merging, former, successor_id=successor, by=None)
        asking = await waiting(watcher, request)
        assert not asking.done()
        await hand_over_resolutions(merging, former, successor_id=successor, by=None)
        await merging.commit()
    refused = await asking
    assert (refused.status_code, refused.json()["code"]) == (404, "resolution_not_found")


async def test_discarding_a_draft_meeting_that_meets_a_merger_waits_for_it_and_not_in_a_ring(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await drafted_meeting(secretary, people.branch_a)
    await post_poll(secretary, meeting_id)
    request = secretary.delete(f"/v1/meetings/{meeting_id}", headers={"If-Match": '"1"'})
    former, successor = people.branch_a, people.branch_b
    async with live.session() as merging, live.session() as watcher:
        await lock_organisations(merging, [former, successor])
        asking = await waiting(watcher, request)
        meetings = await hand_over_meetings(merging, former, successor_id=successor, by=None)
        await hand_over_polls(merging, meetings, former_id=former, successor_id=successor, by=None)
        await merging.commit()
    refused = await asking
    assert (refused.status_code, refused.json()["code"]) == (404, "meeting_not_found")


async def test_merger_that_meets_the_opening_of_a_poll_waits_for_it_and_is_refused(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    who = people.secretary
    secretary = client_of(who)
    resolution_id = (await closed(secretary, people.branch_a))["id"]
    question = {"question": "Thông qua?", "secrecy": "open"}
    poll_id = (await step(secretary, resolution_id, "polls", question)).json()["id"]
    async with live.session() as opening, live.session() as watcher:
        actor = await find_actor(opening, session_id=who.session_id, account_id=who.account_id)
        assert actor is not None
        await open_poll(opening, actor, UUID(poll_id))
        administrator = client_of(people.administrator)
        merging = await waiting(watcher, ask(administrator, people.branch_a, "merge", into_id=people.branch_b))
        assert not merging.done()
        await opening.commit()
    refused = await merging
    assert refused.status_code == 409, refused.text
    assert codes(refused.json()["report"]) == ["poll_open"]
