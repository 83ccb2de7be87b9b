"""Transfers and stays whose branches are merged, split or dissolved meanwhile: nobody is shut out, none stays open."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import update

from app.kernel.security import PostKind
from app.transfers.models import Transfer
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.meetings import SignedIn
from tests.factories.members import give_post
from tests.factories.reorganisations import done
from tests.factories.transfers import moved, post_transfer, started, step, took
from tests.factories.world import World
from tests.transfers.test_moving import standings_of
from tests.transfers.test_staying import stays


async def third_branch(world: World, signed_in: SignedIn, clock: FakeClock) -> UUID:
    """A branch of the commune that began yesterday."""
    body = {"parent_id": str(world.commune), "kind": "branch", "name": "Chi bộ thôn Trung"}
    founded = (await signed_in(world.administrator).post("/v1/organisations", json=body)).json()
    clock.advance(days=1)
    return UUID(founded["id"])


async def shown_transfer(world: World, signed_in: SignedIn, transfer: str) -> dict[str, object]:
    view: dict[str, object] = (await signed_in(world.administrator).get(f"/v1/transfers/{transfer}")).json()
    return view


@pytest.mark.parametrize("days", [0, 1])
async def test_who_once_came_from_the_successor_is_at_home_there_again(
    days: int, world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    await moved(old, new, world.member, world.branch_b)
    clock.advance(days=days)
    await done(signed_in(world.administrator), world.branch_b, "merge", into_id=world.branch_a)
    assert (await signed_in(world.member).get("/v1/me")).json()["organisation"]["id"] == str(world.branch_a)
    secretary = signed_in(world.secretary)
    listed = (await secretary.get(f"/v1/organisations/{world.branch_a}/members")).json()["items"]
    assert str(world.member.member_id) in {one["id"] for one in listed}
    again = await post_transfer(secretary, world.member, world.far_branch, letter_on=f"2026-11-{22 + days}")
    assert again.status_code == 201, again.text
    lasting = [row[:2] for row in await standings_of(database, world.member) if row[3] is None]
    assert ("transferred", world.branch_a) not in lasting


async def test_transfer_between_two_that_become_one_is_over_and_nobody_moves(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b, reason="Sáp nhập xã")
    secretary = signed_in(world.sister_secretary)
    view = await shown_transfer(world, signed_in, transfer)
    assert (view["status"], view["reason"]) == ("withdrawn", "Sáp nhập xã")
    refused = await step(secretary, transfer, "accept", received_on="2026-11-22")
    assert (refused.status_code, refused.json()["code"]) == (409, "transfer_decided")
    assert [row for row in await standings_of(database, world.member) if row[3] is None] == [
        ("official", world.branch_b, date(2026, 11, 22), None)
    ]
    again = await post_transfer(secretary, world.member, world.far_branch, letter_on="2026-11-22")
    assert again.status_code == 201, again.text


async def test_open_transfer_leads_to_what_its_destination_was_merged_into(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    successor = await third_branch(world, signed_in, clock)
    await give_post(database, world.sister_secretary, PostKind.secretary, successor)
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b)
    await done(signed_in(world.administrator), world.branch_b, "merge", into_id=successor)
    view = await took(signed_in(world.sister_secretary), transfer, "accept", received_on="2026-11-23")
    assert view["to_organisation"]["id"] == str(successor)
    assert (await signed_in(world.member).get("/v1/me")).json()["organisation"]["id"] == str(successor)


async def test_nobody_is_taken_into_a_branch_that_has_ended(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    ended = await third_branch(world, signed_in, clock)
    await done(signed_in(world.administrator), ended, "dissolve", reason="Không còn đảng viên")
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b)
    async with database.session() as session:  # as one that had waited for the dissolution
        await session.execute(update(Transfer).where(Transfer.id == UUID(transfer)).values(to_organisation_id=ended))
        await session.commit()
    refused = await step(signed_in(world.administrator), transfer, "accept", received_on="2026-11-23")
    assert (refused.status_code, refused.json()["code"]) == (409, "organisation_has_ended")


async def test_successor_of_the_old_branch_may_withdraw_and_let_go(world: World, signed_in: SignedIn) -> None:
    transfer = await started(signed_in(world.secretary), world.member, world.far_branch)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    secretary = signed_in(world.sister_secretary)
    listed = (await secretary.get(f"/v1/organisations/{world.branch_b}/transfers")).json()["items"]
    assert [one["id"] for one in listed] == [transfer]
    view = await took(secretary, transfer, "withdraw", reason="Đồng chí ở lại")
    assert (view["status"], view["from_organisation"]["id"]) == ("withdrawn", str(world.branch_b))


async def test_who_arrived_before_the_old_branch_was_merged_belonged_to_it_up_to_that_day(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    async with database.session() as session:
        paper = f"/v1/documents/{await put_document(session, world.branch_a, world.secretary)}"
        await session.commit()
    transfer = await started(signed_in(world.secretary), world.member, world.far_branch)
    clock.advance(days=3)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    assert (await signed_in(world.member).get(paper)).status_code == 200
    await took(signed_in(world.administrator), transfer, "accept", received_on="2026-11-22")
    official = [row[1:] for row in await standings_of(database, world.member) if row[0] == "official"]
    (before, *after) = official
    assert (before[0], before[2]) == (world.branch_a, date(2026, 11, 21))
    assert after == [
        (world.far_branch, date(2026, 11, 22), date(2026, 11, 24)),
        (world.far_branch, date(2026, 11, 25), None),
    ]
    assert (await signed_in(world.member).get(paper)).status_code == 404


async def test_part_that_was_split_off_lets_its_members_go(world: World, signed_in: SignedIn) -> None:
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b)
    part = {"name": "Chi bộ thôn Đông 2", "member_ids": [world.member.member_id]}
    await done(signed_in(world.administrator), world.branch_a, "split", parts=[part])
    view = await shown_transfer(world, signed_in, transfer)
    home = (await signed_in(world.member).get("/v1/me")).json()["organisation"]["id"]
    assert view["from_organisation"] == {"id": home, "name": "Chi bộ thôn Đông 2"}
    await took(signed_in(world.sister_secretary), transfer, "accept", received_on="2026-11-22")
    assert (await signed_in(world.member).get("/v1/me")).json()["organisation"]["id"] == str(world.branch_b)


async def test_transfer_to_a_branch_that_is_dissolved_is_over(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    empty = await third_branch(world, signed_in, clock)
    transfer = await started(signed_in(world.secretary), world.member, empty)
    await done(signed_in(world.administrator), empty, "dissolve", reason="Không còn đảng viên")
    view = await shown_transfer(world, signed_in, transfer)
    assert (view["status"], view["reason"]) == ("withdrawn", "Không còn đảng viên")
    assert (await post_transfer(signed_in(world.secretary), world.member, world.branch_b)).status_code == 201


@pytest.mark.parametrize("ends", ["host", "home"])
async def test_stay_goes_on_in_the_successor_and_ends_there(
    ends: str, world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    transfer = await stays(world, signed_in, world.member)
    successor = await third_branch(world, signed_in, clock)
    former = world.branch_b if ends == "host" else world.branch_a
    await done(signed_in(world.administrator), former, "merge", into_id=successor)
    leader = world.secretary if ends == "host" else world.sister_secretary
    view = await took(signed_in(leader), transfer, "return", last_on="2026-12-20")
    assert view["until"] == "2026-12-20"
    going_on = {row[0]: row[1:] for row in await standings_of(database, world.member) if row[2] == date(2026, 11, 23)}
    kind = "temporary_guest" if ends == "host" else "temporary_away"
    assert going_on[kind] == (successor, date(2026, 11, 23), date(2026, 12, 20))
    untouched = {row[0]: row[3] for row in await standings_of(database, world.member)}
    assert untouched["temporary_guest"] == untouched["temporary_away"] == date(2026, 12, 20)


@pytest.mark.parametrize("former", ["branch_a", "branch_b"])
async def test_nobody_is_a_guest_of_their_own_branch(
    former: str, world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    transfer = await stays(world, signed_in, world.member)
    clock.advance(days=3)
    into = world.branch_b if former == "branch_a" else world.branch_a
    await done(signed_in(world.administrator), getattr(world, former), "merge", into_id=into)
    lasting = [
        row for row in await standings_of(database, world.member) if row[3] is None or row[3] > date(2026, 11, 24)
    ]
    assert [row[:2] for row in lasting] == [("official", into)]
    assert (await shown_transfer(world, signed_in, transfer))["until"] == "2026-11-24"
    leader = world.sister_secretary if former == "branch_a" else world.secretary
    again = await post_transfer(signed_in(leader), world.member, world.far_branch, letter_on="2026-11-25")
    assert again.status_code == 201, again.text
