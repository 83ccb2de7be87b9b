"""Two branches become one, two communes become one: who is where, what is whose, and what stays readable."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text, update

from app.kernel.security import PostKind
from app.members.models import Member, Standing, StandingKind
from app.organisations.models import Organisation, OrganisationKind
from tests.changes.phones import announce_world, at_their_addresses, fresh, in_their_lists, named, settled
from tests.changes.test_walking import different
from tests.conftest import RolledBackDatabase
from tests.factories import announcements, resolutions, transfers
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, drafted, inbox, said, took
from tests.factories.members import give_post, transfer
from tests.factories.minutes import over, stepped
from tests.factories.reorganisations import ask, codes, done
from tests.factories.rolls import begun, give_standing, put_roll
from tests.factories.transfers import STAY, started
from tests.factories.world import Maker, Person, World
from tests.sms import CollectingSmsSender
from tests.worker import JobRunner


@pytest.fixture
def administrator(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.administrator)


async def test_members_of_a_merged_branch_are_at_home_in_the_other_from_that_day(
    world: World, administrator: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    view = await done(administrator, world.branch_a, "merge", into_id=world.branch_b, reason="Nghị quyết 12")

    assert view["status"] == "carried_out"
    assert view["members_moving"] == 6
    assert sorted(post["kind"] for post in view["posts"]) == ["minute_taker", "secretary"]
    again = (await administrator.get(f"/v1/reorganisations/{view['id']}")).json()
    assert again["posts"] == view["posts"]
    async with database.session() as session:
        kept = await session.scalar(text("SELECT preview::text FROM reorganisations"))
        assert world.secretary.full_name not in kept  # erasing a person leaves no name here
    me = (await signed_in(world.member).get("/v1/me")).json()
    assert me["organisation"]["id"] == str(world.branch_b)
    # Loss bites on the next request.
    secretary = (await signed_in(world.secretary).get("/v1/me")).json()
    assert secretary["posts"] == []
    async with database.session() as session:
        rows = await session.execute(
            select(Standing.organisation_id, Standing.kind, Standing.starts_on, Standing.ends_on)
            .where(Standing.member_id == world.member.member_id)
            .order_by(Standing.starts_on)
        )
        assert rows.all() == [
            (world.branch_a, "official", date(2001, 5, 19), date(2026, 11, 21)),
            (world.branch_b, "official", date(2026, 11, 22), None),
        ]
        left = await session.scalar(
            select(Standing.organisation_id).where(Standing.member_id == world.former.member_id)
        )
        assert left == world.branch_a
    old = (await administrator.get(f"/v1/organisations/{world.branch_a}")).json()
    assert (old["valid_until"], old["successor_id"]) == ("2026-11-21", str(world.branch_b))
    history = (await administrator.get(f"/v1/organisations/{world.branch_a}/history")).json()
    assert [one["id"] for one in history["successors"]] == [str(world.branch_b)]
    assert [(one["name"], one["valid_until"]) for one in history["periods"]] == [("Chi bộ thôn Đông", "2026-11-21")]
    history = (await administrator.get(f"/v1/organisations/{world.branch_b}/history")).json()
    assert [(one["id"], one["kind"]) for one in history["predecessors"]] == [(str(world.branch_a), "merged")]
    children = (await administrator.get(f"/v1/organisations/{world.commune}/children")).json()["items"]
    assert str(world.branch_a) not in {child["id"] for child in children}


async def test_what_was_closed_stays_under_the_old_name_and_what_was_not_goes_to_the_successor(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    held = await over(world, signed_in, clock)
    await stepped(signed_in(world.secretary), held, "send", "approve", "publish")
    unfinished = await over(world, signed_in, clock)
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    told = await announcements.published(secretary, world.branch_a)
    call = await announced(secretary, world.branch_a, starts_at="2026-12-24T12:30:00Z", ends_at=...)
    assert (await said(member, call, "attending")).status_code == 200
    draft = await drafted(secretary, world.branch_a, starts_at="2026-12-26T12:30:00Z", ends_at=...)
    open_one = await resolutions.opened(secretary, world.branch_a)
    comment = await resolutions.commented(member, open_one["id"])
    unsaid = await announcements.drafted(secretary, world.branch_a)
    before = (await member.get(f"/v1/meetings/{held}/minutes")).json()

    view = await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)

    assert codes(view, "warning") == ["minutes_unfinished"]
    assert [(one["id"], one["fate"]) for one in view["meetings"]] == [(call, "moved")]
    assert (view["meeting_drafts"], view["resolutions"], view["announcements"]) == (1, 1, 1)
    # Old minutes, for who belonged there and for the new officers; nobody else of the new branch.
    new = signed_in(world.sister_secretary)
    for reader in (member, new, signed_in(world.officer)):
        minutes = await reader.get(f"/v1/meetings/{held}/minutes")
        assert minutes.json() == before, minutes.text
        assert minutes.json()["organisation"] == "Chi bộ thôn Đông"
    sister = signed_in(world.sister_member)
    assert (await sister.get(f"/v1/meetings/{held}/minutes")).status_code == 404
    assert (await member.get(f"/v1/announcements/{told}")).status_code == 200
    assert told in {item["id"] for item in await announcements.my_announcements(member)}
    assert told not in {item["id"] for item in await announcements.my_announcements(sister)}
    listed = (await member.get(f"/v1/organisations/{world.branch_a}/meetings")).json()["items"]
    assert {item["id"] for item in listed} == {held, unfinished}
    # The calls and drafts are the successor's.
    moved = (await sister.get(f"/v1/meetings/{call}")).json()
    assert moved["organisation_id"] == str(world.branch_b)
    assert (await member.get(f"/v1/meetings/{call}")).json()["my_reply"]["reply"] == "attending"
    assert (await new.get(f"/v1/meetings/{draft}")).json()["organisation_id"] == str(world.branch_b)
    assert (await new.get(f"/v1/announcements/{unsaid}")).json()["organisation_id"] == str(world.branch_b)
    assert (await sister.get(f"/v1/resolutions/{open_one['id']}")).status_code == 200
    assert (await sister.get(f"/v1/comments/{comment['id']}")).status_code == 200
    # Somebody finishes what was not finished; nothing new begins there.
    await stepped(new, unfinished, "send", "approve", "publish")
    refused = await new.post(f"/v1/organisations/{world.branch_a}/resolutions", json=resolutions.a_resolution())
    assert (refused.status_code, refused.json()["code"]) == (409, "organisation_has_ended")


async def _told_and_shown(
    signed_in: SignedIn, people: Sequence[Person], notice: str, path: str
) -> tuple[set[str], set[str]]:
    """Who of them was told, and who is shown what they were told of."""
    clients = {person.full_name: signed_in(person) for person in people}
    told = {name for name, one in clients.items() if notice in {entry["type"] for entry in await inbox(one)}}
    shown = {name for name, one in clients.items() if (await one.get(path)).status_code == 200}
    return told, shown


async def test_minutes_finished_by_the_successor_are_told_to_whoever_can_read_them(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_a)
    held = await over(world, signed_in, clock)
    # There is also who goes to the other branch before it takes this one over.
    entered = await put_roll(signed_in(world.secretary), held, (world.stranger, "present"), (world.away, "present"))
    assert entered.status_code == 200, entered.text
    async with database.session() as session:
        await transfer(session, world.away, to=world.branch_b)
        await session.commit()
    clock.advance(days=2)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    clock.advance(days=1)
    async with database.session() as session:  # and who goes on elsewhere, with what was theirs
        await transfer(session, world.minute_taker, to=world.far_branch)
        await session.commit()

    came = {one.full_name for one in (world.secretary, world.member, world.minute_taker)}
    people = (*(one for one in world.branch_members if one.phone), world.stranger)
    new, path = signed_in(world.sister_secretary), f"/v1/meetings/{held}/minutes"
    await stepped(new, held, "send")
    await jobs.run()
    assert await _told_and_shown(signed_in, people, "minutes_to_review", path) == (came, came)
    await stepped(new, held, "approve", "publish")
    await jobs.run()
    told, shown = await _told_and_shown(signed_in, people, "minutes_published", path)
    missed, _ = await _told_and_shown(signed_in, people, "meeting_missed", path)
    assert (told, missed, shown) == (came, {world.probationary.full_name}, came | missed)


async def test_minutes_of_a_committee_that_is_no_more_are_told_to_organisers_of_the_successor(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    for person in (world.member, world.away):
        await give_post(database, person, PostKind.committee_member, world.branch_a)
    secretary = signed_in(world.secretary)
    held = await begun(secretary, world.branch_a, kind="committee")
    people = (world.secretary, world.member, world.away)
    assert (await put_roll(secretary, held, *((one, "present") for one in people))).status_code == 200
    await took(secretary, held, "end")
    clock.advance(days=1)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    await give_post(database, world.member, PostKind.committee_member, world.branch_b)
    await give_post(database, world.away, PostKind.minute_taker, world.branch_b)

    await stepped(signed_in(world.sister_secretary), held, "send", "approve", "publish")
    await jobs.run()

    readers = {world.away.full_name}
    path = f"/v1/meetings/{held}/minutes"
    assert await _told_and_shown(signed_in, people, "minutes_published", path) == (readers, readers)


async def test_authors_are_told_how_the_successor_answers_where_they_can_read_it(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_a)
    secretary = signed_in(world.secretary)
    view = await resolutions.opened(secretary, world.branch_a)
    authors = (world.member, world.minute_taker, world.away, world.stranger)
    said_by = {one: (await resolutions.commented(signed_in(one), view["id"]))["id"] for one in authors}
    await resolutions.took(secretary, view["id"], "close")
    await resolutions.took(secretary, view["id"], "reject", {"reason": "Chưa đạt quá nửa"})
    async with database.session() as session:
        await transfer(session, world.away, to=world.branch_b)
        await session.commit()
    clock.advance(days=2)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    clock.advance(days=1)
    async with database.session() as session:
        await transfer(session, world.minute_taker, to=world.far_branch)
        await session.commit()

    for comment in said_by.values():
        path = f"/v1/comments/{comment}"
        answered = await signed_in(world.sister_secretary).put(f"{path}/answer", json={"outcome": "taken"})
        assert answered.status_code == 200, answered.text
    await jobs.run()

    told, shown = set(), set()
    for author, comment in said_by.items():
        one, other = await _told_and_shown(signed_in, [author], "comment_answered", f"/v1/comments/{comment}")
        told |= one
        shown |= other
    assert told == shown == {world.member.full_name, world.minute_taker.full_name}


async def test_authors_below_a_merged_commune_are_told_unless_they_have_left(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await give_post(database, world.secretary, PostKind.secretary, world.commune)
    await give_post(database, world.stranger, PostKind.secretary, world.other_commune)
    secretary, authors = signed_in(world.secretary), (world.member, world.probationary)
    view = await resolutions.opened(secretary, world.commune)
    comments = []
    for author in authors:
        await give_post(database, author, PostKind.committee_member, world.commune)
        comments.append(await resolutions.commented(signed_in(author), view["id"]))
    await resolutions.took(secretary, view["id"], "close")
    await resolutions.took(secretary, view["id"], "reject", {"reason": "Chưa đạt quá nửa"})
    clock.advance(days=1)
    await done(signed_in(world.administrator), world.commune, "merge", into_id=world.other_commune)
    await give_standing(database, world.probationary, StandingKind.resigned, world.branch_a)
    for comment in comments:
        path = f"/v1/comments/{comment['id']}/answer"
        assert (await signed_in(world.stranger).put(path, json={"outcome": "taken"})).status_code == 200
    await jobs.run()

    assert jobs.sender.tokens("comment_answered") == [world.member.push_token]
    assert (await signed_in(world.member).get(f"/v1/comments/{comments[0]['id']}")).status_code == 200
    assert (await signed_in(world.probationary).get(f"/v1/comments/{comments[1]['id']}")).status_code == 401


async def test_called_meetings_are_called_off_where_the_preview_said_so_and_people_are_told_once(
    world: World, signed_in: SignedIn, administrator: AsyncClient, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    texts = CollectingSmsSender()
    jobs.office = replace(jobs.office, texts=texts)
    async with database.session() as session:
        whose = Member.id == world.phoneless.member_id
        await session.execute(update(Member).where(whose).values(phone="+84905555555"))
        await session.commit()
    call = await announced(signed_in(world.secretary), world.branch_a, online_url=...)
    await jobs.run()
    jobs.sender.pushes.clear()
    texts.sent.clear()

    view = await done(
        administrator, world.branch_a, "merge", into_id=world.branch_b, meetings="cancel", reason="Nghị quyết 12"
    )
    await jobs.run()

    assert [one["fate"] for one in view["meetings"]] == ["cancelled"]
    meeting = (await signed_in(world.member).get(f"/v1/meetings/{call}")).json()
    assert (meeting["status"], meeting["organisation_id"]) == ("cancelled", str(world.branch_a))
    # Once of each: of the new branch everybody, of the meeting whom it had called.
    told = jobs.sender.tokens("organisation_reorganised")
    assert sorted(told) == sorted(set(told))
    assert {world.member.push_token, world.sister_member.push_token} <= set(told)
    assert sorted(jobs.sender.tokens("meeting_lapsed")) == sorted(awake_phones_of(world))
    assert len(jobs.sender.pushes) == len(told) + len(awake_phones_of(world))
    words = {item["type"]: (item["title"], item["body"]) for item in await inbox(signed_in(world.member))}
    assert words["organisation_reorganised"] == ("Sắp xếp tổ chức: Chi bộ thôn Đoài", "Hợp nhất từ: Chi bộ thôn Đông")
    assert words["meeting_lapsed"] == (
        "Hủy họp: Sinh hoạt chi bộ thường kỳ tháng 12",
        "Không họp lúc 19:30 thứ Sáu, 04/12/2026 tại Nhà văn hóa thôn Đông. Lý do: Nghị quyết 12",
    )
    # Who has no app was texted the call, and is texted that it is off.
    assert [(one.phone, one.text.partition(". ")[0]) for one in texts.sent] == [
        ("+84905555555", "So tay dang vien: HUY buoi sinh hoat chi bo luc 19:30 ngay 04/12/2026 (gio Viet Nam)")
    ]


async def test_seats_of_a_committee_are_told_that_its_meeting_is_off_and_of_one_that_was_never_opened_nobody_is(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    # Given today, a seat is taken back with the branch and leaves no row.
    today = date(2026, 11, 22)
    await give_post(database, world.sister_member, PostKind.committee_member, world.branch_a, starts_on=today)
    await announced(signed_in(world.secretary), world.branch_a, starts_at="2026-11-22T01:30:00Z", ends_at=...)
    await announced(signed_in(world.secretary), world.branch_a, kind="committee")
    clock.advance(hours=1)
    await jobs.run()
    jobs.sender.pushes.clear()

    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b, meetings="cancel")
    await jobs.run()

    seats = [world.secretary.push_token, world.sister_member.push_token]
    assert sorted(jobs.sender.tokens("meeting_lapsed")) == sorted(seats)


async def test_who_leaves_a_branch_on_the_day_it_is_dissolved_is_told_that_its_meeting_is_off(
    world: World, signed_in: SignedIn, administrator: AsyncClient, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    jobs.sender.pushes.clear()
    async with database.session() as session:
        for person in world.branch_members:
            await transfer(session, person, to=world.branch_b)
        await session.commit()

    await done(administrator, world.branch_a, "dissolve")
    await jobs.run()

    assert {message.type for message, _ in jobs.sender.pushes} == {"meeting_lapsed"}
    assert sorted(jobs.sender.tokens()) == sorted(awake_phones_of(world))
    assert "meeting_lapsed" in {item["type"] for item in await inbox(signed_in(world.away))}


async def test_phones_of_both_sides_hold_afterwards_what_fresh_ones_do(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await announce_world(database)
    held = await over(world, signed_in, clock)
    await stepped(signed_in(world.secretary), held, "send", "approve", "publish")
    secretary = signed_in(world.secretary)
    await announced(secretary, world.branch_a, starts_at="2026-12-24T12:30:00Z", ends_at=...)
    draft = await drafted(secretary, world.branch_a, starts_at="2026-12-26T12:30:00Z", ends_at=...)
    opened = await resolutions.opened(secretary, world.branch_a)
    await resolutions.commented(signed_in(world.member), opened["id"])
    await announcements.published(secretary, world.branch_a)
    await announcements.drafted(secretary, world.branch_a)
    await announcements.published(signed_in(world.officer), world.commune)
    people = (
        world.secretary,
        world.member,
        world.away,
        world.sister_secretary,
        world.sister_member,
        world.officer,
        world.stranger,
        world.administrator,
    )
    clients = {person.full_name: signed_in(person) for person in people}
    phones = {name: await fresh(client) for name, client in clients.items()}
    administrator = clients[world.administrator.full_name]

    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    # And then their whole commune goes into the other one.
    await done(administrator, world.commune, "merge", into_id=world.other_commune)

    for name, client in clients.items():
        phone = phones[name]
        await phone.catch_up(client)
        again = await fresh(client)
        assert settled(phone.held) == settled(again.held), name
        branch = (await client.get("/v1/me")).json()["organisation"]["id"]
        for key, resource in (await at_their_addresses(client, phone)).items():
            assert phone.held[key]["id"] == resource["id"], key
        listed = await in_their_lists(client, UUID(branch))
        assert set(listed) <= set(phone.held), name
    member = phones[world.member.full_name]
    assert held in member.of("minutes")
    assert draft not in member.of("meeting")
    assert draft not in phones[world.secretary.full_name].of("meeting")
    assert draft in phones[world.sister_secretary.full_name].of("meeting")
    # Who held a post there and nothing else forgets it.
    officer = phones[world.officer.full_name]
    assert ("scope", str(world.commune)) not in named(officer, "drop_scope")  # their branch stood below it


async def test_two_communes_become_a_new_one_and_everything_below_hangs_below_it(
    world: World, administrator: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    said_before = await announcements.published(signed_in(world.officer), world.commune)

    view = await done(
        administrator, world.commune, "merge", with_ids=[world.other_commune], name="Đảng bộ xã Yên Mô Mới"
    )

    assert view["members_moving"] == 0
    new = UUID(next(one["id"] for one in view["organisations"] if one["fate"] == "founded"))
    assert codes(view, "warning") == ["secretary_missing"]
    async with database.session() as session:
        branches = await session.scalars(select(Organisation).where(Organisation.parent_id == new))
        assert {tuple(branch.path) for branch in branches} == {
            (world.province, new, branch) for branch in (world.branch_a, world.branch_b, world.office, world.far_branch)
        }
    member, stranger, officer = (signed_in(one) for one in (world.member, world.stranger, world.officer))
    assert (await member.get(f"/v1/organisations/{new}")).json()["name"] == "Đảng bộ xã Yên Mô Mới"
    # What the old commune said stays with whoever it was said to; its officer has no post any more.
    assert said_before in {item["id"] for item in await announcements.my_announcements(member)}
    assert (await stranger.get(f"/v1/announcements/{said_before}")).status_code == 404
    assert (await officer.get(f"/v1/organisations/{world.branch_a}/meetings")).status_code == 404
    assert (await officer.get("/v1/me")).json()["posts"] == []
    # Posts in the branches stay, and the post in the new one reaches all of them.
    assert (await signed_in(world.secretary).get("/v1/me")).json()["posts"][0]["kind"] == "secretary"
    post = {"member_id": str(world.officer.member_id), "kind": "committee_officer", "starts_on": "2026-11-22"}
    granted = await administrator.post(f"/v1/organisations/{new}/posts", json={**post, "tenure": "acting"})
    assert granted.json()["tenure"] == "acting", granted.text
    for branch in (world.branch_a, world.far_branch):
        assert (await officer.get(f"/v1/organisations/{branch}/members")).status_code == 200
    assert said_before in {
        item["id"] for item in (await officer.get(f"/v1/organisations/{world.commune}/announcements")).json()["items"]
    }


async def test_a_chain_of_merges_keeps_everything_with_the_last_one(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        commune = await session.get_one(Organisation, world.other_commune)
        make = Maker(session)
        last = (await make.organisation("Chi bộ thôn Nam", OrganisationKind.branch, under=commune)).id
        southerner = await make.person("Cao Thị Nga", last)
        await session.commit()
    held = await over(world, signed_in, clock)
    await stepped(signed_in(world.secretary), held, "send", "approve", "publish")
    administrator = signed_in(world.administrator)

    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    await done(administrator, world.branch_b, "merge", into_id=last)

    old = (await administrator.get(f"/v1/organisations/{world.branch_a}")).json()
    assert old["successor_id"] == str(last)
    assert (await signed_in(world.member).get(f"/v1/meetings/{held}/minutes")).status_code == 200
    assert (await signed_in(world.sister_member).get(f"/v1/meetings/{held}/minutes")).status_code == 404
    for person in (southerner, world.member):
        phone = await fresh(signed_in(person))
        assert phone.of("organisation")[str(world.branch_a)]["successor_id"] == str(last)


@pytest.mark.parametrize(
    ("again", "where"),
    [("merge", "beside"), ("merge", "far_branch"), ("move", "other_commune"), ("split", "commune")],
)
async def test_phones_of_a_committee_hear_what_becomes_of_what_was_merged_earlier(
    again: str, where: str, world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        commune = await session.get_one(Organisation, world.commune)
        beside = (await Maker(session).organisation("Chi bộ thôn Nam", OrganisationKind.branch, under=commune)).id
        await session.commit()
    await announce_world(database)
    administrator, officer = signed_in(world.administrator), signed_in(world.officer)
    phone = await fresh(officer)
    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    await phone.catch_up(officer)
    assert phone.of("organisation")[str(world.branch_a)]["successor_id"] == str(world.branch_b)
    clock.advance(days=1)
    administrator, officer = signed_in(world.administrator), signed_in(world.officer)

    if again == "merge":
        into = beside if where == "beside" else world.far_branch
        await done(administrator, world.branch_b, "merge", into_id=into)
    elif again == "move":
        await done(administrator, world.branch_b, "move", parent_id=world.other_commune)
    else:
        parts = [{"name": "Đảng bộ xã Yên Đông", "child_ids": [world.branch_b]}]
        await done(administrator, world.commune, "split", parts=parts)

    await phone.catch_up(officer)
    assert different(settled(phone.held), settled((await fresh(officer)).held)) == []
    shown = await at_their_addresses(officer, phone)
    assert different({name: phone.held[name] for name in shown}, settled(shown)) == []
    assert (str(world.branch_a) in phone.of("organisation")) == (where == "beside")


async def test_what_the_successor_had_told_its_own_people_is_not_told_to_those_who_come(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    await announcements.published(signed_in(world.sister_secretary), world.branch_b, title="Việc của thôn Đoài")
    await announcements.published(signed_in(world.officer), world.commune, title="Việc của cả xã")
    await jobs.run()
    clock.advance(days=1)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)

    inbox = (await signed_in(world.member).get("/v1/me/notifications")).text
    assert "Việc của cả xã" in inbox
    assert "Việc của thôn Đoài" not in inbox


async def test_what_was_told_from_above_stays_after_a_merge_into_a_branch_elsewhere(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    await announcements.published(signed_in(world.officer), world.commune, title="Việc của cả xã")
    await jobs.run()
    (before,) = (await signed_in(world.member).get("/v1/me/notifications")).json()["items"]
    clock.advance(days=1)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.far_branch)

    assert before in (await signed_in(world.member).get("/v1/me/notifications")).json()["items"]
    assert before["id"] not in (await signed_in(world.stranger).get("/v1/me/notifications")).text


async def test_who_left_the_branch_on_its_last_day_still_has_the_tasks_of_its_meetings(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await announce_world(database)
    held = await over(world, signed_in, clock)
    task = {"title": "Thu đảng phí quý IV", "assignee_id": str(world.minute_taker.member_id), "due_on": "2026-12-20"}
    given = await signed_in(world.secretary).post(f"/v1/meetings/{held}/tasks", json=task)
    assert given.status_code == 201, given.text
    async with database.session() as session:
        await transfer(session, world.member, to=world.far_branch)
        await session.commit()
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)

    member = signed_in(world.member)
    listed = (await member.get(f"/v1/meetings/{held}/tasks")).json()["items"]
    assert [one["id"] for one in listed] == [given.json()["id"]]
    assert list((await fresh(member)).of("task").values()) == listed


async def test_after_a_split_phones_of_the_old_branch_forget_when_they_are_away_who_left(
    world: World, administrator: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await announce_world(database)
    secretary = signed_in(world.secretary)
    away = {"starts_on": "2026-11-22", "place": "Tokyo", "time_zone": "Asia/Tokyo"}
    assert (await secretary.post(f"/v1/members/{world.member.member_id}/away-periods", json=away)).status_code == 201
    phone = await fresh(secretary)
    assert str(world.member.member_id) in {one["member_id"] for one in phone.of("away_period").values()}

    part = {"name": "Chi bộ thôn Đông mới", "member_ids": [world.member.member_id]}
    await done(administrator, world.branch_a, "split", parts=[part])

    await phone.catch_up(secretary)
    assert different(settled(phone.held), settled((await fresh(secretary)).held)) == []
    assert str(world.member.member_id) not in {one["member_id"] for one in phone.of("away_period").values()}


@pytest.mark.parametrize("host_has", ["members", "guests_only"])
async def test_phones_of_a_guests_home_hear_where_the_host_went(
    host_has: str, world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    await announce_world(database)
    body = {"parent_id": str(world.commune), "kind": "branch", "name": "Chi bộ thôn Trung"}
    empty = UUID((await signed_in(world.administrator).post("/v1/organisations", json=body)).json()["id"])
    clock.advance(days=1)
    host = world.branch_b if host_has == "members" else empty
    administrator, secretary, guest = (
        signed_in(person) for person in (world.administrator, world.secretary, world.member)
    )
    stay = await started(secretary, world.member, host, **STAY)
    await transfers.took(administrator, stay, "accept", received_on="2026-11-22")
    phones = {client: await fresh(client) for client in (secretary, guest)}

    await done(administrator, host, "merge", into_id=world.office)

    for client, phone in phones.items():
        await phone.catch_up(client)
        assert different(settled(phone.held), settled((await fresh(client)).held)) == []
    shown = phones[secretary].of("member")[str(world.member.member_id)]["standings"]
    assert [(one["organisation_id"], one["ends_on"]) for one in shown if one["kind"] == "temporary_guest"] == [
        (str(host), "2026-11-22"),
        (str(world.office), "2027-05-20"),
    ]


async def test_a_part_that_was_split_off_can_take_over_the_rest_on_the_same_day(
    world: World, administrator: AsyncClient
) -> None:
    part = {"name": "Chi bộ thôn Đông mới", "member_ids": [world.member.member_id]}
    view = await done(administrator, world.branch_a, "split", parts=[part])
    founded = UUID(next(one["id"] for one in view["organisations"] if one["fate"] == "founded"))

    await done(administrator, world.branch_a, "merge", into_id=founded)

    history = (await administrator.get(f"/v1/organisations/{founded}/history")).json()
    assert [(one["id"], one["kind"]) for one in history["predecessors"]] == [(str(world.branch_a), "merged")]


async def test_a_merge_of_branches_with_a_member_in_both_is_refused(
    world: World, administrator: AsyncClient, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        session.add(
            Standing(
                id=session.new_id(),
                member_id=world.member.member_id,
                organisation_id=world.far_branch,
                kind="official",
                starts_on=date(2026, 1, 1),
            )
        )
        await session.commit()

    refused = await ask(administrator, world.branch_a, "merge", into_id=world.branch_b)

    assert (refused.status_code, refused.json()["code"]) == (409, "reorganisation_not_possible")
    assert codes(refused.json()["report"]) == ["member_in_two_branches"]


@pytest.mark.parametrize(
    ("kind", "days", "goes"),
    [
        (StandingKind.candidate, (date(2026, 1, 1), None), True),
        (StandingKind.candidate, (date(2026, 1, 1), date(2026, 11, 21)), False),
        (StandingKind.official, (date(2026, 12, 1), None), True),
        (StandingKind.temporarily_exempt, (date(2026, 1, 1), date(2026, 11, 22)), True),
        (StandingKind.deceased, (date(2026, 1, 1), None), False),
    ],
)
async def test_whoever_has_not_left_nor_been_dropped_goes_along(
    kind: StandingKind,
    days: tuple[date, date | None],
    world: World,
    administrator: AsyncClient,
    database: RolledBackDatabase,
    *,
    goes: bool,
) -> None:
    async with database.session() as session:
        whose = Standing.member_id == world.phoneless.member_id
        await session.execute(update(Standing).where(whose).values(kind=kind, starts_on=days[0], ends_on=days[1]))
        await session.commit()
    view = await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    assert view["members_moving"] == (6 if goes else 5)
    async with database.session() as session:
        moved = await session.get_one(Member, world.phoneless.member_id)
        assert moved.organisation_id == (world.branch_b if goes else world.branch_a)


async def test_who_went_with_a_split_neither_comes_to_the_old_branchs_meeting_nor_hides_that_others_are_silent(
    world: World, administrator: AsyncClient, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    meeting = await announced(secretary, world.branch_a)
    assert (await said(signed_in(world.member), meeting, "attending")).status_code == 200
    part = {"name": "Chi bộ thôn Đông mới", "member_ids": [world.member.member_id]}
    phone = await fresh(secretary)
    before = phone.of("meeting")[meeting]["reply_counts"]

    await done(administrator, world.branch_a, "split", parts=[part])

    after = (await secretary.get(f"/v1/meetings/{meeting}")).json()["reply_counts"]
    assert (before["attending"], after["attending"], after["silent"]) == (1, 0, before["silent"])
    await phone.catch_up(secretary)
    assert phone.of("meeting")[meeting]["reply_counts"] == after
