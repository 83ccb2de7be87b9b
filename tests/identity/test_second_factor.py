"""The second factor: a code of an authenticator app, once; recovery codes; who needs one."""

import asyncio
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from cryptography.fernet import Fernet
from httpx import AsyncClient, Response
from sqlalchemy import update

from app.identity.errors import SecondFactorOff
from app.identity.models import SecondFactor
from app.identity.second_factor.service import override_second_factor
from app.kernel.db import Database, transaction
from app.kernel.passwords import Passwords
from app.kernel.settings import SecondFactorOf, Settings
from app.kernel.vault import Vault, VaultClosed
from app.members.errors import MemberNotFound
from tests.factories.clock import FakeClock
from tests.factories.world import Person, World
from tests.identity.conftest import LiveApp
from tests.identity.steps import (
    PASSWORD,
    SignedIn,
    change,
    give_password,
    installation,
    issue_code,
    rows,
    sign_in,
    try_to_sign_in,
)
from tests.worker import JobRunner

PATH = "/v1/me/second-factor"


@pytest.fixture
async def world(world: World, database: Database, passwords: Passwords) -> World:
    for person in (world.member, world.administrator, world.officer):
        await give_password(database, passwords, person)
    return world


def code_at(secret: str, clock: FakeClock, *, seconds: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(clock().timestamp()) + seconds)


async def enrol(caller: AsyncClient, password: str = PASSWORD) -> str:
    answer = await caller.post(PATH, json={"current_password": password})
    assert answer.status_code == 201, answer.text
    return cast("str", answer.json()["secret"])


async def turn_on(caller: AsyncClient, clock: FakeClock) -> tuple[str, list[str]]:
    """Return the secret and the recovery codes; the code of this half minute is used."""
    secret = await enrol(caller)
    answer = await caller.post(f"{PATH}/confirm", json={"totp_code": code_at(secret, clock)})
    assert answer.status_code == 200, answer.text
    return secret, answer.json()["recovery_codes"]


async def sign_in_with(client: AsyncClient, person: Person, code: str | None, password: str = PASSWORD) -> Response:
    body = {"phone": person.phone, "password": password, "installation": installation(), "totp_code": code}
    return await client.post("/v1/auth/login", json=body)


def told(answer: Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


async def test_an_app_is_enrolled_by_a_secret_shown_once(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock, database: Database, settings: Settings
) -> None:
    member = signed_in(world.member)
    assert (await member.get(PATH)).json() == {
        "status": "off",
        "required": False,
        "confirmed_at": None,
        "recovery_code_count": 0,
    }
    assert told(await member.post(PATH, json={"current_password": "sai"})) == (401, "credentials_refused")
    assert told(await member.post(f"{PATH}/confirm", json={"totp_code": "123456"})) == (409, "second_factor_off")
    replaced = await enrol(member)
    shown = (await member.post(PATH, json={"current_password": PASSWORD})).json()
    secret = shown["secret"]
    address = urlsplit(shown["otpauth_uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [secret], "issuer": ["Sổ tay"]}
    assert (await member.get(PATH)).json()["status"] == "pending"
    assert (await sign_in_with(client, world.member, None)).status_code == 200  # it was not confirmed yet

    [stored] = await rows(database, "SELECT sealed_secret FROM second_factors")
    assert secret.encode() not in bytes(stored.sealed_secret)
    assert Vault(settings.vault_dir).open(bytes(stored.sealed_secret)).decode() == secret

    for wrong in (code_at(replaced, clock), "000000000000"):
        assert told(await member.post(f"{PATH}/confirm", json={"totp_code": wrong})) == (401, "second_factor_refused")
    confirmed = await member.post(f"{PATH}/confirm", json={"totp_code": code_at(secret, clock)})
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    view = (await member.get(PATH)).json()
    assert (view["status"], view["recovery_code_count"]) == ("on", 10)
    assert view["confirmed_at"] == "2026-11-22T01:00:00Z"
    assert told(await member.post(PATH, json={"current_password": PASSWORD})) == (409, "second_factor_on")
    again = await member.post(f"{PATH}/confirm", json={"totp_code": code_at(secret, clock, seconds=30)})
    assert told(again) == (409, "second_factor_on")


async def test_signing_in_then_asks_for_a_code_and_takes_each_once(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock
) -> None:
    secret, _ = await turn_on(signed_in(world.member), clock)

    assert told(await sign_in_with(client, world.member, None)) == (401, "second_factor_required")
    assert told(await sign_in_with(client, world.member, None, "sai")) == (401, "credentials_refused")
    used = code_at(secret, clock)
    assert told(await sign_in_with(client, world.member, used)) == (401, "second_factor_refused")
    clock.advance(seconds=30)
    fresh = code_at(secret, clock)
    assert told(await sign_in_with(client, world.member, fresh, "sai")) == (401, "credentials_refused")
    assert (await sign_in_with(client, world.member, f"{fresh[:3]} {fresh[3:]}")).status_code == 200
    assert told(await sign_in_with(client, world.member, fresh)) == (401, "second_factor_refused")


async def test_a_phone_may_be_half_a_minute_off_and_no_more(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock
) -> None:
    secret, _ = await turn_on(signed_in(world.member), clock)
    clock.advance(minutes=5)

    for seconds, status in ((-60, 401), (60, 401), (-30, 200), (30, 200), (0, 401)):
        answer = await sign_in_with(client, world.member, code_at(secret, clock, seconds=seconds))
        assert answer.status_code == status, seconds


async def test_a_recovery_code_works_once_in_the_place_of_the_app(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock, database: Database
) -> None:
    member = signed_in(world.member)
    secret, codes = await turn_on(member, clock)
    stored = await rows(database, "SELECT row_to_json(r)::text AS whole FROM recovery_codes AS r")
    assert not any(code in row.whole or code.replace("-", "") in row.whole for row in stored for code in codes)

    assert (await sign_in_with(client, world.member, codes[0].lower().replace("-", " "))).status_code == 200
    assert told(await sign_in_with(client, world.member, codes[0])) == (401, "second_factor_refused")
    assert (await member.get(PATH)).json()["recovery_code_count"] == 9

    clock.advance(seconds=30)
    renewed = await member.post(f"{PATH}/recovery-codes", json={"totp_code": code_at(secret, clock)})
    assert told(await sign_in_with(client, world.member, codes[1])) == (401, "second_factor_refused")
    assert (await sign_in_with(client, world.member, renewed.json()["recovery_codes"][0])).status_code == 200


async def test_two_sign_ins_at_once_with_one_code_are_one(live_app: LiveApp, passwords: Passwords) -> None:
    person, clock = live_app.world.member, live_app.clock
    await give_password(live_app.database, passwords, person)
    secret, codes = await turn_on(live_app.signed_in(person), clock)
    clock.advance(seconds=30)

    for code in (code_at(secret, clock), codes[0]):
        answers = await asyncio.gather(*(sign_in_with(live_app.client, person, code) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_wrong_codes_are_delayed_as_wrong_passwords_are(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock
) -> None:
    member = signed_in(world.member)
    secret, _ = await turn_on(member, clock)
    clock.advance(minutes=1)

    got = [(await sign_in_with(client, world.member, "000000")).status_code for _ in range(6)]
    assert got == [401] * 5 + [429]
    assert told(await sign_in_with(client, world.member, code_at(secret, clock))) == (429, "sign_in_delayed")
    # Signed in one has a counter of one's own, that strangers do not move.
    got = [(await member.post(f"{PATH}/remove", json={"totp_code": "000000"})).status_code for _ in range(6)]
    assert got == [401] * 5 + [429]


async def test_removing_it_needs_a_code_and_is_told(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock, jobs: JobRunner
) -> None:
    member = signed_in(world.member)
    assert told(await member.post(f"{PATH}/remove", json={"totp_code": "123456"})) == (409, "second_factor_off")
    secret, _ = await turn_on(member, clock)
    assert told(await member.post(f"{PATH}/remove", json={"totp_code": "123456"})) == (401, "second_factor_refused")
    clock.advance(seconds=30)

    removed = await member.post(f"{PATH}/remove", json={"totp_code": code_at(secret, clock)})

    assert removed.status_code == 204, removed.text
    assert (await member.get(PATH)).json()["status"] == "off"
    await sign_in(client, world.member)
    await jobs.run()
    assert jobs.sender.tokens("second_factor_removed") == [world.member.push_token]


async def test_an_activation_code_replaces_the_password_alone(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock
) -> None:
    _, codes = await turn_on(signed_in(world.member), clock)
    code = await issue_code(signed_in(world.secretary), world.member)
    body = {"activation_code": code, "password": "trên đồng cạn dưới đồng sâu", "installation": installation()}

    assert told(await client.post("/v1/auth/activate", json=body)) == (401, "second_factor_required")
    wrong = await client.post("/v1/auth/activate", json={**body, "totp_code": "000000"})
    assert told(wrong) == (401, "second_factor_refused")
    assert (await try_to_sign_in(client, world.member.phone)).json()["code"] == "second_factor_required"
    right = await client.post("/v1/auth/activate", json={**body, "totp_code": codes[0]})
    assert right.status_code == 200, right.text


async def test_codes_without_number_are_no_guesses_without_number(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock
) -> None:
    """Who may hand out new passwords must not find the second factor by trying it with one code after the other."""
    secret, _ = await turn_on(signed_in(world.member), clock)
    clock.advance(minutes=1)
    got = []
    for _ in range(3):
        code = await issue_code(signed_in(world.secretary), world.member)
        body = {"activation_code": code, "password": PASSWORD, "installation": installation(), "totp_code": "000000"}
        got += [(await client.post("/v1/auth/activate", json=body)).status_code for _ in range(2)]
    assert got == [401] * 5 + [429]
    right = {**body, "totp_code": code_at(secret, clock)}
    assert told(await client.post("/v1/auth/activate", json=right)) == (429, "sign_in_delayed")
    assert (await sign_in_with(client, world.member, code_at(secret, clock))).status_code == 200
    clock.advance(seconds=30)
    right = {**body, "totp_code": code_at(secret, clock)}
    assert (await client.post("/v1/auth/activate", json=right)).status_code == 200


async def test_an_administrator_helps_who_lost_everything_but_not_themself(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock
) -> None:
    await turn_on(signed_in(world.member), clock)
    await turn_on(signed_in(world.administrator), clock)
    administrator, path = signed_in(world.administrator), f"/v1/members/{world.member.member_id}/second-factor"

    assert told(await signed_in(world.secretary).delete(path)) == (403, "not_for_your_post")
    own = await administrator.delete(f"/v1/members/{world.administrator.member_id}/second-factor")
    assert told(own) == (403, "not_for_your_post")
    assert (await administrator.delete(path)).status_code == 204
    assert told(await administrator.delete(path)) == (409, "second_factor_off")
    await sign_in(client, world.member)


async def test_at_the_console_the_operator_helps_whom_nobody_stands_above_and_all_can_see_it(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock, database: Database, jobs: JobRunner
) -> None:
    administrator, number = signed_in(world.administrator), world.administrator.phone
    assert number is not None
    await turn_on(administrator, clock)

    async with transaction(database) as session:
        member = await override_second_factor(session, phone=number)

    assert member.id == world.administrator.member_id
    assert (await administrator.get("/v1/me")).status_code == 401  # and so were whoever else's sessions
    await sign_in(client, world.administrator)
    [fact] = await rows(database, "SELECT * FROM events WHERE code = 'identity.second_factor_overridden'")
    assert (fact.actor_member_id, fact.organisation_id) == (None, member.organisation_id)
    await jobs.run()
    assert jobs.sender.tokens("second_factor_overridden") == [world.administrator.push_token]
    for phone, refusal in ((number, SecondFactorOff), ("+84999999999", MemberNotFound)):
        async with database.session() as session:
            with pytest.raises(refusal):
                await override_second_factor(session, phone=phone)


async def test_phone_that_was_lost_is_told_that_its_owner_was_let_in_without_it_and_of_nothing_an_hour_later(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock, database: Database, jobs: JobRunner
) -> None:
    owner = world.administrator
    assert owner.phone is not None
    await turn_on(signed_in(owner), clock)
    await change(
        database,
        "INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version,"
        " updated_at, created_at) VALUES (gen_random_uuid(), gen_random_uuid(), :account, 'android', 'lost', 'vi',"
        " 'Asia/Ho_Chi_Minh', '1.0.0', :now, :now)",
        account=owner.account_id,
        now=clock(),
    )
    clock.set(clock().replace(hour=16))  # 23:00 in Hà Nội
    async with transaction(database) as session:
        await override_second_factor(session, phone=owner.phone)
    await sign_in(client, owner)
    await jobs.run()
    assert set(jobs.sender.tokens("second_factor_overridden")) == {"lost", owner.push_token}
    clock.advance(hours=1)
    await jobs.run()
    held = "SELECT push_token FROM devices WHERE account_id = :account AND push_token IS NOT NULL"
    assert [row.push_token for row in await rows(database, held, account=owner.account_id)] == [owner.push_token]


class TestWhereItIsRequired:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"require_second_factor": SecondFactorOf.administrators})

    async def test_posts_give_no_rights_until_it_is_on(
        self, signed_in: SignedIn, world: World, clock: FakeClock
    ) -> None:
        administrator, path = signed_in(world.administrator), f"/v1/organisations/{world.branch_a}/posts"
        assert (await administrator.get("/v1/me")).json()["posts"] == []
        assert (await administrator.get(path)).status_code == 404
        assert (await administrator.get(PATH)).json()["required"] is True
        await enrol(administrator)
        assert (await administrator.get(path)).status_code == 404

        await turn_on(administrator, clock)

        assert (await administrator.get(path)).status_code == 200
        assert len((await administrator.get("/v1/me")).json()["posts"]) == 1

    async def test_other_posts_keep_theirs(self, signed_in: SignedIn, world: World) -> None:
        for person in (world.secretary, world.officer):
            assert len((await signed_in(person).get("/v1/me")).json()["posts"]) == 1
            assert (await signed_in(person).get(PATH)).json()["required"] is False


async def test_without_its_key_a_secret_is_no_code(
    signed_in: SignedIn, client: AsyncClient, world: World, clock: FakeClock, database: Database
) -> None:
    secret, codes = await turn_on(signed_in(world.member), clock)
    async with database.session() as session:
        await session.execute(update(SecondFactor).values(sealed_secret=Fernet(Fernet.generate_key()).encrypt(b"x")))
        await session.commit()
    clock.advance(seconds=30)

    assert told(await sign_in_with(client, world.member, code_at(secret, clock))) == (401, "second_factor_refused")
    assert (await sign_in_with(client, world.member, codes[0])).status_code == 200


def test_a_vault_opens_what_older_keys_sealed(tmp_path: Path) -> None:
    first = Vault(tmp_path / "vault")
    sealed = first.seal(b"bi mat")
    assert Vault(tmp_path / "vault").open(sealed) == b"bi mat"
    (tmp_path / "vault" / "0002.key").write_bytes(Fernet.generate_key() + b"\n")
    both = Vault(tmp_path / "vault")
    assert both.open(sealed) == b"bi mat"
    with pytest.raises(VaultClosed):
        first.open(both.seal(b"moi"))
    assert (tmp_path / "vault" / "0001.key").stat().st_mode & 0o077 == 0
