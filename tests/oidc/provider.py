"""`LoopbackProvider`: an OpenID Connect provider with keys of both kinds, which signs whatever a test wants."""

import json
from base64 import urlsafe_b64encode
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.kernel.settings import IdentityProvider
from tests.fcm.answers import Answer
from tests.loopback import Loopback

Json = dict[str, Any]  # Any: JSON
AUDIENCE = "so-tay-app"


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8))


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


class LoopbackProvider(Loopback):
    """Publishes `jwks`, which a test may change, and counts how often it was asked."""

    def __init__(self, clock_now: datetime) -> None:
        super().__init__()
        self.ec_key = ec.generate_private_key(ec.SECP256R1())
        self.now = int(clock_now.timestamp())
        self.asked = 0
        self.status: int | None = None
        self.body: bytes | None = None
        self.keys: list[Json] = [
            self.describe_rsa(rsa_key(), kid="rsa"),
            {"kty": "EC", "kid": "ec", "crv": "P-256", "use": "sig", **self._point()},
            {"kty": "oct", "kid": "shared", "k": b64(b"a secret that is none, published")},
        ]

    @property
    def settings(self) -> IdentityProvider:
        return IdentityProvider(name="local", issuer=self.url, audience=AUDIENCE, jwks_url=f"{self.url}/jwks.json")

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        del headers, body
        assert (method, path) == ("GET", "/jwks.json")
        self.asked += 1
        return Answer(self.status or 200, self.body or json.dumps({"keys": self.keys}).encode())

    def claims(self, *, subject: str, nonce: str) -> Json:
        return {
            "iss": self.url,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": nonce,
            "phone_number": "+84900000001",
        }

    def token(
        self,
        *,
        subject: str,
        nonce: str,
        kid: str = "rsa",
        header: Json | None = None,
        claims: Json | None = None,
        without: str = "",
    ) -> str:
        """Sign with the key of that id, whatever else the header says."""
        head = {"alg": {"rsa": "RS256", "ec": "ES256"}.get(kid, "RS256"), "typ": "JWT", "kid": kid, **(header or {})}
        body = {**self.claims(subject=subject, nonce=nonce), **(claims or {})}
        head.pop(without, None)
        body.pop(without, None)
        return self.sign(json.dumps(head).encode(), json.dumps(body).encode(), with_ec=kid == "ec")

    def sign(self, head: bytes, body: bytes, *, with_ec: bool = False, key: rsa.RSAPrivateKey | None = None) -> str:
        signed = f"{b64(head)}.{b64(body)}"
        if with_ec:
            r, s = decode_dss_signature(self.ec_key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
            return f"{signed}.{b64(r.to_bytes(32) + s.to_bytes(32))}"
        return f"{signed}.{b64((key or rsa_key()).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    @staticmethod
    def describe_rsa(key: rsa.RSAPrivateKey, *, kid: str) -> Json:
        public = key.public_key().public_numbers()
        return {"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": number(public.n), "e": number(public.e)}

    def _point(self) -> Json:
        point = self.ec_key.public_key().public_numbers()
        return {"x": number(point.x, 32), "y": number(point.y, 32)}
