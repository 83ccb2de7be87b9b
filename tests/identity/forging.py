"""Access tokens as an attacker, or another server, would make them; signed, where that is said, with the real key."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jose import jwe

from tests.factories.clock import FakeClock
from tests.factories.world import Person

Json = dict[str, Any]  # Any: JSON
Change = Callable[[Json], None]


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Forger:
    """Holds the server's own private key, read from its directory, so that only what a test changes is wrong."""

    def __init__(self, directory: Path, jwks: list[dict[str, str]], person: Person, clock: FakeClock) -> None:
        key = serialization.load_pem_private_key((directory / "0001.pem").read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key
        self.jwks = jwks
        now = int(clock().timestamp())
        self.header: Json = {"alg": "ES256", "typ": "JWT", "kid": jwks[0]["kid"]}
        self.claims: Json = {
            "iss": "http://sotay.test",
            "aud": "sotay-api",
            "sub": str(person.account_id),
            "sid": str(person.session_id),
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + 600,
        }

    def sign(self, head: bytes, payload: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> str:
        signed = f"{b64(head)}.{b64(payload)}"
        r, s = decode_dss_signature((key or self.key).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def good(self) -> str:
        return self.sign(json.dumps(self.header).encode(), json.dumps(self.claims).encode())

    def changed(self, *, header: Json | None = None, claims: Json | None = None, without: str = "") -> str:
        head, body = {**self.header, **(header or {})}, {**self.claims, **(claims or {})}
        head.pop(without, None)
        body.pop(without, None)
        return self.sign(json.dumps(head).encode(), json.dumps(body).encode())

    def hmacked(self, secret: bytes) -> str:
        head = b64(json.dumps({**self.header, "alg": "HS256"}).encode())
        signed = f"{head}.{b64(json.dumps(self.claims).encode())}"
        return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    def public(self, encoding: serialization.Encoding) -> bytes:
        is_ssh = encoding is serialization.Encoding.OpenSSH
        structure = serialization.PublicFormat.OpenSSH if is_ssh else serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(encoding, structure)

    def sealed(self, plaintext: bytes, *, packed: bool) -> str:
        """Return a JWE of five segments under a key that anybody may choose; 20 MB of blanks are 26 KB when packed."""
        return jwe.encrypt(
            plaintext,
            bytes(32),
            encryption="A256GCM",
            algorithm="dir",
            zip="DEF" if packed else None,
            kid=self.jwks[0]["kid"],
        ).decode()


def _resigned(forger: Forger, payload: str) -> str:
    return forger.sign(json.dumps(forger.header).encode(), payload.encode())


def _reheaded(forger: Forger, head: str) -> str:
    return forger.sign(head.encode(), json.dumps(forger.claims).encode())


def _twice(found: Json, name: str, other: object) -> str:
    """Return the JSON with one key twice, the true value last, which is the one most parsers take."""
    return f'{{"{name}": {json.dumps(other)}, ' + json.dumps(found)[1:]


def forgeries(forger: Forger) -> Iterator[tuple[str, str]]:
    """Yield each way of being no token of ours, by name."""
    now = forger.claims["iat"]
    for name in ("iss", "aud", "sub", "sid", "jti", "iat", "exp", "kid", "alg", "typ"):
        yield f"without {name}", forger.changed(without=name)
    for name, value in (
        ("iss", "http://other.test"),
        ("iss", "http://sotay.test/"),
        ("iss", ["http://sotay.test"]),
        ("aud", "other-api"),
        ("aud", ["sotay-api"]),
        ("aud", None),
        ("sub", "nobody"),
        ("sid", 7),
        ("jti", ""),
        ("exp", now - 31),
        ("exp", str(now + 600)),
        ("exp", now + 600.5),
        ("exp", None),
        ("exp", True),
        ("iat", now + 31),
        ("iat", None),
        ("role", "administrator"),
        ("nbf", now + 3600),
    ):
        yield f"claim {name} {value!r}", forger.changed(claims={name: value})
    for name, value in (
        ("alg", "none"),
        ("alg", "HS256"),
        ("alg", "ES384"),
        ("alg", "es256"),
        ("alg", ["ES256"]),
        ("typ", "at+jwt"),
        ("typ", "jwt"),
        ("crit", ["exp"]),
        ("crit", []),
        ("crit", None),
        ("b64", False),
        ("jwk", forger.jwks[0]),
        ("jku", "https://evil.test/jwks.json"),
        ("x5c", []),
        ("zip", "DEF"),
        ("cty", "JWT"),
        ("kid", "0001.pem"),
        ("kid", "../../0001.pem"),
        ("kid", None),
    ):
        yield f"header {name} {value!r}", forger.changed(header={name: value})
    head, body = (b64(json.dumps(part).encode()) for part in ({**forger.header, "alg": "none"}, forger.claims))
    signature = forger.good().split(".")[2]
    yield "alg none without a signature", f"{head}.{body}."
    yield "alg none with the good signature", f"{head}.{body}.{signature}"
    yield "no signature", forger.good().rsplit(".", 1)[0] + "."
    yield "no third segment", forger.good().rsplit(".", 1)[0]
    yield "HS256 with the public key as PEM", forger.hmacked(forger.public(serialization.Encoding.PEM))
    yield (
        "HS256 with the PEM without its last line end",
        forger.hmacked(forger.public(serialization.Encoding.PEM).strip()),
    )
    yield "HS256 with the public key as DER", forger.hmacked(forger.public(serialization.Encoding.DER))
    yield "HS256 with the public key as OpenSSH", forger.hmacked(forger.public(serialization.Encoding.OpenSSH))
    yield "HS256 with the JWK as text", forger.hmacked(json.dumps(forger.jwks[0]).encode())
    yield "HS256 with the JWK as dense text", forger.hmacked(json.dumps(forger.jwks[0], separators=(",", ":")).encode())
    yield "HS256 with nothing", forger.hmacked(b"")
    yield (
        "key of another server",
        forger.sign(
            json.dumps(forger.header).encode(),
            json.dumps(forger.claims).encode(),
            ec.generate_private_key(ec.SECP256R1()),
        ),
    )
    yield "kid of another key", forger.changed(header={"kid": "0" * 32})
    yield "duplicate sub", _resigned(forger, _twice(forger.claims, "sub", str(uuid4())))
    yield "duplicate exp", _resigned(forger, _twice(forger.claims, "exp", now - 1000))
    yield "duplicate alg", _reheaded(forger, _twice(forger.header, "alg", "none"))
    yield "duplicate kid", _reheaded(forger, _twice(forger.header, "kid", "other"))
    yield "payload is a list", _resigned(forger, "[]")
    yield "payload is nothing", _resigned(forger, "")
    yield "payload is text", _resigned(forger, '"sotay"')
    yield "header is a list", _reheaded(forger, "[]")
    yield "header is nested deeply", _reheaded(forger, "[" * 700)
    yield "100 KB", forger.changed(claims={"padding": "x" * 100_000})
    yield "100 KB of letters", "a" * 100_000
    yield "five segments", ".".join([*forger.good().split("."), "QUJD", "QUJD"])
    yield "JWE of good claims", forger.sealed(json.dumps(forger.claims).encode(), packed=False)
    yield "JWE bomb", forger.sealed(bytes(20_000_000), packed=True)
    yield "four dots", "...."
    yield "two dots", ".."
    yield "not base64", "!!!.???.###"
    yield "one word", "sotay"
    yield "letters added to the signature", forger.good() + "!"
    yield "padded signature", forger.good() + "=="
    yield "a signature cut short", forger.good()[:-4]
    yield "a line end inside", forger.good().replace(".", ".\t", 1)
    yield "changed payload", ".".join([forger.good().split(".")[0], b64(b"{}"), signature])
    yield "signature of zeros", forger.good().rsplit(".", 1)[0] + "." + b64(bytes(64))
