"""Access tokens through HTTP: what is no token of ours opens nothing, and what ended bites at the next request."""

from base64 import urlsafe_b64decode
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.kernel.db import Database
from app.kernel.tokens import TokenKeys
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.identity.forging import Forger, forgeries
from tests.identity.steps import SignedIn, bearer, change, said


@pytest.fixture
def forger(app: FastAPI, keys: TokenKeys, keys_directory: Path, world: World, clock: FakeClock) -> Forger:
    assert app.state.keyring.keys is keys
    return Forger(keys_directory, keys.jwks(), world.member, clock)


async def test_the_forgers_good_token_opens(client: AsyncClient, forger: Forger) -> None:
    assert (await client.get("/v1/me", headers=bearer(forger.good()))).status_code == 200


async def test_every_forgery_is_401_and_they_all_look_alike(client: AsyncClient, forger: Forger) -> None:
    answers = {}
    for name, token in forgeries(forger):
        answers[name] = await client.get("/v1/me", headers=bearer(token))

    assert [name for name, answer in answers.items() if answer.status_code != 401] == []
    assert len({str(said(answer)) for answer in answers.values()}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers.values()} == {'Bearer error="invalid_token"'}
    assert {answer.json()["code"] for answer in answers.values() if "code" in answer.text} == {"token_invalid"}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic c290YXk6c290YXk=", "Token abc", "bearer  ", "Bearer a b c"]
)
async def test_other_ways_of_asking_are_401_too(header: str, client: AsyncClient, world: World) -> None:
    assert world.member.phone
    refused = await client.get("/v1/me", headers={"Authorization": header})

    assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid")


async def test_without_a_token_the_answer_names_the_scheme(client: AsyncClient) -> None:
    refused = await client.get("/v1/me")

    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_token_dies_after_its_ten_minutes_and_leeway(
    signed_in: SignedIn, world: World, clock: FakeClock
) -> None:
    member = signed_in(world.member)
    clock.advance(seconds=629)
    assert (await member.get("/v1/me")).status_code == 200
    clock.advance(seconds=1)
    assert (await member.get("/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "ended",
    [
        "UPDATE sessions SET revoked_at = now() WHERE id = :session",
        "UPDATE sessions SET expires_at = '2026-11-22T01:00:00Z' WHERE id = :session",
        "UPDATE accounts SET disabled_at = now() WHERE id = :account",
        "UPDATE standings SET kind = 'transferred' WHERE member_id = :member",
        "UPDATE standings SET kind = 'expelled' WHERE member_id = :member",
        "UPDATE standings SET kind = 'deceased' WHERE member_id = :member",
    ],
    ids=["revoked session", "expired session", "disabled account", "transferred", "expelled", "deceased"],
)
async def test_what_ended_bites_at_the_next_request(
    ended: str, signed_in: SignedIn, world: World, database: Database
) -> None:
    member = signed_in(world.member)
    assert (await member.get("/v1/me")).status_code == 200
    values = {"session": world.member.session_id, "account": world.member.account_id, "member": world.member.member_id}
    await change(database, ended, **{name: value for name, value in values.items() if f":{name}" in ended})

    assert (await member.get("/v1/me")).status_code == 401


async def test_a_lost_post_bites_at_the_next_request(signed_in: SignedIn, world: World, database: Database) -> None:
    secretary = signed_in(world.secretary)
    path = f"/v1/members/{world.member.member_id}/activation-code"
    assert (await secretary.post(path)).status_code == 201
    await change(
        database, "UPDATE posts SET ends_on = '2026-11-21' WHERE member_id = :id", id=world.secretary.member_id
    )

    refused = await secretary.post(path)

    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    assert (await secretary.get("/v1/me")).json()["posts"] == []


async def test_one_persons_session_with_another_persons_account_is_nobody(
    client: AsyncClient, keys: TokenKeys, clock: FakeClock, world: World
) -> None:
    mixed = keys.issue(
        account_id=world.secretary.account_id, session_id=world.member.session_id, token_id=uuid4(), now=clock()
    )
    unknown = keys.issue(account_id=world.member.account_id, session_id=uuid4(), token_id=uuid4(), now=clock())

    assert (await client.get("/v1/me", headers=bearer(mixed))).status_code == 401
    assert (await client.get("/v1/me", headers=bearer(unknown))).status_code == 401


async def test_the_keys_are_published_without_anything_private(client: AsyncClient, keys: TokenKeys) -> None:
    published = await client.get("/.well-known/jwks.json")

    assert published.status_code == 200
    assert published.json() == {"keys": keys.jwks()}
    [key] = published.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
    assert "d" not in key
    assert len(urlsafe_b64decode(key["x"] + "=")) == 32
