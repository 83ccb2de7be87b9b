"""Transfers that cannot be: whom nobody may move, days that contradict each other, and two moves at once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text, update

from app.kernel.db import PooledDatabase
from app.kernel.passwords import Passwords
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from app.members.models import Standing, StandingKind
from app.organisations.models import Organisation
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.transfers import LETTER, STAY, post_transfer, started, step
from tests.factories.world import Person, World, make_world


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"letter_on": "2026-11-23"}, "/letter_on", "date_in_future"),
        ({"letter_on": "1969-05-01"}, "/letter_on", "before_birth"),
        ({"letter_on": "2001-05-18"}, "/letter_on", "before_membership"),
        ({"kind": "temporary"}, "/until", "until_not_fitting"),
        ({"until": "2027-05-20"}, "/until", "until_not_fitting"),
        ({"for_study": True}, "/for_study", "study_not_fitting"),
        ({"to_organisation_id": None}, "/to_organisation_id", "destination_ambiguous"),
        ({"to_organisation_code": "37003012000005"}, "/to_organisation_id", "destination_ambiguous"),
        ({"to_place": "Hà Nội"}, "/to_organisation_id", "destination_ambiguous"),
        (STAY | {"until": "2027-02-18"}, "/until", "stay_too_short"),
        (STAY | {"until": "2027-11-19"}, "/until", "stay_too_long"),
        (STAY | {"until": "2028-11-20", "for_study": True}, "/until", "stay_too_long"),
    ],
)
async def test_days_and_destinations_that_contradict_each_other_are_refused(
    changes: dict[str, Any], pointer: str, code: str, world: World, signed_in: SignedIn
) -> None:
    answer = await post_transfer(signed_in(world.secretary), world.member, world.branch_b, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "fields_not_valid")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]


@pytest.mark.parametrize(
    "changes",
    [{"until": "2027-02-19"}, {"until": "2027-11-18"}, {"until": "2028-11-19", "for_study": True}],
)
async def test_stays_at_the_edges_of_the_rule_are_taken(
    changes: dict[str, Any], world: World, signed_in: SignedIn
) -> None:
    await started(signed_in(world.secretary), world.member, world.branch_b, **STAY | changes)


async def test_nobody_goes_to_what_is_no_branch_of_today(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(
            update(Organisation).where(Organisation.id == world.far_branch).values(valid_until=text("'2026-11-21'"))
        )
        await session.commit()
    refused = {}
    for name, where in (
        ("commune", world.commune),
        ("none", uuid4()),
        ("own", world.branch_a),
        ("far", world.far_branch),
    ):
        answer = await post_transfer(signed_in(world.secretary), world.member, where)
        assert (answer.status_code, answer.json()["code"]) == (422, "destination_not_valid")
        refused[name] = answer.json()["errors"][0]["code"]
    assert refused == {"commune": "not_a_branch", "none": "not_a_branch", "own": "own_branch", "far": "dissolved"}


async def test_a_branch_is_named_by_its_official_code_too(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(
            update(Organisation).where(Organisation.id == world.far_branch).values(code="37003012000005")
        )
        await session.commit()
    secretary = signed_in(world.secretary)
    unknown = await post_transfer(secretary, world.member, None, to_organisation_code="37003012000006")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/to_organisation_code")
    known = await post_transfer(secretary, world.member, None, to_organisation_code="37003012000005")
    assert known.json()["to_organisation"] == {"id": str(world.far_branch), "name": "Chi bộ thôn Hạ"}


async def test_candidates_and_who_has_left_are_not_moved(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(
            update(Standing).where(Standing.member_id == world.phoneless.member_id).values(kind=StandingKind.candidate)
        )
        await session.commit()
    secretary = signed_in(world.secretary)
    for person, code in ((world.phoneless, "not_yet_a_member"), (world.former, "former_member")):
        answer = await post_transfer(secretary, person, world.branch_b)
        assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_who_is_moving_already_is_not_moved_again(world: World, signed_in: SignedIn) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    stay = await started(old, world.member, world.branch_b, **STAY)
    for where in (world.branch_b, world.far_branch):
        answer = await post_transfer(old, world.member, where)
        assert (answer.status_code, answer.json()["code"]) == (409, "already_moving")
    assert (await step(new, stay, "accept", received_on="2026-11-22")).status_code == 200
    answer = await post_transfer(old, world.member, world.far_branch)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_moving")


@pytest.mark.parametrize(("received_on", "code"), [("2026-11-23", "date_in_future"), ("2026-11-19", "before_letter")])
async def test_nobody_arrives_before_the_letter_or_in_future(
    received_on: str, code: str, world: World, signed_in: SignedIn
) -> None:
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b)
    answer = await step(signed_in(world.sister_secretary), transfer, "accept", received_on=received_on)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_a_stay_that_would_be_over_is_not_accepted(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b, **STAY | {"until": "2027-02-25"})
    clock.advance(days=96)
    answer = await step(signed_in(world.sister_secretary), transfer, "accept", received_on="2027-02-26")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "after_stay")


async def test_of_moves_at_once_one_is_made_and_nobody_is_in_two_branches(
    live_database_url: str,
    clock: FakeClock,
    settings: Settings,
    keys: TokenKeys,
    passwords: Passwords,
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=6, statement_timeout_ms=10_000)
    async with database.session() as session:
        world = await make_world(session)
        await session.commit()
    app = create_app(Parts(settings=settings, database=database, passwords=passwords, keys=keys))

    def client_of(person: Person) -> AsyncClient:
        token = keys.issue(account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=clock())
        headers = {"Authorization": f"Bearer {token}"}
        return AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test", headers=headers)

    old, new, above = client_of(world.secretary), client_of(world.sister_secretary), client_of(world.administrator)
    address = f"/v1/members/{world.member.member_id}/transfers"
    bodies = [LETTER | {"to_organisation_id": str(where)} for where in (world.branch_b, world.far_branch)] * 2
    answers = await asyncio.gather(*(old.post(address, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    transfer = next(answer.json() for answer in answers if answer.status_code == 201)
    steps = [
        (above, "accept", {"received_on": "2026-11-22"}),
        (new if transfer["to_organisation"]["id"] == str(world.branch_b) else above, "refuse", {"reason": "Sai"}),
        (old, "withdraw", {"reason": "Sai"}),
        (above, "accept", {"received_on": "2026-11-22"}),
    ]
    ended = await asyncio.gather(
        *(client.post(f"/v1/transfers/{transfer['id']}/{name}", json=body) for client, name, body in steps)
    )
    assert sorted(answer.status_code for answer in ended) in ([200, 409, 409, 409], [200, 404, 409, 409])
    async with database.session() as session:
        homes = await session.scalars(
            text(
                "SELECT organisation_id FROM standings WHERE member_id = :id AND kind = 'official' AND ends_on IS NULL"
            ),
            {"id": world.member.member_id},
        )
        assert len(homes.all()) == 1
    await database.close()
