"""Signing in: what is right, and that everything else looks the same."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient

from app.identity import service
from app.identity.keyring import Keyring
from app.identity.schemas import SignIn
from app.kernel.db import Database, commit, transaction
from app.kernel.id_tokens import IdentityProviders
from app.kernel.passwords import Passwords
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.kernel.vault import Vault
from app.main import Parts, create_app
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.identity.conftest import LiveApp
from tests.identity.steps import (
    PASSWORD,
    bearer,
    change,
    end_membership,
    give_password,
    installation,
    refresh,
    rows,
    said,
    sign_in,
    try_to_sign_in,
    whoami,
)


class CountingPasswords(Passwords):
    """Counts the checks, so that equal work is seen without a stopwatch."""

    checks = 0

    async def matches(self, password_hash: str | None, password: str) -> bool:
        self.checks += 1
        return await super().matches(password_hash, password)


class CountingHasher(PasswordHasher):
    """Counts how often Argon2 really ran over a well-formed hash."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override] # noqa: A002
        assert str(hash).startswith("$argon2id$")
        self.verified += 1
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def counting(hasher: CountingHasher) -> CountingPasswords:
    return CountingPasswords(hasher, concurrency=2)


@pytest.fixture
async def counted_client(
    database: Database, settings: Settings, keys: TokenKeys, counting: CountingPasswords
) -> AsyncIterator[AsyncClient]:
    app = create_app(Parts(settings=settings, database=database, passwords=counting, keys=keys))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test") as client:
        yield client


@pytest.fixture
async def world(world: World, database: Database, passwords: Passwords) -> World:
    """Everybody has a real password here who signs in."""
    for person in (world.member, world.former, world.secretary):
        await give_password(database, passwords, person)
    return world


async def test_phone_and_password_sign_in(client: AsyncClient, world: World) -> None:
    tokens = await sign_in(client, world.member)

    me = (await whoami(client, tokens)).json()

    assert me["account_id"] == str(world.member.account_id)
    assert me["full_name"] == "Lê Văn Cường"
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}


async def test_signing_in_shows_posts_branch_and_zone(client: AsyncClient, world: World) -> None:
    me = (await whoami(client, await sign_in(client, world.secretary))).json()

    branch = {"id": str(world.branch_a), "name": "Chi bộ thôn Đông"}
    assert me["organisation"] == branch
    assert me["posts"] == [{"kind": "secretary", "organisation": branch}]
    assert (me["time_zone"], me["away"]) == ("Asia/Ho_Chi_Minh", False)


@pytest.mark.parametrize("form", ["0{}", "84{}", "+84 {}", "{}", "0084{}", "+84 (0){}"])
async def test_the_phone_number_is_taken_however_it_is_written(form: str, client: AsyncClient, world: World) -> None:
    assert world.member.phone is not None
    typed = form.format(world.member.phone.removeprefix("+84"))

    assert (await try_to_sign_in(client, typed)).status_code == 200


async def test_a_password_may_be_typed_in_another_normal_form(client: AsyncClient, world: World) -> None:
    decomposed = "con tra\u0302u \u0111i tru\u031bo\u031b\u0301c ca\u0301i ca\u0300y"
    assert decomposed != PASSWORD

    assert (await try_to_sign_in(client, world.member.phone, decomposed)).status_code == 200


async def test_every_refusal_looks_the_same_and_costs_the_same_work(
    counted_client: AsyncClient, counting: CountingPasswords, hasher: CountingHasher, database: Database, world: World
) -> None:
    await change(
        database,
        "UPDATE accounts SET disabled_at = now() WHERE id = :id",
        id=world.secretary.account_id,
    )
    answers, work = [], []
    for phone, password in (
        (world.member.phone, "không phải mật khẩu này"),
        ("0999999999", PASSWORD),
        ("không phải số", PASSWORD),
        (world.former.phone, PASSWORD),
        (world.secretary.phone, PASSWORD),
        (world.member.phone, "x" * 512),
    ):
        counting.checks = hasher.verified = 0
        answers.append(await try_to_sign_in(counted_client, phone, password))
        work.append((counting.checks, hasher.verified))

    assert work == [(1, 1)] * 6
    assert {str(said(answer)) for answer in answers} == {str(said(answers[0]))}
    assert (answers[0].status_code, answers[0].json()["code"]) == (401, "credentials_refused")
    assert await rows(database, "SELECT 1 FROM refresh_tokens") == []


async def test_the_disabled_account_was_refused_for_being_disabled(
    client: AsyncClient, database: Database, world: World
) -> None:
    tokens = await sign_in(client, world.secretary)
    await change(
        database,
        "UPDATE accounts SET disabled_at = now() WHERE id = :id",
        id=world.secretary.account_id,
    )

    assert (await try_to_sign_in(client, world.secretary.phone)).status_code == 401
    assert (await whoami(client, tokens)).status_code == 401
    assert (await refresh(client, tokens["refresh_token"])).status_code == 401


async def test_who_leaves_is_out_at_the_next_request(client: AsyncClient, database: Database, world: World) -> None:
    tokens = await sign_in(client, world.member)
    assert (await whoami(client, tokens)).status_code == 200
    await end_membership(database, world.member)

    assert (await whoami(client, tokens)).status_code == 401
    assert (await refresh(client, tokens["refresh_token"])).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 401


async def test_signing_in_again_on_the_same_phone_replaces_the_session(
    client: AsyncClient, world: World, clock: FakeClock
) -> None:
    first = await sign_in(client, world.member)
    elsewhere = (await try_to_sign_in(client, world.member.phone, on=uuid4())).json()
    clock.advance(seconds=11)
    second = await sign_in(client, world.member)

    assert (await whoami(client, first)).status_code == 401
    assert (await refresh(client, first["refresh_token"])).status_code == 401
    assert (await whoami(client, second)).status_code == 200
    assert (await whoami(client, elsewhere)).status_code == 200


@pytest.mark.parametrize("apart", [-2, 0, 2], ids="the lost one {} s later".format)
async def test_sign_in_that_is_still_at_work_when_the_phone_tries_again_keeps_nobody_out(
    client: AsyncClient,
    world: World,
    database: Database,
    settings: Settings,
    keys: TokenKeys,
    passwords: Passwords,
    clock: FakeClock,
    apart: int,
) -> None:
    """Another process may come to the first request later than to the second, and finish with it before or after."""
    phone = world.member
    clock.advance(minutes=1)
    body = SignIn.model_validate(
        {"phone": phone.phone, "password": PASSWORD, "installation": installation(phone.installation_id)}
    )
    keyring = Keyring(
        keys=keys,
        passwords=passwords,
        vault=Vault(settings.vault_dir),
        providers=IdentityProviders(()),
        independently=partial(transaction, database),
    )
    async with database.session() as first:  # still checks the password while the phone tries again
        clock.advance(seconds=apart)
        second = await sign_in(client, phone)
        await service.sign_in(first, body, keyring=keyring)
        await commit(first)
    open_ones = "SELECT id FROM sessions WHERE installation_id = :phone AND revoked_at IS NULL"

    assert (await whoami(client, second)).status_code == 200
    assert len(await rows(database, open_ones, phone=phone.installation_id)) == 2
    assert (await refresh(client, second["refresh_token"])).status_code == 200
    assert len(await rows(database, open_ones, phone=phone.installation_id)) == 1
    assert (await whoami(client, second)).status_code == 200


async def test_of_sign_ins_at_once_that_stays_which_the_phone_goes_on_with(
    live_app: LiveApp, passwords: Passwords
) -> None:
    phone = live_app.world.member
    await give_password(live_app.database, passwords, phone)

    answers = await asyncio.gather(*(sign_in(live_app.client, phone) for _ in range(5)))

    assert [(await whoami(live_app.client, tokens)).status_code for tokens in answers] == [200] * 5
    headers = bearer(answers[0]["access_token"])
    listed = (await live_app.client.get("/v1/me/sessions", headers=headers)).json()["items"]
    assert [item["current"] for item in listed if item["device_name"] == "Samsung A05"] == [True]
    assert (await refresh(live_app.client, answers[2]["refresh_token"])).status_code == 200
    assert [(await whoami(live_app.client, tokens)).status_code for tokens in answers] == [401, 401, 200, 401, 401]


async def test_sign_in_that_comes_when_the_phone_has_gone_on_ends_with_its_next_refresh(
    client: AsyncClient, world: World, clock: FakeClock
) -> None:
    first = await sign_in(client, world.member)
    clock.advance(seconds=1)
    kept = (await refresh(client, first["refresh_token"])).json()
    clock.advance(seconds=1)
    other = await sign_in(client, world.member)
    assert (await whoami(client, kept)).status_code == 200

    clock.advance(minutes=9)
    assert (await refresh(client, kept["refresh_token"])).status_code == 200

    assert (await whoami(client, other)).status_code == 401
    assert (await refresh(client, other["refresh_token"])).status_code == 401


async def test_signing_out_leaves_nothing_of_a_sign_in_whose_answer_was_lost(client: AsyncClient, world: World) -> None:
    lost = await sign_in(client, world.member)
    kept = await sign_in(client, world.member)

    assert (await client.post("/v1/auth/logout", headers=bearer(kept["access_token"]))).status_code == 204

    assert (await whoami(client, lost)).status_code == 401
    assert (await refresh(client, lost["refresh_token"])).status_code == 401


async def test_a_clock_that_was_put_back_keeps_nobody_out(client: AsyncClient, world: World, clock: FakeClock) -> None:
    await sign_in(client, world.member)
    clock.advance(days=-1)

    tokens = await sign_in(client, world.member)

    assert (await whoami(client, tokens)).status_code == 200


async def test_two_people_on_one_phone_do_not_end_each_others_sessions(client: AsyncClient, world: World) -> None:
    mine = await sign_in(client, world.member)
    theirs = await try_to_sign_in(client, world.secretary.phone, on=world.member.installation_id)

    assert (await whoami(client, mine)).status_code == 200
    assert (await whoami(client, theirs.json())).status_code == 200


async def test_signing_in_is_recorded_without_any_secret(client: AsyncClient, database: Database, world: World) -> None:
    tokens = await sign_in(client, world.member)

    [fact] = await rows(
        database, "SELECT code, actor_member_id, data::text AS data, row_to_json(e)::text AS whole FROM events AS e"
    )
    [stored] = await rows(database, "SELECT encode(token_hash, 'escape') AS hash FROM refresh_tokens")

    assert (fact.code, fact.actor_member_id) == ("identity.signed_in", world.member.member_id)
    assert str(world.member.installation_id) in fact.data
    assert not any(secret in fact.whole for secret in (tokens["refresh_token"], tokens["access_token"], PASSWORD))
    assert tokens["refresh_token"] not in stored.hash


@pytest.mark.parametrize("missing", ["phone", "password", "installation"])
async def test_a_missing_field_is_named(missing: str, client: AsyncClient) -> None:
    body = {
        "phone": "0900000001",
        "password": PASSWORD,
        "installation": {"installation_id": str(uuid4()), "platform": "ios"},
    }
    del body[missing]

    refused = await client.post("/v1/auth/login", json=body)

    assert refused.status_code == 422
    assert [(field["pointer"], field["code"]) for field in refused.json()["errors"]] == [(f"/{missing}", "missing")]


async def test_an_unknown_platform_is_named_within_its_object(client: AsyncClient) -> None:
    body = {
        "phone": "0900000001",
        "password": PASSWORD,
        "installation": {"installation_id": str(uuid4()), "platform": "symbian"},
    }

    refused = await client.post("/v1/auth/login", json=body)

    assert [(field["pointer"], field["code"]) for field in refused.json()["errors"]] == [
        ("/installation/platform", "enum")
    ]
