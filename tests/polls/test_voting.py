import pytest
from sqlalchemy import text

from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import SignedIn
from tests.factories.members import add_standing
from tests.factories.polls import all_cast, cast, drafted_poll, opened_poll, raised, seen, stepped
from tests.factories.world import World


async def test_ballot_is_counted_and_shown_to_its_voter_without_the_choice(world: World, signed_in: SignedIn) -> None:
    for secrecy in ("open", "secret"):
        poll_id = await opened_poll(signed_in(world.secretary), world.branch_a, secrecy=secrecy)
        before = await seen(signed_in(world.member), poll_id)
        assert (before["secrecy"], before["may_vote"], before["my_ballot_cast"]) == (secrecy, True, False)
        answer = await cast(signed_in(world.member), poll_id, "against")
        receipt = answer.json()
        assert (answer.status_code, receipt["my_ballot_cast"], receipt["already_cast"]) == (200, True, False)
        assert (receipt["voted_count"], receipt["tally"]) == (1, None)
        assert "against" not in answer.text.replace('"against_count"', "")
        other = await seen(signed_in(world.away), poll_id)
        assert (other["voted_count"], other["my_ballot_cast"], other["tally"]) == (1, False, None)


async def test_second_ballot_of_a_secret_poll_changes_nothing_and_tells_nothing(
    world: World, signed_in: SignedIn
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    poll_id = await opened_poll(secretary, world.branch_a, secrecy="secret")
    await cast(member, poll_id, "for")
    same, other = await cast(member, poll_id, "for"), await cast(member, poll_id, "against")
    assert same.status_code == other.status_code == 200
    assert same.json() == other.json()
    assert same.json()["already_cast"] is True
    closed = await stepped(secretary, poll_id, "close")
    assert (closed["tally"]["for_count"], closed["tally"]["against_count"]) == (1, 0)
    late = await cast(member, poll_id, "other")
    assert (late.status_code, late.json()["already_cast"]) == (200, True)  # the first answer was lost on the way


async def test_second_ballot_of_an_open_poll_is_the_same_or_refused(world: World, signed_in: SignedIn) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    poll_id = await opened_poll(secretary, world.branch_a)
    await cast(member, poll_id, "for")
    same, other = await cast(member, poll_id, "for"), await cast(member, poll_id, "against")
    assert (same.status_code, same.json()["already_cast"]) == (200, True)
    assert (other.status_code, other.json()["code"]) == (409, "ballot_already_cast")
    await stepped(secretary, poll_id, "close")
    assert (await cast(member, poll_id, "for")).json()["already_cast"] is True
    assert (await cast(member, poll_id, "against")).json()["code"] == "poll_not_open"


async def test_who_has_no_vote_is_refused_by_name_and_strangers_know_of_nothing(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        # A guest from the sister branch; and one who once was of this branch, and now is of another.
        await add_standing(session, world.sister_member.member_id, world.branch_a, StandingKind.temporary_guest)
        await add_standing(session, world.stranger.member_id, world.branch_a, StandingKind.transferred)
        await session.commit()
    poll_id = await opened_poll(signed_in(world.secretary), world.branch_a)
    for person in (world.probationary, world.sister_member, world.stranger):
        answer = await cast(signed_in(person), poll_id)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_an_elector"), person.full_name
    assert (await seen(signed_in(world.probationary), poll_id))["may_vote"] is False
    for person in (world.sister_member, world.stranger):
        assert (await signed_in(person).get(f"/v1/polls/{poll_id}")).status_code == 404
    for person in (world.sister_secretary, world.officer, world.administrator, world.auditor):
        assert (await cast(signed_in(person), poll_id)).json()["code"] == "poll_not_found"
    assert (await cast(signed_in(world.former), poll_id)).status_code == 401
    assert (await seen(signed_in(world.secretary), poll_id))["voted_count"] == 0


async def test_ballot_before_the_opening_and_after_the_close_is_refused(world: World, signed_in: SignedIn) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    poll_id = await drafted_poll(secretary, world.branch_a)
    assert (await cast(secretary, poll_id)).json()["code"] == "poll_not_open"
    assert (await cast(member, poll_id)).status_code == 404
    hands = {world.phoneless: "for"}
    assert (await raised(secretary, poll_id, hands)).json()["code"] == "poll_not_open"
    await stepped(secretary, poll_id, "open")
    await stepped(secretary, poll_id, "close")
    for answer in (await cast(member, poll_id), await raised(secretary, poll_id, hands)):
        assert (answer.status_code, answer.json()["code"]) == (409, "poll_not_open")


@pytest.mark.parametrize("choice", ["abstain", "", None, 1, ["for"], "For"])
async def test_choice_that_is_none_is_refused_by_its_pointer(world: World, signed_in: SignedIn, choice: object) -> None:
    poll_id = await opened_poll(signed_in(world.secretary), world.branch_a)
    answer = await signed_in(world.member).put(f"/v1/polls/{poll_id}/ballot", json={"choice": choice})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/choice")


async def test_hands_raised_in_the_room_say_who_entered_them(world: World, signed_in: SignedIn) -> None:
    taker, secretary = signed_in(world.minute_taker), signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    entered = await raised(taker, poll_id, {world.phoneless: "against", world.away: "other", world.member: "for"})
    assert (entered.status_code, entered.json()["voted_count"]) == (200, 3)
    # Corrected by another hand; entered again without a change; and a member's own word stands instead of it.
    await raised(secretary, poll_id, {world.phoneless: "for", world.member: "for"})
    own = await cast(signed_in(world.away), poll_id, "against")
    assert (own.status_code, own.json()["already_cast"]) == (200, False)
    await stepped(secretary, poll_id, "close")
    answer = await signed_in(world.probationary).get(f"/v1/polls/{poll_id}/votes?limit=2")
    rest = await signed_in(world.probationary).get(
        f"/v1/polls/{poll_id}/votes", params={"cursor": answer.json()["next_cursor"]}
    )
    votes = [(vote["full_name"], vote["choice"], vote["entered_by"]) for vote in answer.json()["items"]]
    votes += [(vote["full_name"], vote["choice"], vote["entered_by"]) for vote in rest.json()["items"]]
    assert votes == [
        (world.member.full_name, "for", str(world.minute_taker.member_id)),
        (world.away.full_name, "against", str(world.away.member_id)),
        (world.phoneless.full_name, "for", str(world.secretary.member_id)),
    ]


async def test_show_of_hands_with_the_writers_own_is_corrected_as_a_whole(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    await cast(signed_in(world.member), poll_id, "for")
    await raised(secretary, poll_id, {world.secretary: "for", world.phoneless: "for"})
    again = await raised(secretary, poll_id, {world.secretary: "for", world.phoneless: "against"})
    assert (again.status_code, again.json()["voted_count"]) == (200, 3)
    changed = await raised(secretary, poll_id, {world.secretary: "against", world.phoneless: "for"})
    assert (changed.status_code, changed.json()["code"]) == (409, "member_voted_themselves")
    assert [field["pointer"] for field in changed.json()["errors"]] == ["/votes/0/member_id"]
    for caller, hands in (
        (secretary, {world.secretary: "for", world.member: "for"}),
        (signed_in(world.minute_taker), {world.secretary: "for", world.phoneless: "for"}),
    ):
        others = await raised(caller, poll_id, hands)  # else who asks would learn of the choice that passes
        assert (others.status_code, others.json()["code"]) == (409, "member_voted_themselves")
    closed = await stepped(secretary, poll_id, "close")
    assert (closed["tally"]["for_count"], closed["tally"]["against_count"]) == (2, 1)


async def test_hand_votes_are_entered_all_or_none(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    await cast(signed_in(world.member), poll_id, "for")
    own = await raised(secretary, poll_id, {world.phoneless: "for", world.member: "for"})
    assert (own.status_code, own.json()["code"]) == (409, "member_voted_themselves")
    assert [(field["pointer"], field["code"]) for field in own.json()["errors"]] == [
        ("/votes/1/member_id", "member_voted_themselves")
    ]
    none = await raised(
        secretary,
        poll_id,
        {world.probationary: "for", world.phoneless: "for", world.former: "for", world.stranger: "for"},
    )
    assert (none.status_code, none.json()["code"]) == (403, "not_an_elector")
    assert [field["pointer"] for field in none.json()["errors"]] == [f"/votes/{n}/member_id" for n in (0, 2, 3)]
    twice = {"member_id": str(world.phoneless.member_id), "choice": "for"}
    for votes, pointer in (([twice, twice], "/votes/1/member_id"), ([], "/votes"), ([twice] * 201, "/votes")):
        answer = await secretary.post(f"/v1/polls/{poll_id}/hand-votes", json={"votes": votes})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await raised(signed_in(world.member), poll_id, {world.phoneless: "for"})).status_code == 403
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM votes")) == 1


async def test_secret_poll_takes_no_hands_and_shows_no_names(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a, secrecy="secret")
    hands = await raised(secretary, poll_id, {world.phoneless: "for"})
    assert (hands.status_code, hands.json()["code"]) == (409, "poll_is_secret")
    await all_cast(signed_in, world, poll_id)
    await stepped(secretary, poll_id, "close")
    votes = await secretary.get(f"/v1/polls/{poll_id}/votes")
    assert (votes.status_code, votes.json()["code"]) == (409, "poll_is_secret")


async def test_names_are_shown_after_the_close_to_the_branch_alone(world: World, signed_in: SignedIn) -> None:
    secretary, officer = signed_in(world.secretary), signed_in(world.officer)
    poll_id = await opened_poll(secretary, world.branch_a)
    early = await secretary.get(f"/v1/polls/{poll_id}/votes")
    assert (early.status_code, early.json()["code"]) == (409, "poll_not_closed")
    assert (await officer.get(f"/v1/polls/{poll_id}")).status_code == 404
    await all_cast(signed_in, world, poll_id)
    await stepped(secretary, poll_id, "close")
    figures = await seen(officer, poll_id)
    assert (figures["tally"]["for_count"], figures["tally"]["percent"], figures["tally"]["passed"]) == (4, 80.0, True)
    assert (await officer.get(f"/v1/polls/{poll_id}/votes")).json()["code"] == "not_for_your_post"
    assert (await signed_in(world.sister_member).get(f"/v1/polls/{poll_id}/votes")).status_code == 404
