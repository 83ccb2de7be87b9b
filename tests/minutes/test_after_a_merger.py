"""Papers of branches that are one now: each says what its own members voted, and gave out."""

from httpx import AsyncClient

from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories import resolutions
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, took
from tests.factories.minutes import give_task, minutes_of, over, stepped, text_of
from tests.factories.polls import all_cast, cast, opened_poll, seen
from tests.factories.polls import stepped as stepped_poll
from tests.factories.reorganisations import done
from tests.factories.rolls import give_standing
from tests.factories.world import World


async def merged(world: World, signed_in: SignedIn) -> AsyncClient:
    """Merge branch A into branch B, and return B's secretary."""
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    return signed_in(world.sister_secretary)


async def adopted_by_the_successor(
    world: World, signed_in: SignedIn, clock: FakeClock, meeting_id: str
) -> tuple[AsyncClient, str]:
    """Branch A votes against a draft of its meeting; then it is one with B, whose members vote for it."""
    secretary = signed_in(world.secretary)
    draft = await resolutions.closed(secretary, world.branch_a, meeting_id=meeting_id)
    lost = await resolutions.polled(secretary, draft["id"])
    await resolutions.voted(signed_in, world, lost, "against")
    new = await merged(world, signed_in)
    clock.advance(seconds=1)
    won = await resolutions.polled(new, draft["id"])
    await all_cast(signed_in, world, won)
    assert (await cast(signed_in(world.sister_member), won)).status_code == 200
    await stepped_poll(new, won, "close")
    await resolutions.took(new, draft["id"], "adopt", {"poll_id": won})
    return new, draft["id"]


async def test_minutes_of_the_former_branch_claim_no_vote_of_the_successor(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    new, _ = await adopted_by_the_successor(world, signed_in, clock, meeting_id)

    minutes = await stepped(new, meeting_id, "approve")

    (vote,) = minutes["polls"]
    assert (vote["electorate_count"], vote["in_favour_count"], vote["against_count"]) == (5, 0, 4)
    assert minutes["resolutions"] == []


async def test_minutes_of_the_former_branch_do_not_wait_for_a_vote_of_the_successor(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    draft = await resolutions.closed(signed_in(world.secretary), world.branch_a, meeting_id=meeting_id)
    new = await merged(world, signed_in)
    await resolutions.polled(new, draft["id"])
    assert (await stepped(new, meeting_id, "approve"))["polls"] == []


async def test_successor_votes_on_and_adopts_what_was_before_a_meeting_whose_minutes_stand(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    draft = await resolutions.closed(signed_in(world.secretary), world.branch_a, meeting_id=meeting_id)
    await stepped(signed_in(world.secretary), meeting_id, "approve")
    new = await merged(world, signed_in)
    poll_id = await resolutions.polled(new, draft["id"])
    await all_cast(signed_in, world, poll_id)
    await stepped_poll(new, poll_id, "close")
    adopted = await resolutions.took(new, draft["id"], "adopt", {"poll_id": poll_id})
    assert (adopted["status"], adopted["meeting_id"]) == ("adopted", meeting_id)


async def test_minutes_of_the_successor_claim_no_vote_of_the_former_branch(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    meeting_id = (await seen(secretary, poll_id))["subject_id"]
    await stepped_poll(secretary, poll_id, "close")
    new = await merged(world, signed_in)
    chosen = {"chair_id": str(world.sister_secretary.member_id), "minute_taker_id": str(world.member.member_id)}
    await took(new, meeting_id, "start", chosen)
    await took(new, meeting_id, "end")
    minutes = await minutes_of(new, meeting_id)
    assert (minutes["organisation_id"], minutes["polls"]) == (str(world.branch_b), [])


async def test_paper_of_the_successor_tells_no_tasks_of_the_former_branch(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_b)
    meeting_id = await over(world, signed_in, clock)
    await give_task(database, world, meeting_id, "Thu đảng phí quý IV")
    _, resolution_id = await adopted_by_the_successor(world, signed_in, clock, meeting_id)
    for reader in (world.stranger, world.sister_member, world.member):
        paper = await signed_in(reader).get(f"/v1/resolutions/{resolution_id}/resolution.pdf")
        assert paper.status_code == 200, paper.text
        said = text_of(paper.content)
        assert "tán thành" in said
        assert "Thu đảng phí quý IV Lê Văn Cường" not in said


async def test_what_goes_to_the_successor_with_its_meeting_stands_in_that_meetings_minutes(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    draft = await resolutions.closed(secretary, world.branch_a, meeting_id=meeting_id)
    new = await merged(world, signed_in)
    poll_id = await resolutions.polled(new, draft["id"])
    await all_cast(signed_in, world, poll_id)
    await stepped_poll(new, poll_id, "close")
    await resolutions.took(new, draft["id"], "adopt", {"poll_id": poll_id})
    await took(new, meeting_id, "start", {"chair_id": str(world.sister_secretary.member_id)})
    await took(new, meeting_id, "end")
    minutes = await minutes_of(new, meeting_id)
    assert [one["id"] for one in minutes["resolutions"]] == [draft["id"]]
    assert len(minutes["polls"]) == 1
