"""Signing in by the ID token of a provider that the member has linked, and by nothing else."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from httpx import AsyncClient, Response

from app.kernel.db import Database
from app.kernel.id_tokens import IdentityProviders, IdTokenInvalid, ProviderSilent
from app.kernel.passwords import Passwords
from app.kernel.settings import IdentityProvider, Settings
from app.worker import purge_old_rows
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.identity.steps import PASSWORD, SignedIn, change, end_membership, give_password, installation, rows, whoami
from tests.oidc.provider import AUDIENCE, Json, LoopbackProvider, b64, rsa_key
from tests.worker import JobRunner

NONCE = "n-0S6_WzA2Mj-9aK1xQp"
NO_KEYS = b'{"keys": []}'
"""What would be taken for an answer, were it not for how it comes."""


@pytest.fixture(scope="module")
def running() -> Iterator[LoopbackProvider]:
    with LoopbackProvider(FakeClock()()) as provider:
        yield provider


@pytest.fixture
def provider(running: LoopbackProvider) -> LoopbackProvider:
    running.asked, running.status, running.body = 0, None, None
    return running


@pytest.fixture
def settings(settings: Settings, provider: LoopbackProvider) -> Settings:
    return settings.model_copy(update={"oidc_providers": (provider.settings,)})


@pytest.fixture
async def world(world: World, database: Database, passwords: Passwords) -> World:
    for person in (world.member, world.secretary):
        await give_password(database, passwords, person)
    return world


async def link(
    caller: AsyncClient, provider: LoopbackProvider, *, subject: str = "012345678", nonce: str = NONCE, **more: str
) -> Response:
    token = provider.token(subject=subject, nonce=nonce)
    body = {"provider": "local", "id_token": token, "nonce": nonce, "current_password": PASSWORD, **more}
    return await caller.post("/v1/me/identities", json=body)


async def sign_in(client: AsyncClient, token: str, *, nonce: str, provider: str = "local") -> Response:
    body = {"provider": provider, "id_token": token, "nonce": nonce, "installation": installation()}
    return await client.post("/v1/auth/oidc", json=body)


async def test_a_linked_identity_signs_in(
    client: AsyncClient, signed_in: SignedIn, world: World, provider: LoopbackProvider, jobs: JobRunner
) -> None:
    linked = await link(signed_in(world.member), provider)
    assert linked.status_code == 201, linked.text
    listed = (await signed_in(world.member).get("/v1/me/identities")).json()["items"]
    assert [one["provider"] for one in listed] == ["local"]
    await jobs.run()
    assert jobs.sender.tokens("identity_linked") == [world.member.push_token]

    for kid, nonce in (("rsa", "a-nonce-for-the-rsa-key"), ("ec", "a-nonce-for-the-ec-key")):
        answer = await sign_in(client, provider.token(subject="012345678", nonce=nonce, kid=kid), nonce=nonce)
        assert answer.status_code == 200, answer.text
        assert (await whoami(client, answer.json())).json()["member_id"] == str(world.member.member_id)
    assert provider.asked == 1


async def test_an_unlinked_identity_signs_in_no_more(
    client: AsyncClient, signed_in: SignedIn, world: World, provider: LoopbackProvider
) -> None:
    made = (await link(signed_in(world.member), provider)).json()
    path = f"/v1/me/identities/{made['id']}"

    assert (await signed_in(world.secretary).delete(path)).json()["code"] == "identity_not_found"
    assert (await signed_in(world.member).delete(path)).status_code == 204

    nonce = "another-nonce-altogether"
    refused = await sign_in(client, provider.token(subject="012345678", nonce=nonce), nonce=nonce)
    assert (refused.status_code, refused.json()["code"]) == (401, "identity_not_linked")


async def test_a_phone_number_that_the_provider_knows_signs_nobody_in(
    client: AsyncClient, world: World, provider: LoopbackProvider
) -> None:
    claims = {"phone_number": world.member.phone, "phone_number_verified": True, "email": "a@b.vn"}
    refused = await sign_in(client, provider.token(subject="1", nonce=NONCE, claims=claims), nonce=NONCE)
    assert (refused.status_code, refused.json()["code"]) == (401, "identity_not_linked")


async def test_who_left_or_was_disabled_does_not_sign_in_by_an_identity(
    client: AsyncClient, signed_in: SignedIn, world: World, provider: LoopbackProvider, database: Database
) -> None:
    await link(signed_in(world.member), provider)
    await link(signed_in(world.secretary), provider, subject="2", nonce="nonce-of-the-secretary")
    await end_membership(database, world.member)
    await change(database, "UPDATE accounts SET disabled_at = now() WHERE id = :id", id=world.secretary.account_id)

    for subject in ("012345678", "2"):
        nonce = f"nonce-of-subject-{subject}"
        refused = await sign_in(client, provider.token(subject=subject, nonce=nonce), nonce=nonce)
        assert refused.json()["code"] == "identity_not_linked"


async def test_a_token_signs_in_once(
    client: AsyncClient, signed_in: SignedIn, world: World, provider: LoopbackProvider
) -> None:
    await link(signed_in(world.member), provider)
    nonce = "the-nonce-of-one-sign-in"
    token = provider.token(subject="012345678", nonce=nonce)

    assert (await sign_in(client, token, nonce=nonce)).status_code == 200
    again = await sign_in(client, token, nonce=nonce)
    assert (again.status_code, again.json()["code"]) == (401, "id_token_refused")
    other_nonce = await sign_in(client, token, nonce="not-the-nonce-of-the-token")
    assert other_nonce.json()["code"] == "id_token_refused"


async def test_linking_needs_the_password_and_an_identity_that_is_free(
    signed_in: SignedIn, world: World, provider: LoopbackProvider
) -> None:
    member = signed_in(world.member)
    assert (await link(member, provider, current_password="sai")).json()["code"] == "credentials_refused"
    assert (await link(member, provider, current_password="sai lần nữa")).status_code == 401
    assert (await link(member, provider)).status_code == 201

    second_of_mine = await link(member, provider, subject="other", nonce="a-second-nonce-of-mine")
    somebody_elses = await link(signed_in(world.secretary), provider, nonce="a-nonce-of-somebody")
    assert {second_of_mine.json()["code"], somebody_elses.json()["code"]} == {"identity_taken"}


async def test_an_unknown_provider_is_named_and_a_silent_one_too(
    client: AsyncClient, world: World, provider: LoopbackProvider
) -> None:
    del world
    provider.status = 500
    token = provider.token(subject="1", nonce=NONCE)
    silent = await sign_in(client, token, nonce=NONCE)
    unknown = await sign_in(client, token, nonce=NONCE, provider="khac")

    assert (silent.status_code, silent.json()["code"]) == (503, "identity_provider_unavailable")
    assert silent.headers["Retry-After"] == "30"
    assert (unknown.status_code, unknown.json()["code"]) == (422, "identity_provider_unknown")


async def test_nonces_are_forgotten_when_their_tokens_have_expired(
    signed_in: SignedIn, world: World, provider: LoopbackProvider, jobs: JobRunner, database: Database, clock: FakeClock
) -> None:
    await link(signed_in(world.member), provider)
    await purge_old_rows(jobs.office, 0)
    assert len(await rows(database, "SELECT 1 FROM used_nonces")) == 1
    clock.advance(minutes=6)
    await purge_old_rows(jobs.office, 0)
    assert await rows(database, "SELECT 1 FROM used_nonces") == []


@pytest.fixture
def verifier(provider: LoopbackProvider) -> IdentityProviders:
    return IdentityProviders([provider.settings])


async def verify(verifier: IdentityProviders, token: str, clock: FakeClock) -> str:
    return (await verifier.verify("local", token, nonce=NONCE, now=clock())).subject


@pytest.mark.parametrize(
    ("header", "claims", "without"),
    [
        ({}, {"iss": "https://other.example"}, ""),
        ({}, {"aud": "another-app"}, ""),
        ({}, {"aud": [AUDIENCE, "another-app"]}, ""),
        ({}, {"aud": [AUDIENCE, "another-app"], "azp": "another-app"}, ""),
        ({}, {"azp": "another-app"}, ""),
        ({}, {"exp": 1}, ""),
        ({}, {"iat": 1}, ""),
        ({}, {"iat": 2**33}, ""),
        ({}, {"exp": "never"}, ""),
        ({}, {"exp": True}, ""),
        ({}, {"nonce": "another nonce altogether"}, ""),
        ({}, {"sub": ""}, ""),
        ({}, {"sub": "x" * 256}, ""),
        ({}, {}, "iss"),
        ({}, {}, "aud"),
        ({}, {}, "exp"),
        ({}, {}, "iat"),
        ({}, {}, "sub"),
        ({}, {}, "nonce"),
        ({"alg": "none"}, {}, ""),
        ({"alg": "HS256"}, {}, ""),
        ({"alg": "ES256"}, {}, ""),
        ({"alg": "PS256"}, {}, ""),
        ({"crit": ["exp"]}, {}, ""),
        ({"typ": "logout+jwt"}, {}, ""),
        ({"kid": "ec"}, {}, ""),
        ({"kid": "shared", "alg": "HS256"}, {}, ""),
        ({"kid": "unknown"}, {}, ""),
        ({"kid": 1}, {}, ""),
        ({"jwk": {"kty": "oct", "k": "YQ"}, "kid": "unknown"}, {}, ""),
    ],
)
async def test_a_token_that_is_wrong_in_one_thing_is_refused(
    header: Json, claims: Json, without: str, verifier: IdentityProviders, provider: LoopbackProvider, clock: FakeClock
) -> None:
    good = provider.token(subject="1", nonce=NONCE)
    assert await verify(verifier, good, clock) == "1"

    with pytest.raises(IdTokenInvalid):
        await verify(
            verifier, provider.token(subject="1", nonce=NONCE, header=header, claims=claims, without=without), clock
        )


async def test_forged_tokens_are_refused(
    verifier: IdentityProviders, provider: LoopbackProvider, clock: FakeClock
) -> None:
    good = provider.token(subject="1", nonce=NONCE)
    head, body, signature = good.split(".")
    claims = provider.claims(subject="1", nonce=NONCE)
    other = json.dumps({**claims, "sub": "2"}).encode()
    modulus = provider.keys[0]["n"]
    by_public_key = json.dumps({"alg": "HS256", "typ": "JWT", "kid": "rsa"}).encode()
    signed = f"{b64(by_public_key)}.{body}"
    twice = json.dumps(claims).replace('"sub": "1"', '"sub": "2", "sub": "1"').encode()
    head_bytes = json.dumps({"alg": "RS256", "kid": "rsa"}).encode()
    forged = (
        f"{head}.{b64(other)}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{signed}.{b64(hmac.digest(modulus.encode(), signed.encode(), hashlib.sha256))}",
        provider.sign(head_bytes, twice),
        provider.sign(head_bytes, json.dumps(claims).encode(), key=rsa_key(2049)),
        provider.sign(b"[" * 100_000, b"{}")[:16_000],
        "é.é.é",
        "a" * 20_000,
    )
    for token in forged:
        with pytest.raises(IdTokenInvalid):
            await verify(verifier, token, clock)


async def test_several_audiences_are_taken_when_the_token_says_that_this_one_asked(
    verifier: IdentityProviders, provider: LoopbackProvider, clock: FakeClock
) -> None:
    claims = {"aud": ["another-app", AUDIENCE], "azp": AUDIENCE}
    assert await verify(verifier, provider.token(subject="1", nonce=NONCE, claims=claims), clock) == "1"


async def test_weak_and_foreign_keys_are_passed_over(
    verifier: IdentityProviders, provider: LoopbackProvider, clock: FakeClock
) -> None:
    kept = provider.keys
    try:
        weak = rsa_key(1024)
        provider.keys = [
            provider.describe_rsa(weak, kid="weak"),
            {**provider.describe_rsa(rsa_key(), kid="enc"), "use": "enc"},
            {**provider.describe_rsa(rsa_key(), kid="other"), "alg": "RS512"},
            {"kty": "RSA", "kid": "broken", "n": 7, "e": "AQAB"},
            {"kty": "EC", "kid": "p384", "crv": "P-384", "x": "AA", "y": "AA"},
            {"kty": "EC", "kid": "nowhere", "crv": "P-256", "x": "AA", "y": "AA"},
        ]
        for kid, key in (("weak", weak), ("enc", rsa_key()), ("other", rsa_key()), ("broken", rsa_key())):
            head = json.dumps({"alg": "RS256", "kid": kid}).encode()
            body = json.dumps(provider.claims(subject="1", nonce=NONCE)).encode()
            with pytest.raises(IdTokenInvalid):
                await verify(verifier, provider.sign(head, body, key=key), clock)
    finally:
        provider.keys = kept


async def test_keys_are_fetched_anew_for_a_new_one_but_not_for_each_forged_token(
    verifier: IdentityProviders, provider: LoopbackProvider, clock: FakeClock
) -> None:
    good = provider.token(subject="1", nonce=NONCE)
    unknown = provider.token(subject="1", nonce=NONCE, kid="new")
    await verify(verifier, good, clock)
    for _ in range(5):
        with pytest.raises(IdTokenInvalid):
            await verify(verifier, unknown, clock)
    assert provider.asked == 1

    clock.advance(seconds=31)
    provider.keys.append(provider.describe_rsa(rsa_key(), kid="new"))
    assert await verify(verifier, unknown, clock) == "1"
    assert provider.asked == 2
    provider.keys.pop()


@pytest.mark.parametrize(
    ("status", "body"),
    [(503, NO_KEYS), (302, NO_KEYS), (200, b"<html>"), (200, b"[1]"), (200, b"{}"), (200, NO_KEYS + b" " * 300_000)],
)
async def test_keys_that_were_fetched_serve_while_the_provider_does_not(
    status: int, body: bytes, verifier: IdentityProviders, provider: LoopbackProvider, clock: FakeClock
) -> None:
    provider.status, provider.body = status, body
    token = provider.token(subject="1", nonce=NONCE)
    with pytest.raises(ProviderSilent):
        await verify(verifier, token, clock)
    provider.status, provider.body = None, None
    clock.advance(seconds=31)
    assert await verify(verifier, token, clock) == "1"

    provider.status, provider.body = status, body
    clock.advance(hours=2)
    late = provider.now + timedelta(hours=2, seconds=31).total_seconds()
    fresh = provider.token(subject="1", nonce=NONCE, claims={"iat": int(late), "exp": int(late) + 60})
    assert await verify(verifier, fresh, clock) == "1"


@pytest.mark.parametrize("url", ["http://id.example/jwks", "ftp://127.0.0.1/", "https://", "http://127.0.0.1.evil/"])
def test_keys_come_over_https_or_from_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="jwks_url"):
        IdentityProvider(name="a", issuer="https://id.example", audience="b", jwks_url=url)
