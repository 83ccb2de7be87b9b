"""A transfer for some months: vote and headcount stay at home, the host sees a guest, and the day ends it."""

from datetime import date

import pytest
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, inbox, said
from tests.factories.polls import cast, opened_poll
from tests.factories.rolls import begun, roll_of
from tests.factories.transfers import LETTER, STAY, moved, post_transfer, started, step, took
from tests.factories.world import Person, World
from tests.transfers.test_moving import standings_of
from tests.worker import JobRunner


async def stays(world: World, signed_in: SignedIn, person: Person, **changes: object) -> str:
    """Somebody of branch A is a guest of branch B from today to 20 May 2027."""
    transfer = await started(signed_in(world.secretary), person, world.branch_b, **STAY | changes)
    await took(signed_in(world.sister_secretary), transfer, "accept", received_on="2026-11-22")
    return transfer


async def test_a_guest_votes_and_counts_at_home_and_reads_and_comes_at_the_host(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    await stays(world, signed_in, world.member)
    await jobs.run()
    assert await standings_of(database, world.member) == [
        ("official", world.branch_a, date(2001, 5, 19), None),
        ("temporary_away", world.branch_a, date(2026, 11, 22), date(2027, 5, 20)),
        ("temporary_guest", world.branch_b, date(2026, 11, 22), date(2027, 5, 20)),
    ]
    old, new, guest = signed_in(world.secretary), signed_in(world.sister_secretary), signed_in(world.member)
    assert [item["type"] for item in await inbox(old)] == ["transfer_accepted"]
    home, host = await begun(old, world.branch_a), await begun(new, world.branch_b)
    shown = {
        where: {
            entry["full_name"]: (entry["standing"], entry["is_away"])
            for entry in (await roll_of(client, meeting))["entries"]
        }.get("Lê Văn Cường")
        for where, client, meeting in (("home", old, home), ("host", new, host))
    }
    assert shown == {"home": ("official", True), "host": ("temporary_guest", False)}
    totals = [(await roll_of(client, meeting))["counts"]["total"] for client, meeting in ((old, home), (new, host))]
    assert totals == [6, 2]
    assert (await guest.get(f"/v1/meetings/{host}")).status_code == 200
    at_host, at_home = await opened_poll(new, world.branch_b), await opened_poll(old, world.branch_a)
    electors = {}
    async with database.session() as session:
        for poll in (at_host, at_home):
            electors[poll] = await session.scalar(
                text("SELECT counted FROM electors WHERE poll_id = CAST(:poll AS uuid) AND member_id = :member"),
                {"poll": poll, "member": world.member.member_id},
            )
    assert (electors[at_host], electors[at_home]) == (None, "if_voting")
    assert (await cast(guest, at_host)).status_code in {403, 404}
    assert (await cast(guest, at_home)).status_code in {200, 201}


async def test_the_stay_is_over_after_its_last_day_by_itself(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    transfer = await stays(world, signed_in, world.phoneless, until="2027-02-25")
    meeting = await announced(
        signed_in(world.sister_secretary), world.branch_b, starts_at="2027-02-25T12:30:00Z", ends_at=...
    )
    replies = f"/v1/meetings/{meeting}/replies?limit=100"
    clock.advance(days=95)  # 25 February 2027
    names = (await signed_in(world.sister_secretary).get(replies)).json()["items"]
    assert "Đỗ Văn Phúc" in {one["full_name"] for one in names}
    clock.advance(days=1)
    names = (await signed_in(world.sister_secretary).get(replies)).json()["items"]
    assert "Đỗ Văn Phúc" not in {one["full_name"] for one in names}
    for name, body in (("return", {"last_on": "2027-02-24"}), ("prolong", {"until": "2027-08-20"})):
        over = await step(signed_in(world.secretary), transfer, name, **body)
        assert (over.status_code, over.json()["code"]) == (409, "no_stay_under_way")
    await started(signed_in(world.secretary), world.phoneless, world.branch_b, letter_on="2027-02-26")


async def test_who_returns_early_is_a_guest_no_more_and_their_replies_there_are_taken_back(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock, jobs: JobRunner
) -> None:
    transfer = await stays(world, signed_in, world.member)
    new = signed_in(world.sister_secretary)
    soon = await announced(new, world.branch_b, starts_at="2026-11-25T12:30:00Z", ends_at=...)
    later = await announced(new, world.branch_b)
    for meeting in (soon, later):
        assert (await said(signed_in(world.member), meeting, "attending")).status_code == 200
    refused = await step(signed_in(world.member), transfer, "return", last_on="2026-11-26")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    for day in ("2026-11-21", "2027-05-20"):
        wrong = await step(new, transfer, "return", last_on=day)
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "outside_stay")
    view = await took(new, transfer, "return", last_on="2026-11-26")
    await jobs.run()
    assert (view["until"], view["status"]) == ("2026-11-26", "accepted")
    counts = [(await new.get(f"/v1/meetings/{one}")).json()["reply_counts"]["attending"] for one in (soon, later)]
    assert counts == [1, 0]
    for language, words in (
        ("vi", "Từ Chi bộ thôn Đông đến Chi bộ thôn Đoài, đến ngày 26/11/2026"),
        ("en", "From Chi bộ thôn Đông to Chi bộ thôn Đoài, until 26/11/2026"),
    ):
        told = await inbox(signed_in(world.member), **{"Accept-Language": language})
        assert [item["body"] for item in told if item["type"] == "stay_changed"] == [words]
    ends = {row[0]: row[3] for row in await standings_of(database, world.member)}
    assert ends == {
        "official": None,
        "temporary_away": date(2026, 11, 26),
        "temporary_guest": date(2026, 11, 26),
    }
    clock.advance(days=5)
    assert (await signed_in(world.member).get(f"/v1/meetings/{later}")).status_code == 404


async def test_a_stay_is_prolonged_by_the_home_branch_within_the_rule(world: World, signed_in: SignedIn) -> None:
    transfer = await stays(world, signed_in, world.member)
    refused = await step(signed_in(world.sister_secretary), transfer, "prolong", until="2027-08-20")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    home = signed_in(world.secretary)
    for until, code in (("2027-05-20", "not_later"), ("2027-11-21", "stay_too_long")):
        wrong = await step(home, transfer, "prolong", until=until)
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, code)
    assert (await took(home, transfer, "prolong", until="2027-11-20"))["until"] == "2027-11-20"


@pytest.mark.parametrize("name", ["return", "prolong"])
async def test_a_move_for_good_is_no_stay(name: str, world: World, signed_in: SignedIn) -> None:
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b)
    await took(signed_in(world.sister_secretary), transfer, "accept", received_on="2026-11-22")
    body = {"last_on": "2026-12-01"} if name == "return" else {"until": "2027-08-20"}
    answer = await step(signed_in(world.secretary), transfer, name, **body)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_stay_under_way")


async def test_a_stay_at_a_place_outside_the_system_is_known_at_home(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    secretary = signed_in(world.secretary)
    body = {**STAY, "to_place": "Đảng bộ Đại học Bách khoa Hà Nội", "for_study": True, "until": "2028-06-30"}
    transfer = await started(secretary, world.member, None, **body)
    await took(secretary, transfer, "accept", received_on="2026-11-22")
    await jobs.run()
    assert "member_departed" in {item["type"] for item in await inbox(signed_in(world.member))}
    assert [row[0] for row in await standings_of(database, world.member)] == ["official", "temporary_away"]
    again = await post_transfer(secretary, world.member, world.branch_b, **LETTER)
    assert (again.status_code, again.json()["code"]) == (409, "already_moving")
    view = await took(secretary, transfer, "return", last_on="2027-01-31")
    assert (view["until"], view["to_place"]) == ("2027-01-31", "Đảng bộ Đại học Bách khoa Hà Nội")


async def test_who_went_for_good_and_comes_back_as_a_guest_is_called_again(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    await moved(old, new, world.member, world.branch_b)
    clock.advance(days=1)
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    back = await started(new, world.member, world.branch_a, **STAY | {"letter_on": "2026-11-23"})
    await took(old, back, "accept", received_on="2026-11-23")

    meeting = await announced(old, world.branch_a)
    told = await published(old, world.branch_a)
    await jobs.run()

    guest = signed_in(world.member)
    assert (await said(guest, meeting, "attending")).status_code == 200
    assert {"meeting_announced", "announcement_published"} <= {item["type"] for item in await inbox(guest)}
    assert told in {item["id"] for item in (await guest.get("/v1/me/announcements")).json()["items"]}
