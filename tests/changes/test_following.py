"""What happens to one thing shows otherwise in another, of a feature above: phones are told of both."""

import pytest
from httpx import AsyncClient

from tests.changes.phones import fresh, named
from tests.factories.meetings import SignedIn, announced, took
from tests.factories.polls import opened_poll, post_poll, seen, stepped
from tests.factories.transfers import moved
from tests.factories.world import World

pytestmark = pytest.mark.usefixtures("told")


async def test_phones_hear_that_nobody_votes_any_more_in_a_meeting_that_is_called_off(
    world: World, secretary: AsyncClient, member: AsyncClient
) -> None:
    elsewhere = await opened_poll(secretary, world.branch_a)
    meeting = await announced(secretary, world.branch_a)
    draft, poll, over = [(await post_poll(secretary, meeting)).json()["id"] for _ in range(3)]
    for one in (poll, over):
        await stepped(secretary, one, "open")
    await stepped(secretary, over, "close")
    clients = {"member": member, "secretary": secretary}
    phones = {name: await fresh(client) for name, client in clients.items()}
    assert phones["member"].of("poll")[poll]["may_vote"]

    await took(secretary, meeting, "cancel", {"reason": "Mưa bão"})

    for name, phone in phones.items():
        client = clients[name]
        await phone.catch_up(client)
        assert named(phone) == {("meeting", meeting), ("poll", poll)}
        shown = phone.of("poll")[poll]
        assert (shown["status"], shown["may_vote"]) == ("open", False)
        assert shown == await seen(client, poll)
        assert phone.of("poll")[elsewhere]["may_vote"]
        assert phone.held == (await fresh(client)).held
    assert draft in phones["secretary"].of("poll")


async def test_who_moved_away_hears_that_the_meeting_of_their_vote_is_called_off(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn
) -> None:
    poll = await opened_poll(secretary, world.branch_a)
    meeting = (await seen(secretary, poll))["subject_id"]
    await moved(secretary, signed_in(world.sister_secretary), world.member, world.branch_b)
    phone = await fresh(member)
    assert phone.of("poll")[poll]["may_vote"]

    await took(secretary, meeting, "cancel", {"reason": "Mưa bão"})
    await phone.catch_up(member)

    assert named(phone) == {("poll", poll)}
    assert not phone.of("poll")[poll]["may_vote"]
    await stepped(secretary, poll, "close")
    await phone.catch_up(member)
    assert phone.of("poll") == {}
