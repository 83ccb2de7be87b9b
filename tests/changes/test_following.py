"""What happens to one thing shows otherwise in another, of a feature above: phones are told of both."""

import pytest
from httpx import AsyncClient

from tests.changes.phones import fresh, named
from tests.documents.asking import uploaded
from tests.factories import announcements, resolutions
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, drafted, inbox, took
from tests.factories.minutes import over
from tests.factories.polls import opened_poll, post_poll, seen, stepped
from tests.factories.rolls import put_roll
from tests.factories.transfers import moved
from tests.factories.world import World
from tests.worker import JobRunner

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


async def test_phones_hear_that_a_resolution_names_no_meeting_any_more_once_its_draft_is_discarded(
    world: World, secretary: AsyncClient, member: AsyncClient
) -> None:
    meeting, other = [await drafted(secretary, world.branch_a) for _ in range(2)]
    opened = await resolutions.opened(secretary, world.branch_a, meeting_id=meeting)
    draft = await resolutions.drafted(secretary, world.branch_a, meeting_id=meeting)
    await resolutions.opened(secretary, world.branch_a, meeting_id=other)
    polls = [(await post_poll(secretary, one)).json()["id"] for one in (meeting, other)]
    phone, theirs = await fresh(member), await fresh(secretary)
    assert phone.of("resolution")[opened["id"]]["meeting_id"] == meeting
    addresses = [f"/v1/resolutions/{one['id']}" for one in (opened, draft)]
    before = [(await secretary.get(address)).headers["ETag"] for address in addresses]

    refused = await secretary.delete(f"/v1/meetings/{meeting}", headers={"If-Match": '"7"'})
    assert refused.status_code == 412
    assert await phone.catch_up(member) == []
    assert phone.held == (await fresh(member)).held
    answer = await secretary.delete(f"/v1/meetings/{meeting}", headers={"If-Match": '"1"'})
    assert answer.status_code == 204
    await phone.catch_up(member)
    await theirs.catch_up(secretary)

    assert named(phone) == {("resolution", opened["id"])}
    assert named(theirs) == {("resolution", one["id"]) for one in (opened, draft)}
    assert named(theirs, "delete") == {("meeting", meeting), ("poll", polls[0])}
    assert [(await secretary.get(f"/v1/polls/{one}")).status_code for one in polls] == [404, 200]
    for address, etag, one in zip(addresses, before, (opened, draft), strict=True):
        shown = theirs.of("resolution")[one["id"]]
        assert (shown["meeting_id"], shown["version"], shown["revision"]) == (None, 1, one["revision"] + 1)
        assert shown == (await secretary.get(address)).json()
        assert (await secretary.get(address, headers={"If-None-Match": etag})).status_code == 200
    stale = await secretary.delete(addresses[1], headers={"If-Match": before[1]})
    assert stale.status_code == 412
    assert phone.held == (await fresh(member)).held
    assert theirs.held == (await fresh(secretary)).held


async def test_phones_hear_of_announcements_again_whose_documents_others_may_read_from_now_on(
    world: World, member: AsyncClient, signed_in: SignedIn
) -> None:
    officer = signed_in(world.officer)
    paper = await uploaded(officer, organisation_id=str(world.commune), visibility="committee")
    with_it = {"document_ids": [paper["id"]]}
    told = await announcements.published(officer, world.commune, **with_it)
    draft = await announcements.drafted(officer, world.commune, **with_it)
    withdrawn = await announcements.published(officer, world.commune, **with_it)
    assert (await announcements.remove(officer, withdrawn)).status_code == 204
    await announcements.published(officer, world.commune)
    clients = {"member": member, "officer": officer}
    phones = {name: await fresh(client) for name, client in clients.items()}
    assert phones["member"].of("announcement")[told]["documents"] == []

    async def change(**fields: str) -> None:
        etag = {"If-Match": (await officer.get(f"/v1/documents/{paper['id']}")).headers["ETag"]}
        assert (await officer.patch(f"/v1/documents/{paper['id']}", json=fields, headers=etag)).status_code == 200
        for name, phone in phones.items():
            await phone.catch_up(clients[name])

    for visibility, shown in (("organisation", [paper["id"]]), ("committee", [])):
        await change(visibility=visibility)

        held = phones["member"].of("announcement")
        assert {one for kind, one in named(phones["member"]) if kind == "announcement"} == {told}
        assert [one["id"] for one in held[told]["documents"]] == shown
        assert held[told] == (await member.get(f"/v1/announcements/{told}")).json()
        assert {one for kind, one in named(phones["officer"]) if kind == "announcement"} == {told, draft}
        for name, phone in phones.items():
            assert phone.held == (await fresh(clients[name])).held, name

    await change(visibility="committee", folder="Nghị quyết")
    assert named(phones["officer"]) == {("document", paper["id"])}


async def test_a_branch_hears_of_its_announcement_again_once_the_paper_from_above_that_it_holds_is_hidden(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn
) -> None:
    officer = signed_in(world.officer)
    paper = await uploaded(officer, organisation_id=str(world.commune), visibility="organisation")
    notice = await announcements.published(secretary, world.branch_a, document_ids=[paper["id"]])
    phones = {member: await fresh(member), secretary: await fresh(secretary)}

    hidden = await officer.patch(
        f"/v1/documents/{paper['id']}", json={"visibility": "committee"}, headers={"If-Match": '"1"'}
    )
    assert hidden.status_code == 200

    for client, phone in phones.items():
        assert [one["id"] for one in phone.of("announcement")[notice]["documents"]] == [paper["id"]]
        await phone.catch_up(client)
        assert phone.of("announcement")[notice]["documents"] == []
        assert named(phone, "delete") == {("document", paper["id"])}
        assert phone.held == (await fresh(client)).held


async def test_who_has_lost_their_seat_forgets_the_committees_poll_at_its_close_and_others_never_hear_of_it(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn
) -> None:
    administrator, other = signed_in(world.administrator), signed_in(world.away)
    seat = {"member_id": str(world.member.member_id), "kind": "committee_member", "starts_on": "2026-01-01"}
    granted = await administrator.post(f"/v1/organisations/{world.branch_a}/posts", json=seat)
    meeting = await announced(secretary, world.branch_a, kind="committee")
    poll = (await post_poll(secretary, meeting)).json()["id"]
    await stepped(secretary, poll, "open")
    assert (await administrator.delete(f"/v1/posts/{granted.json()['id']}")).status_code == 204
    phone, theirs = await fresh(member), await fresh(other)
    assert (set(phone.of("poll")), theirs.of("poll")) == ({poll}, {})

    await stepped(secretary, poll, "close")
    await phone.catch_up(member)
    await theirs.catch_up(other)

    assert ("poll", poll) in named(phone, "delete")
    assert ("poll", poll) not in named(theirs, "delete")
    assert phone.held == (await fresh(member)).held


async def test_a_broad_notice_that_was_read_meanwhile_is_forgotten_with_its_announcement(
    world: World, member: AsyncClient, signed_in: SignedIn, jobs: JobRunner
) -> None:
    officer = signed_in(world.officer)
    notice = await announcements.published(officer, world.commune)
    await jobs.run()
    phone = await fresh(member)
    [entry] = await inbox(member)
    assert set(phone.of("notification")) == {entry["id"]}

    assert (await member.put(f"/v1/me/notifications/{entry['id']}/read")).status_code == 204
    assert (await announcements.remove(officer, notice)).status_code == 204
    await phone.catch_up(member)

    assert phone.of("notification") == {}
    assert phone.held == (await fresh(member)).held


async def test_whom_the_roll_no_longer_counts_among_the_present_forgets_the_draft_that_was_sent(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting = await over(world, signed_in, clock)
    secretary, member, other = signed_in(world.secretary), signed_in(world.member), signed_in(world.away)
    theirs = await fresh(other)
    assert (await put_roll(secretary, meeting, (world.phoneless, "excused"))).status_code == 200
    await theirs.catch_up(other)
    assert ("minutes", meeting) not in named(theirs, "delete")  # nobody had been sent them
    assert (await secretary.post(f"/v1/meetings/{meeting}/minutes/send")).status_code == 200
    phone = await fresh(member)
    assert set(phone.of("minutes")) == {meeting}

    assert (await put_roll(secretary, meeting, (world.member, "excused"))).status_code == 200
    await phone.catch_up(member)

    assert phone.of("minutes") == {}
    assert phone.held == (await fresh(member)).held
