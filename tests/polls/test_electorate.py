from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.kernel.security import PostKind
from app.members.models import Post, StandingKind
from tests.changes.phones import Phone
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced
from tests.factories.members import add_standing, transfer
from tests.factories.polls import all_cast, cast, drafted_poll, opened_poll, post_poll, raised, seen, stepped
from tests.factories.world import FOUNDED, Maker, Person, World


async def electors(database: RolledBackDatabase, poll_id: str) -> dict[UUID, str]:
    async with database.session() as session:
        rows = await session.execute(
            text("SELECT member_id, counted FROM electors WHERE poll_id = CAST(:id AS uuid)"), {"id": poll_id}
        )
        return {row.member_id: row.counted for row in rows}


async def give(
    database: RolledBackDatabase,
    organisation_id: UUID,
    *standings: tuple[Person, StandingKind],
    until: date | None = None,
) -> None:
    async with database.session() as session:
        for person, kind in standings:
            await add_standing(session, person.member_id, organisation_id, kind, ends_on=until)
        await session.commit()


async def test_of_22_members_with_20_official_and_17_present_the_denominator_is_20(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    """The worked case of domain.md 19."""
    async with database.session() as session:
        make = Maker(session)
        more = [await make.person(f"Nguyễn Văn {n}", world.branch_a, has_phone=False) for n in range(15)]
        await make.person("Trần Thị Dự", world.branch_a, standing=StandingKind.probationary, has_phone=False)
        await session.commit()
        members = await session.scalar(
            text("SELECT count(*) FROM standings WHERE organisation_id = :a AND kind IN ('official', 'probationary')"),
            {"a": world.branch_a},
        )
    assert members == 22
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    present: Sequence[Person] = [world.phoneless, *more[:12]]
    await all_cast(signed_in, world, poll_id)
    assert (await raised(secretary, poll_id, dict.fromkeys(present, "for"))).status_code == 200
    before = await seen(secretary, poll_id)
    assert (before["electorate_count"], before["voted_count"], before["tally"]) == (20, 17, None)
    closed = await stepped(secretary, poll_id, "close")
    assert (closed["electorate_count"], closed["voted_count"]) == (20, 17)
    assert closed["tally"] == {
        "for_count": 17,
        "against_count": 0,
        "other_count": 0,
        "percent": 85.0,
        "passed": True,
    }


async def test_exactly_half_does_not_pass_and_exactly_two_thirds_admits(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await Maker(session).person("Nguyễn Văn Sáu", world.branch_a, has_phone=False)
        await session.commit()
    secretary = signed_in(world.secretary)
    outcome = {}
    for matter, hands in (("resolution", 3), ("other", 4), ("admission", 4), ("recognition", 3)):
        poll_id = await opened_poll(secretary, world.branch_a, matter=matter)
        people = (world.secretary, world.minute_taker, world.member, world.away)[:hands]
        await raised(secretary, poll_id, dict.fromkeys(people, "for"))
        closed = await stepped(secretary, poll_id, "close")
        assert closed["electorate_count"] == 6
        outcome[matter] = closed["tally"]["passed"]
    assert outcome == {"resolution": False, "other": True, "admission": True, "recognition": False}


async def test_probationary_guest_suspended_and_former_members_have_no_vote(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give(
        database,
        world.branch_a,
        (world.sister_member, StandingKind.temporary_guest),
        (world.minute_taker, StandingKind.suspended),
        (world.phoneless, StandingKind.removed),
        (world.stranger, StandingKind.candidate),
    )
    poll_id = await opened_poll(signed_in(world.secretary), world.branch_a)
    # Who works away votes and counts like everybody at home (domain.md 7, 19).
    assert await electors(database, poll_id) == dict.fromkeys(
        (world.secretary.member_id, world.member.member_id, world.away.member_id), "always"
    )


@pytest.mark.parametrize("kind", [StandingKind.temporary_away, StandingKind.exempt, StandingKind.temporarily_exempt])
async def test_temporarily_away_and_exempt_count_only_if_they_vote(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, kind: StandingKind
) -> None:
    await give(database, world.branch_a, (world.member, kind), (world.phoneless, kind))
    await give(database, world.branch_a, (world.away, kind), until=date(2026, 11, 21))
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    for secrecy in ("open", "secret"):
        poll_id = await opened_poll(secretary, world.branch_a, secrecy=secrecy)
        assert set((await electors(database, poll_id)).values()) == {"always", "if_voting"}
        first = await seen(member, poll_id)
        assert (first["electorate_count"], first["may_vote"]) == (3, True)
        await cast(signed_in(world.away), poll_id, "against")
        assert (await seen(secretary, poll_id))["electorate_count"] == 3
        await cast(member, poll_id)
        assert (await seen(secretary, poll_id))["electorate_count"] == 4
        closed = await stepped(secretary, poll_id, "close")
        assert (closed["electorate_count"], closed["voted_count"], closed["tally"]["percent"]) == (4, 2, 25.0)


async def test_electorate_is_frozen_at_the_opening(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await opened_poll(secretary, world.branch_a)
    async with database.session() as session:
        late = await Maker(session).person("Nguyễn Văn Muộn", world.branch_a)
        await session.commit()
    await give(database, world.branch_a, (world.member, StandingKind.exempt))
    answer = await cast(signed_in(late), poll_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_an_elector")
    assert (await seen(secretary, poll_id))["electorate_count"] == 5
    assert (await electors(database, poll_id))[world.member.member_id] == "always"


async def test_elector_who_moves_to_another_branch_still_votes_and_reads_nothing_after_the_close(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, moved = signed_in(world.secretary), signed_in(world.member)
    poll_id = await opened_poll(secretary, world.branch_a)
    async with database.session() as session:
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    assert (await cast(moved, poll_id)).status_code == 200
    await stepped(secretary, poll_id, "close")
    for name in ("", "/votes"):
        assert (await moved.get(f"/v1/polls/{poll_id}{name}")).status_code == 404
        assert (await secretary.get(f"/v1/polls/{poll_id}{name}")).status_code == 200


async def test_in_a_committee_meeting_the_committee_votes_and_nobody_else_knows(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for person in (world.away, world.probationary, world.sister_member):
            session.add(
                Post(
                    id=uuid4(),
                    member_id=person.member_id,
                    organisation_id=world.branch_a,
                    kind=PostKind.committee_member,
                    starts_on=FOUNDED,
                )
            )
        await session.commit()
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a, kind="committee")
    poll_id = (await post_poll(secretary, meeting_id)).json()["id"]
    await stepped(secretary, poll_id, "open")
    seats = (world.secretary, world.away, world.sister_member)
    assert set(await electors(database, poll_id)) == {person.member_id for person in seats}
    # A seat in another branch's committee carries its vote with it; the probationary one sits there without.
    assert (await cast(signed_in(world.sister_member), poll_id)).status_code == 200
    assert (await cast(signed_in(world.probationary), poll_id)).json()["code"] == "not_an_elector"
    outside = signed_in(world.member)
    assert (await outside.get(f"/v1/polls/{poll_id}")).status_code == 404
    assert (await cast(outside, poll_id)).status_code == 404
    assert (await outside.get(f"/v1/organisations/{world.branch_a}/polls")).json()["items"] == []
    inside = await signed_in(world.away).get(f"/v1/organisations/{world.branch_a}/polls")
    assert [item["id"] for item in inside.json()["items"]] == [poll_id]


async def test_secret_ballot_of_fewer_than_five_is_not_opened(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give(database, world.branch_a, (world.phoneless, StandingKind.suspended))
    secretary = signed_in(world.secretary)
    poll_id = await drafted_poll(secretary, world.branch_a, secrecy="secret")
    answer = await secretary.post(f"/v1/polls/{poll_id}/open")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_few_electors")
    assert await electors(database, poll_id) == {}
    assert (await seen(secretary, poll_id))["status"] == "draft"
    assert (await stepped(secretary, await drafted_poll(secretary, world.branch_a), "open"))["electorate_count"] == 4


async def test_rules_of_the_opening_day_are_kept(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    secretary = signed_in(world.secretary)
    poll_id = await drafted_poll(secretary, world.branch_a)
    assert (await seen(secretary, poll_id))["rule_set"] is None
    await stepped(secretary, poll_id, "open")
    clock.advance(days=1)
    closed = await stepped(signed_in(world.secretary), poll_id, "close")
    assert closed["rule_set"] == "42-HD/BTCTW@2025-10-28"
    assert (closed["opened_at"], closed["closed_at"]) == ("2026-11-22T01:00:00Z", "2026-11-23T01:00:00Z")


async def test_phone_of_an_elector_who_moved_forgets_the_poll_at_the_close(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, moved = signed_in(world.secretary), signed_in(world.member)
    poll_id = await opened_poll(secretary, world.branch_a)
    async with database.session() as session:
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    phones = {world.member: Phone(), world.away: Phone()}
    for person, phone in phones.items():
        await phone.catch_up(signed_in(person))
    assert ("poll", poll_id) in {(one["type"], one["id"]) for one in phones[world.member].told}
    await stepped(secretary, poll_id, "close")
    told = {
        person: [one["op"] for one in await phone.catch_up(signed_in(person)) if one["id"] == poll_id]
        for person, phone in phones.items()
    }
    assert told == {world.member: ["delete"], world.away: ["upsert"]}
    assert (await moved.get(f"/v1/polls/{poll_id}")).status_code == 404
