"""The wrapper around python-jose: every way of being no token of ours, and the keys."""

import json
import stat
from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from jose import jwt

from app.kernel.tokens import TokenKeys, TokenRefused
from tests.factories.clock import FakeClock
from tests.factories.world import Person
from tests.identity.forging import Forger, forgeries

PERSON = Person(member_id=uuid4(), organisation_id=uuid4(), full_name="Lê Văn Cường", phone=None)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(directory: Path) -> TokenKeys:
    return TokenKeys(directory, issuer="http://sotay.test")


@pytest.fixture
def forger(directory: Path, keys: TokenKeys, clock: FakeClock) -> Forger:
    return Forger(directory, keys.jwks(), PERSON, clock)


def issue(keys: TokenKeys, clock: FakeClock) -> str:
    return keys.issue(account_id=PERSON.account_id, session_id=PERSON.session_id, token_id=uuid4(), now=clock())


def refused(keys: TokenKeys, token: str, clock: FakeClock) -> bool:
    try:
        keys.verify(token, now=clock())
    except TokenRefused:
        return True
    return False


def write_key(file: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> None:
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_a_token_says_whose_it_is(keys: TokenKeys, clock: FakeClock) -> None:
    claims = keys.verify(issue(keys, clock), now=clock())

    assert (claims.sub, claims.sid) == (PERSON.account_id, PERSON.session_id)
    assert claims.exp - claims.iat == 600


def test_the_forger_can_make_a_good_token(keys: TokenKeys, forger: Forger, clock: FakeClock) -> None:
    assert keys.verify(forger.good(), now=clock()).sub == PERSON.account_id


def test_every_forgery_is_refused(keys: TokenKeys, forger: Forger, clock: FakeClock) -> None:
    accepted = [name for name, token in forgeries(forger) if not refused(keys, token, clock)]

    assert accepted == []


def test_a_forgery_is_refused_even_after_the_good_token_was_seen(
    keys: TokenKeys, forger: Forger, clock: FakeClock
) -> None:
    keys.verify(forger.good(), now=clock())

    assert [name for name, token in forgeries(forger) if not refused(keys, token, clock)] == []


@pytest.mark.parametrize(("seconds", "accepted"), [(0, True), (629, True), (630, False), (-30, True), (-31, False)])
def test_a_token_lives_ten_minutes_with_half_a_minute_of_leeway(
    seconds: int,
    accepted: bool,  # noqa: FBT001 a table's column
    keys: TokenKeys,
    clock: FakeClock,
) -> None:
    token = issue(keys, clock)
    keys.verify(token, now=clock())  # what was verified once is not accepted for longer
    clock.advance(seconds=seconds)

    assert refused(keys, token, clock) is not accepted


def test_the_public_keys_verify_a_token_elsewhere(keys: TokenKeys, clock: FakeClock) -> None:
    token = issue(keys, clock)
    head, payload, signature = token.split(".")
    kid = json.loads(urlsafe_b64decode(head + "=="))["kid"]
    [jwk] = [jwk for jwk in keys.jwks() if jwk["kid"] == kid]
    x, y = (int.from_bytes(urlsafe_b64decode(jwk[name] + "=="), "big") for name in ("x", "y"))
    raw = urlsafe_b64decode(signature + "==")
    dss = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key().verify(
        dss, f"{head}.{payload}".encode(), ec.ECDSA(hashes.SHA256())
    )
    assert set(jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg"}  # and nothing private
    assert jwt.get_unverified_claims(token)["aud"] == "sotay-api"


def test_a_new_key_file_signs_and_the_old_one_still_verifies(
    directory: Path, keys: TokenKeys, clock: FakeClock
) -> None:
    old = issue(keys, clock)
    write_key(directory / "0002.pem", ec.generate_private_key(ec.SECP256R1()))
    rotated = TokenKeys(directory, issuer="http://sotay.test")
    new = issue(rotated, clock)

    assert rotated.verify(old, now=clock()).sub == rotated.verify(new, now=clock()).sub
    assert refused(keys, new, clock)
    assert len({jwk["kid"] for jwk in rotated.jwks()}) == 2
    assert jwt.get_unverified_header(new)["kid"] == rotated.jwks()[1]["kid"]


def test_a_removed_key_verifies_no_more(directory: Path, keys: TokenKeys, clock: FakeClock) -> None:
    old = issue(keys, clock)
    write_key(directory / "0002.pem", ec.generate_private_key(ec.SECP256R1()))
    (directory / "0001.pem").unlink()

    assert refused(TokenKeys(directory, issuer="http://sotay.test"), old, clock)


def test_the_kid_chooses_the_key_also_among_our_own(directory: Path, forger: Forger, clock: FakeClock) -> None:
    write_key(directory / "0002.pem", ec.generate_private_key(ec.SECP256R1()))
    rotated = TokenKeys(directory, issuer="http://sotay.test")
    first, second = (jwk["kid"] for jwk in rotated.jwks())

    assert not refused(rotated, forger.changed(header={"kid": first}), clock)
    assert refused(rotated, forger.changed(header={"kid": second}), clock)


def test_two_processes_share_the_key_of_their_directory(directory: Path, keys: TokenKeys, clock: FakeClock) -> None:
    other = TokenKeys(directory, issuer="http://sotay.test")

    assert other.jwks() == keys.jwks()
    assert other.verify(issue(keys, clock), now=clock()).sub == PERSON.account_id


def test_the_key_file_is_for_its_owner_only(directory: Path, keys: TokenKeys) -> None:
    assert len(keys.jwks()) == 1
    assert stat.S_IMODE((directory / "0001.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["P-384", "secp256k1", "RSA", "Ed25519"],
)
def test_only_p_256_keys_are_taken(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, tmp_path: Path
) -> None:
    write_key(tmp_path / "0001.pem", key)

    with pytest.raises(ValueError, match=r"0001\.pem: not a P-256 private key"):
        TokenKeys(tmp_path, issuer="http://sotay.test")


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001.pem").write_text("-----BEGIN nothing-----")

    with pytest.raises(ValueError, match=r"."):
        TokenKeys(tmp_path, issuer="http://sotay.test")


def test_the_memory_of_verified_tokens_is_bounded(keys: TokenKeys, clock: FakeClock) -> None:
    first = issue(keys, clock)
    keys.verify(first, now=clock())
    clock.advance(seconds=timedelta(minutes=11).total_seconds())

    assert refused(keys, first, clock)
