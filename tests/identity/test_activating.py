"""A code handed over by voice or on paper becomes a password and a session."""

import asyncio

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import select

from app.identity.credentials import Code
from app.identity.models import ActivationCode
from app.identity.service import hand_out_code
from app.kernel.db import Database
from app.kernel.passwords import Passwords, PasswordsBusy
from app.kernel.security import PostKind
from app.members.models import Member, Post
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.identity.conftest import LiveApp
from tests.identity.steps import (
    PASSWORD,
    SignedIn,
    change,
    end_membership,
    give_password,
    issue_code,
    rows,
    said,
    sign_in,
    try_to_activate,
    try_to_sign_in,
    whoami,
)


def wrong(code: str) -> str:
    """Return another code that the same row is found by."""
    return code[:-1] + ("2" if code[-1] != "2" else "3")


@pytest.mark.parametrize("issuer", ["secretary", "administrator"])
async def test_a_code_sets_a_password_and_signs_in(
    issuer: str, client: AsyncClient, world: World, signed_in: SignedIn
) -> None:
    code = await issue_code(signed_in(getattr(world, issuer)), world.member)

    activated = await try_to_activate(client, code)

    assert activated.status_code == 200, activated.text
    assert activated.json()["token_type"] == "Bearer"
    assert activated.json()["expires_in"] == 600
    me = await whoami(client, activated.json())
    assert me.json()["member_id"] == str(world.member.member_id)
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 200


async def test_a_member_without_an_account_gets_one_once_a_phone_number_is_on_record(
    client: AsyncClient, database: Database, world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    path = f"/v1/members/{world.phoneless.member_id}/activation-code"
    refused = await secretary.post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "member_has_no_phone")
    await change(database, "UPDATE members SET phone = '+84905555555' WHERE id = :id", id=world.phoneless.member_id)

    activated = await try_to_activate(client, await issue_code(secretary, world.phoneless))

    assert activated.status_code == 200, activated.text
    assert (await try_to_sign_in(client, "0905 555 555")).status_code == 200


@pytest.mark.parametrize(
    ("issuer", "status", "code"),
    [
        ("member", 403, "not_for_your_post"),
        ("minute_taker", 403, "not_for_your_post"),
        ("auditor", 404, "member_not_found"),
        ("officer", 403, "not_for_your_post"),
        ("sister_secretary", 404, "member_not_found"),
        ("stranger", 404, "member_not_found"),
        ("former", 401, "token_invalid"),
    ],
)
async def test_nobody_else_may_hand_out_codes(
    issuer: str, status: int, code: str, database: Database, world: World, signed_in: SignedIn
) -> None:
    caller = signed_in(getattr(world, issuer))

    refused = await caller.post(f"/v1/members/{world.away.member_id}/activation-code")

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await rows(database, "SELECT 1 FROM activation_codes") == []


@pytest.mark.parametrize(
    ("kind", "place", "issuers"),
    [
        ("committee_member", "branch_a", {"secretary", "administrator", "commune_administrator"}),
        ("auditor", "branch_a", {"administrator", "commune_administrator"}),
        ("committee_officer", "commune", {"administrator", "commune_administrator"}),
        ("administrator", "province", {"administrator"}),
    ],
)
async def test_nobody_hands_out_codes_for_posts_that_reach_further_than_their_own(
    kind: str, place: str, issuers: set[str], database: Database, world: World, signed_in: SignedIn
) -> None:
    """Whoever hands out the code can choose the password, and be whom it is for."""
    post = (
        "INSERT INTO posts (id, member_id, organisation_id, kind, starts_on)"
        " VALUES (gen_random_uuid(), :member, :place, :kind, '2026-11-23')"
    )
    held = {"kind": "administrator", "place": world.commune, "member": world.sister_member.member_id}
    await change(database, post.replace("-23", "-22"), **held)
    await change(database, post, kind=kind, place=getattr(world, place), member=world.member.member_id)
    people = {
        "secretary": world.secretary,
        "administrator": world.administrator,
        "commune_administrator": world.sister_member,
    }
    code, factor = (f"/v1/members/{world.member.member_id}/{name}" for name in ("activation-code", "second-factor"))

    may = {name for name, person in people.items() if (await signed_in(person).post(code)).status_code == 201}
    resets = {name for name, person in people.items() if (await signed_in(person).delete(factor)).status_code == 409}

    assert may == issuers
    assert resets == issuers - {"secretary"}


async def test_nobody_hands_out_a_code_to_themself(database: Database, world: World, signed_in: SignedIn) -> None:
    """With a phone left open, or a token, that would be the account for good."""
    for person in (world.secretary, world.administrator):
        refused = await signed_in(person).post(f"/v1/members/{person.member_id}/activation-code")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    assert await rows(database, "SELECT 1 FROM activation_codes") == []


async def test_no_code_is_handed_out_without_signing_in_nor_for_a_member_who_left(
    client: AsyncClient, world: World, signed_in: SignedIn
) -> None:
    anonymous = await client.post(f"/v1/members/{world.member.member_id}/activation-code")
    assert anonymous.status_code == 401
    former = await signed_in(world.secretary).post(f"/v1/members/{world.former.member_id}/activation-code")
    assert (former.status_code, former.json()["code"]) == (409, "membership_ended")


async def test_a_code_is_read_in_lower_case_and_with_spaces(
    client: AsyncClient, world: World, signed_in: SignedIn
) -> None:
    code = await issue_code(signed_in(world.secretary), world.member)
    typed = "  " + " ".join(code.lower().replace("-", "")) + " "

    assert (await try_to_activate(client, typed)).status_code == 200


async def test_wrong_expired_used_and_impossible_codes_are_answered_alike(
    client: AsyncClient, clock: FakeClock, world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    used = await issue_code(secretary, world.member)
    assert (await try_to_activate(client, used)).status_code == 200
    late = await issue_code(secretary, world.away)
    good = await issue_code(secretary, world.probationary)
    answers = [
        await try_to_activate(client, wrong(good)),
        await try_to_activate(client, used),
        await try_to_activate(client, "2222-2222-22"),
        await try_to_activate(client, "0OI1-LLLL-UU"),
        await try_to_activate(client, "K7MN"),
        await try_to_activate(client, "mã kích hoạt"),
    ]
    clock.advance(days=7)
    answers.append(await try_to_activate(client, late))

    assert {str(said(answer)) for answer in answers} == {str(said(answers[0]))}
    assert (answers[0].status_code, answers[0].json()["code"]) == (401, "activation_refused")


async def test_a_code_works_until_the_last_second_of_its_seven_days(
    client: AsyncClient, clock: FakeClock, world: World, signed_in: SignedIn
) -> None:
    code = await issue_code(signed_in(world.secretary), world.member)
    clock.advance(days=7, seconds=-1)

    assert (await try_to_activate(client, code)).status_code == 200


async def test_a_new_code_kills_the_old_one(client: AsyncClient, world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    old = await issue_code(secretary, world.member)
    new = await issue_code(secretary, world.member)

    assert (await try_to_activate(client, old)).status_code == 401
    assert (await try_to_activate(client, new)).status_code == 200


async def test_a_code_is_worthless_once_the_membership_has_ended(
    client: AsyncClient, database: Database, world: World, signed_in: SignedIn
) -> None:
    code = await issue_code(signed_in(world.secretary), world.member)
    await end_membership(database, world.member)

    assert (await try_to_activate(client, code)).status_code == 401


async def test_activating_again_changes_the_password_and_ends_the_old_sessions(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, signed_in: SignedIn
) -> None:
    await give_password(database, passwords, world.member)
    before = await sign_in(client, world.member)
    code = await issue_code(signed_in(world.secretary), world.member)

    activated = await try_to_activate(client, code, "trên đồng cạn dưới đồng sâu")

    assert activated.status_code == 200, activated.text
    assert (await whoami(client, before)).status_code == 401
    assert (await whoami(client, activated.json())).status_code == 200
    assert (await signed_in(world.member).get("/v1/me")).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone, PASSWORD)).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone, "trên đồng cạn dưới đồng sâu")).status_code == 200


@pytest.mark.parametrize("password", ["12345678", "Password", "MATKHAU123", "aaaaaaaaaa", "abababab"])
async def test_common_passwords_are_refused_and_the_code_is_not_used_up(
    password: str, client: AsyncClient, world: World, signed_in: SignedIn
) -> None:
    code = await issue_code(signed_in(world.secretary), world.member)

    refused = await try_to_activate(client, code, password)

    assert (refused.status_code, refused.json()["code"]) == (422, "password_too_common")
    assert (await try_to_activate(client, code)).status_code == 200


@pytest.mark.parametrize(("password", "code"), [("ngắn", "string_too_short"), ("dài " * 33, "string_too_long")])
async def test_passwords_have_8_to_128_characters(password: str, code: str, client: AsyncClient) -> None:
    refused = await try_to_activate(client, "K7MN-4PQR-TW", password)

    assert refused.status_code == 422
    assert [(field["pointer"], field["code"]) for field in refused.json()["errors"]] == [("/password", code)]


async def test_the_code_is_in_no_row_and_no_event(database: Database, world: World, signed_in: SignedIn) -> None:
    code = (await issue_code(signed_in(world.secretary), world.member)).replace("-", "")

    [stored] = await rows(database, "SELECT row_to_json(c)::text AS row FROM activation_codes AS c")
    facts = await rows(database, "SELECT row_to_json(e)::text AS row, code FROM events AS e")

    assert code[4:] not in stored.row
    assert [fact.code for fact in facts] == ["identity.activation_code_issued"]
    assert code[4:] not in facts[0].row


async def test_after_five_wrong_tries_the_right_code_is_refused(live_app: LiveApp) -> None:
    client, world = live_app.client, live_app.world
    code = await issue_code(live_app.signed_in(world.secretary), world.member)
    for _ in range(5):
        assert (await try_to_activate(client, wrong(code))).status_code == 401

    refused = await try_to_activate(client, code)

    assert (refused.status_code, refused.json()["code"]) == (401, "activation_refused")
    assert await rows(live_app.database, "SELECT try_count FROM activation_codes") != []


async def test_after_four_wrong_tries_the_right_code_still_works(live_app: LiveApp) -> None:
    client, world = live_app.client, live_app.world
    code = await issue_code(live_app.signed_in(world.secretary), world.member)
    for _ in range(4):
        assert (await try_to_activate(client, wrong(code))).status_code == 401

    assert (await try_to_activate(client, code)).status_code == 200


async def test_forty_tries_at_once_are_still_only_five(live_app: LiveApp) -> None:
    client, world = live_app.client, live_app.world
    code = await issue_code(live_app.signed_in(world.secretary), world.member)

    answers = await asyncio.gather(*(try_to_activate(client, wrong(code)) for _ in range(40)))

    assert {answer.status_code for answer in answers} == {401}
    [row] = await rows(live_app.database, "SELECT try_count FROM activation_codes")
    assert row.try_count == 5


async def test_one_code_used_by_two_at_once_activates_once(live_app: LiveApp) -> None:
    client, world = live_app.client, live_app.world
    code = await issue_code(live_app.signed_in(world.secretary), world.member)

    answers = await asyncio.gather(try_to_activate(client, code), try_to_activate(client, code))

    assert sorted(answer.status_code for answer in answers) == [200, 401]


async def test_a_number_that_went_to_another_member_does_not_keep_them_from_activating(
    client: AsyncClient, database: Database, world: World, signed_in: SignedIn
) -> None:
    # The old holder's account still carries the number they signed up with.
    await change(database, "UPDATE members SET phone = NULL WHERE id = :id", id=world.member.member_id)
    await change(
        database,
        "UPDATE members SET phone = :phone WHERE id = :id",
        phone=world.member.phone,
        id=world.phoneless.member_id,
    )

    activated = await try_to_activate(client, await issue_code(signed_in(world.secretary), world.phoneless))

    assert activated.status_code == 200, activated.text
    me = (await whoami(client, activated.json())).json()
    assert me["member_id"] == str(world.phoneless.member_id)
    again = await try_to_sign_in(client, world.member.phone)
    assert (await whoami(client, again.json())).json()["member_id"] == str(world.phoneless.member_id)


async def test_a_code_whose_selector_another_has_is_drawn_anew(world: World, app: FastAPI, database: Database) -> None:
    taken, free = Code("AAAA", "222222"), Code("BBBB", "333333")
    async with database.session() as session:
        for person, drawn in ((world.member, [taken, taken]), (world.away, [taken, taken, taken, free])):
            member = await session.get_one(Member, person.member_id)
            view = await hand_out_code(
                session, member, issued_by=None, keyring=app.state.keyring, draw=iter(drawn).__next__
            )
        assert view.activation_code == "BBBB-2222-22"
        selectors = await session.scalars(select(ActivationCode.selector).order_by(ActivationCode.selector))
        assert list(selectors) == ["AAAA", "BBBB"]


@pytest.mark.parametrize("milliseconds", [60_000, 1, 0])
async def test_a_code_from_before_a_post_or_of_its_millisecond_lets_nobody_into_it(
    milliseconds: int, client: AsyncClient, world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    administrator, member = signed_in(world.administrator), world.member
    clock.advance(microseconds=700)
    before = await issue_code(signed_in(world.secretary), member)
    clock.advance(milliseconds=milliseconds)
    post = {"member_id": str(member.member_id), "kind": "administrator", "starts_on": "2026-11-22"}
    granted = await administrator.post(f"/v1/organisations/{world.commune}/posts", json=post)
    assert granted.status_code == 201, granted.text
    refused = await try_to_activate(client, before)
    assert (refused.status_code, refused.json()["code"]) == (401, "activation_refused")
    clock.advance(milliseconds=1)
    assert (await try_to_activate(client, await issue_code(administrator, member))).status_code == 200


async def test_a_code_that_was_handed_out_with_a_post_lets_its_holder_in(
    client: AsyncClient, world: World, app: FastAPI, database: Database
) -> None:
    async with database.session() as session:
        member = await session.get_one(Member, world.member.member_id)
        session.add(
            Post(
                id=session.new_id(),
                member_id=member.id,
                organisation_id=world.commune,
                kind=PostKind.administrator,
                starts_on=session.today(),
            )
        )
        view = await hand_out_code(session, member, issued_by=None, keyring=app.state.keyring)
        await session.commit()

    assert (await try_to_activate(client, view.activation_code)).status_code == 200


class BusyPasswords(Passwords):
    """Refuses a kind of work as often as it is told to."""

    def __init__(self) -> None:
        super().__init__(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), concurrency=4)
        self.refusals = {"matches": 0, "hash": 0}

    async def hash(self, password: str) -> str:
        self._refuse("hash")
        return await super().hash(password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        self._refuse("matches")
        return await super().matches(password_hash, password)

    def _refuse(self, work: str) -> None:
        if self.refusals[work]:
            self.refusals[work] -= 1
            raise PasswordsBusy(headers={"Retry-After": "5"})


class TestOnABusyServer:
    @pytest.fixture
    def passwords(self) -> BusyPasswords:
        return BusyPasswords()

    @pytest.mark.parametrize("work", ["matches", "hash"])
    async def test_tries_that_were_not_judged_are_not_counted_and_those_that_were_are(
        self, work: str, live_app: LiveApp, passwords: BusyPasswords
    ) -> None:
        client, world = live_app.client, live_app.world
        code = await issue_code(live_app.signed_in(world.secretary), world.member)
        assert (await try_to_activate(client, wrong(code))).status_code == 401
        passwords.refusals[work] = 5

        answers = [await try_to_activate(client, code) for _ in range(5)]

        assert {(answer.status_code, answer.headers.get("Retry-After")) for answer in answers} == {(503, "5")}
        assert {answer.json()["code"] for answer in answers} == {"passwords_busy"}
        [row] = await rows(live_app.database, "SELECT try_count FROM activation_codes")
        assert row.try_count == 1
        assert (await try_to_activate(client, code)).status_code == 200
