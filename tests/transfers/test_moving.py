"""A transfer for good: what it asks of both branches, and what everybody sees and does from the next request on."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from app.kernel.security import PostKind
from app.members.models import Post, Standing, StandingKind
from tests.changes.phones import announce_world, fresh, named, settled
from tests.changes.test_walking import different
from tests.conftest import RolledBackDatabase
from tests.factories import resolutions
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, inbox, said
from tests.factories.members import add_standing
from tests.factories.minutes import minutes_of, over, stepped, text_of
from tests.factories.polls import opened_poll
from tests.factories.rolls import roll_of
from tests.factories.transfers import moved, post_transfer, started, step, took
from tests.factories.world import Person, World
from tests.worker import JobRunner

Rows = list[tuple[str, UUID, date, date | None]]


async def standings_of(database: RolledBackDatabase, person: Person) -> Rows:
    async with database.session() as session:
        rows = await session.scalars(
            select(Standing).where(Standing.member_id == person.member_id).order_by(Standing.starts_on, Standing.kind)
        )
        return [(row.kind.value, row.organisation_id, row.starts_on, row.ends_on) for row in rows]


async def test_both_sides_confirm_and_the_rows_say_who_was_where(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    old, new, member = signed_in(world.secretary), signed_in(world.sister_secretary), signed_in(world.member)
    sessions = (await member.get("/v1/me/sessions")).json()["items"]
    transfer = await started(old, world.member, world.branch_b)
    await jobs.run()
    view = (await old.get(f"/v1/transfers/{transfer}")).json()
    assert (view["status"], view["member"]["full_name"], view["to_organisation"]["name"]) == (
        "started",
        "Lê Văn Cường",
        "Chi bộ thôn Đoài",
    )
    # 60 working days from Friday 20 November 2026, over the new year and seven days of Tết Đinh Mùi.
    assert (view["present_by"], view["due_on"]) == ("2027-01-04", "2027-02-22")
    assert (view["is_overdue"], view["is_letter_overdue"], view["warnings"]) == (False, False, [])
    assert await standings_of(database, world.member) == [
        ("official", world.branch_a, date(2001, 5, 19), None),
        ("transferring", world.branch_a, date(2026, 11, 22), None),
    ]
    for client, type_ in ((new, "transfer_started"), (member, "transfer_started")):
        assert [item["type"] for item in await inbox(client)] == [type_]
    assert (await inbox(new))[0]["title"] == "Giới thiệu chuyển sinh hoạt: Lê Văn Cường"
    assert set(jobs.sender.tokens("transfer_started")) == {world.sister_secretary.push_token, world.member.push_token}

    clock.advance(days=3)
    old, new, member = signed_in(world.secretary), signed_in(world.sister_secretary), signed_in(world.member)
    accepted = await took(new, transfer, "accept", received_on="2026-11-24")
    await jobs.run()

    assert (accepted["status"], accepted["received_on"], accepted["version"]) == ("accepted", "2026-11-24", 2)
    assert await standings_of(database, world.member) == [
        ("official", world.branch_a, date(2001, 5, 19), date(2026, 11, 23)),
        ("transferring", world.branch_a, date(2026, 11, 22), date(2026, 11, 23)),
        ("official", world.branch_b, date(2026, 11, 24), None),
        ("transferred", world.branch_a, date(2026, 11, 24), None),
    ]
    me = (await member.get("/v1/me")).json()
    assert me["organisation"]["id"] == str(world.branch_b)
    assert [one["id"] for one in (await member.get("/v1/me/sessions")).json()["items"]] == [
        one["id"] for one in sessions
    ]
    assert [item["type"] for item in await inbox(old)] == ["transfer_accepted"]
    newest = (await inbox(member, **{"Accept-Language": "en"}))[0]
    assert newest["title"] == "Transfer accepted: Lê Văn Cường"
    names = {
        item["full_name"] for item in (await new.get(f"/v1/organisations/{world.branch_b}/members")).json()["items"]
    }
    assert "Lê Văn Cường" in names
    assert (await old.get(f"/v1/members/{world.member.member_id}")).status_code == 404
    mine = (await member.get("/v1/me/transfers")).json()["items"]
    assert [one["id"] for one in mine] == [transfer]
    for direction, where, client in (("out", world.branch_a, old), ("in", world.branch_b, new)):
        listed = await client.get(f"/v1/organisations/{where}/transfers", params={"direction": direction})
        assert [one["id"] for one in listed.json()["items"]] == [transfer]
        none = {"direction": "in" if direction == "out" else "out"}
        assert (await client.get(f"/v1/organisations/{where}/transfers", params=none)).json()["items"] == []
        for status, count in (("accepted", 1), ("started", 0)):
            found = await client.get(f"/v1/organisations/{where}/transfers", params={"status": status})
            assert len(found.json()["items"]) == count


async def test_phones_that_catch_up_hold_what_new_ones_are_told(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock, jobs: JobRunner
) -> None:
    """Of the mover, both secretaries and a comrade."""
    await announce_world(database)
    meeting = await over(world, signed_in, clock)
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    await stepped(signed_in(world.minute_taker), meeting, "send")
    await stepped(old, meeting, "approve")
    await stepped(old, meeting, "publish")
    to_come, there = await announced(old, world.branch_a), await announced(new, world.branch_b)
    await published(old, world.branch_a)
    await published(new, world.branch_b)
    await resolutions.opened(old, world.branch_a)
    opened = await resolutions.opened(new, world.branch_b)
    await opened_poll(old, world.branch_a)
    assert (await said(signed_in(world.member), to_come, "attending")).status_code == 200
    away = {"starts_on": "2026-11-22", "place": "Berlin", "time_zone": "Europe/Berlin"}
    assert (await old.post(f"/v1/members/{world.member.member_id}/away-periods", json=away)).status_code == 201
    people = ("member", "secretary", "sister_secretary", "probationary")
    phones = {name: await fresh(signed_in(getattr(world, name))) for name in people}
    assert phones["secretary"].of("meeting")[to_come]["reply_counts"]["attending"] == 1
    assert phones["secretary"].of("away_period").keys() != set()

    await moved(old, new, world.member, world.branch_b)
    await jobs.run()

    for name, phone in phones.items():
        client = signed_in(getattr(world, name))
        await phone.catch_up(client)
        assert different(settled(phone.held), settled((await fresh(client)).held)) == [], name
    member = phones["member"]
    assert named(member, "drop_scope") == {("scope", str(world.branch_a))}
    assert set(member.of("meeting")) == {there}
    assert opened["id"] in member.of("resolution")
    assert phones["secretary"].of("meeting")[to_come]["reply_counts"]["attending"] == 0
    assert str(world.member.member_id) not in phones["secretary"].of("member")
    assert str(world.member.member_id) in phones["sister_secretary"].of("member")
    away_of = {one["member_id"] for one in phones["sister_secretary"].of("away_period").values()}
    assert away_of == {str(world.member.member_id)}


async def test_the_old_branch_keeps_its_closed_minutes_and_rolls_with_the_name(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting = await over(world, signed_in, clock, poll=True)
    await stepped(signed_in(world.minute_taker), meeting, "send")
    await stepped(signed_in(world.secretary), meeting, "approve")
    mover = world.minute_taker
    await moved(signed_in(world.secretary), signed_in(world.sister_secretary), mover, world.branch_b)

    old = signed_in(world.secretary)
    await stepped(old, meeting, "publish")
    present = {one["full_name"]: one["attendance"] for one in (await roll_of(old, meeting))["entries"]}
    assert present["Trần Thị Bình"] == "late"
    assert (await minutes_of(signed_in(world.away), meeting))["minute_taker"]["full_name"] == "Trần Thị Bình"
    assert "Trần Thị Bình" in text_of((await old.get(f"/v1/meetings/{meeting}/minutes.pdf")).content)
    gone = signed_in(mover)
    for path in (f"/v1/meetings/{meeting}", f"/v1/meetings/{meeting}/minutes", f"/v1/meetings/{meeting}/roll"):
        assert (await gone.get(path)).status_code == 404


async def test_posts_end_but_those_above_both_branches_and_the_only_secretary_is_warned_of(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for kind, where in (
            (PostKind.committee_officer, world.commune),
            (PostKind.committee_member, world.province),
        ):
            session.add(
                Post(
                    id=session.new_id(),
                    member_id=world.secretary.member_id,
                    organisation_id=where,
                    kind=kind,
                    starts_on=date(2026, 1, 1),
                )
            )
        await session.commit()
    administrator = signed_in(world.administrator)
    transfer = await started(signed_in(world.secretary), world.secretary, world.far_branch)
    seen = (await administrator.get(f"/v1/transfers/{transfer}")).json()
    assert seen["warnings"] == ["branch_without_secretary"]
    # The far branch has no secretary: an administrator over it takes in.
    accepted = await took(administrator, transfer, "accept", received_on="2026-11-22")
    assert accepted["warnings"] == ["branch_without_secretary"]
    held = {
        (post["kind"], post["organisation_id"])
        for where in (world.branch_a, world.commune, world.province)
        for post in (await administrator.get(f"/v1/organisations/{where}/posts")).json()["items"]
        if post["member"]["member_id"] == str(world.secretary.member_id)
    }
    assert held == {("committee_member", str(world.province))}
    mover = signed_in(world.secretary)
    # The post in the province still shows the branch, but none of its members.
    assert (await mover.get(f"/v1/organisations/{world.branch_a}/members")).status_code == 403
    assert (await mover.get(f"/v1/organisations/{world.far_branch}/members")).status_code == 200


async def test_who_comes_back_is_of_the_branch_again(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    await moved(signed_in(world.secretary), signed_in(world.sister_secretary), world.member, world.branch_b)
    clock.advance(days=1)
    back = {"letter_on": "2026-11-22"}
    transfer = await started(signed_in(world.sister_secretary), world.member, world.branch_a, **back)
    await took(signed_in(world.secretary), transfer, "accept", received_on="2026-11-23")
    assert await standings_of(database, world.member) == [
        ("official", world.branch_a, date(2001, 5, 19), date(2026, 11, 21)),
        ("official", world.branch_b, date(2026, 11, 22), date(2026, 11, 22)),
        ("transferred", world.branch_a, date(2026, 11, 22), date(2026, 11, 22)),
        ("official", world.branch_a, date(2026, 11, 23), None),
        ("transferred", world.branch_b, date(2026, 11, 23), None),
    ]
    assert (await signed_in(world.member).get("/v1/me")).json()["organisation"]["id"] == str(world.branch_a)
    names = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/members")
    assert "Lê Văn Cường" in {one["full_name"] for one in names.json()["items"]}


async def test_exemption_and_probation_come_along(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        exempt = StandingKind.temporarily_exempt
        starts_on, ends_on = date(2026, 10, 1), date(2027, 3, 1)
        who = world.probationary.member_id
        await add_standing(session, who, world.branch_a, exempt, starts_on=starts_on, ends_on=ends_on)
        await session.commit()
    await moved(signed_in(world.secretary), signed_in(world.sister_secretary), world.probationary, world.branch_b)
    there = [row for row in await standings_of(database, world.probationary) if row[1] == world.branch_b]
    assert there == [
        ("probationary", world.branch_b, date(2026, 11, 22), None),
        ("temporarily_exempt", world.branch_b, date(2026, 11, 22), date(2027, 3, 1)),
    ]


async def test_a_transfer_out_of_the_system_ends_the_access(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    transfer = await started(secretary, world.member, None, to_place="Đảng bộ phường Bến Thành, TP. Hồ Chí Minh")
    assert (await member.get("/v1/me")).status_code == 200
    done = await took(secretary, transfer, "accept", received_on="2026-11-22")
    assert (done["to_organisation"], done["to_place"]) == (None, "Đảng bộ phường Bến Thành, TP. Hồ Chí Minh")
    assert (await member.get("/v1/me")).status_code == 401
    again = await post_transfer(secretary, world.member, world.branch_b)
    assert (again.status_code, again.json()["code"]) == (409, "former_member")
    assert (await standings_of(database, world.member))[-1][0] == "transferred"


@pytest.mark.parametrize("end", ["refuse", "withdraw"])
async def test_a_transfer_that_comes_to_nothing_leaves_the_member_where_they_are(
    end: str, world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    transfer = await started(old, world.member, world.branch_b)
    decider, other = (new, old) if end == "refuse" else (old, new)
    refused = await step(other, transfer, end, reason="Chưa nộp giấy giới thiệu")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    ended = await took(decider, transfer, end, reason="Chưa nộp giấy giới thiệu")
    await jobs.run()
    assert (ended["status"], ended["reason"]) == (
        "refused" if end == "refuse" else "withdrawn",
        "Chưa nộp giấy giới thiệu",
    )
    told = {item["type"] for item in await inbox(other)}
    assert f"transfer_{ended['status']}" in told
    assert [row[0] for row in await standings_of(database, world.member)] == ["official"]
    for name, body in (
        ("accept", {"received_on": "2026-11-22"}),
        ("refuse", {"reason": "Sai"}),
        ("withdraw", {"reason": "Sai"}),
    ):
        again = await step(old if name == "withdraw" else new, transfer, name, **body)
        assert (again.status_code, again.json()["code"]) == (409, "transfer_decided")
    await started(old, world.member, world.branch_b)


async def test_who_came_is_not_listed_with_who_left(world: World, signed_in: SignedIn) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    await moved(old, new, world.member, world.branch_b)
    await took(
        old, await started(old, world.away, None, to_place="Đảng bộ Ngoại giao"), "accept", received_on="2026-11-22"
    )
    for client, branch, left in ((old, world.branch_a, {world.away, world.former}), (new, world.branch_b, set())):
        listed = (await client.get(f"/v1/organisations/{branch}/members?standing=transferred")).json()["items"]
        assert {one["id"] for one in listed} == {str(one.member_id) for one in left}
