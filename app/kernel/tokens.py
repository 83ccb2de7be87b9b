"""Access tokens: ES256 JWTs through one wrapper that closes what python-jose leaves open."""

import hashlib
import hmac
import json
import os
import re
import tempfile
from base64 import urlsafe_b64decode
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jws
from jose.backends.cryptography_backend import CryptographyECKey as ECKey
from jose.exceptions import JOSEError
from pydantic import BaseModel, ConfigDict, StrictInt, ValidationError

ALGORITHM = "ES256"
LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(seconds=30)
AUDIENCE = "sotay-api"
_MAX_LENGTH = 2048
# Three segments (RFC 7515), without padding and without the strangers that Python's base64 passes over.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CACHE_SIZE = 10_000


class TokenRefused(Exception):
    """The token is not one of ours, or not any more; the reason is for the log, never for the caller."""


class Claims(BaseModel):
    """What an access token says; every claim is required and typed."""

    model_config = ConfigDict(extra="forbid")

    iss: str
    aud: str
    sub: UUID
    sid: UUID
    jti: UUID
    iat: StrictInt
    exp: StrictInt


class _Header(BaseModel):
    # `crit`, `jwk`, `jku`, `x5c` and all else are refused by name or by being here at all.
    model_config = ConfigDict(extra="forbid")

    alg: str
    typ: str
    kid: str


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Any: JSON. Two parsers that disagree on which of two keys counts are how forged claims pass.
    if len({key for key, _ in pairs}) != len(pairs):
        raise TokenRefused("duplicate JSON key")
    return dict(pairs)


def _strict_json(segment: bytes) -> Any:
    return json.loads(segment, object_pairs_hook=_no_duplicates)


class TokenKeys:
    """The signing keys of a directory: PEM files, P-256; the last by name signs, all verify."""

    def __init__(self, directory: Path, *, issuer: str) -> None:
        """Read the keys, making the first one if there is none; raises ValueError for a file that is no P-256 key."""
        self.issuer = issuer
        directory.mkdir(parents=True, exist_ok=True)
        files = sorted(directory.glob("*.pem"))
        if not files:
            files = [generate_key(directory / "0001.pem")]
        self._public: dict[str, ECKey] = {}
        self._secrets: list[bytes] = []
        self._jwks: list[dict[str, str]] = []
        for file in files:
            private = serialization.load_pem_private_key(file.read_bytes(), password=None)
            if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
                raise ValueError(f"{file.name}: not a P-256 private key")
            key = ECKey(private.public_key(), ALGORITHM)
            described = {name: str(value) for name, value in key.to_dict().items()}  # type: ignore[no-untyped-call]
            self._kid = _thumbprint(described)
            self._private = ECKey(private, ALGORITHM)
            self._secrets.append(hashlib.sha256(b"sotay seal" + _scalar(private)).digest())
            self._public[self._kid] = key
            self._jwks.append({**described, "kid": self._kid, "use": "sig"})
        self._verified: OrderedDict[str, Claims] = OrderedDict()

    def jwks(self) -> list[dict[str, str]]:
        """Return the public keys as JWKs (RFC 7517)."""
        return self._jwks

    def issue(self, *, account_id: UUID, session_id: UUID, token_id: UUID, now: datetime) -> str:
        """Sign a token that lives ten minutes from `now`."""
        issued = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": str(account_id),
            "sid": str(session_id),
            "jti": str(token_id),
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
        }
        token: str = jws.sign(claims, self._private, headers={"kid": self._kid, "typ": "JWT"}, algorithm=ALGORITHM)
        return token

    def verify(self, token: str, *, now: datetime) -> Claims:
        """Return the claims of a token that this server signed and that is in its time; else raise TokenRefused."""
        claims = self._verified.get(token)
        if claims is None:
            claims = self._decode(token)
            self._verified[token] = claims
            if len(self._verified) > _CACHE_SIZE:
                self._verified.popitem(last=False)
        leeway = LEEWAY.total_seconds()
        if not claims.iat - leeway <= now.timestamp() < claims.exp + leeway:
            raise TokenRefused("out of its time")
        return claims

    def seal(self, message: bytes) -> bytes:
        """Return 16 bytes that only this server can make for the message; it begins with what it is meant for."""
        return _mac(self._secrets[-1], message)

    def is_sealed(self, message: bytes, seal: bytes) -> bool:
        """Say whether the seal of a message was made here, by this key or one before it."""
        return any(hmac.compare_digest(_mac(secret, message), seal) for secret in self._secrets)

    def _decode(self, token: str) -> Claims:
        # python-jose verifies HS256 with a public key, lets unknown `crit` and a missing `aud` or `exp` pass and
        # takes whatever key it is handed: so header, key choice and claims are ours, only the signature is its.
        if len(token) > _MAX_LENGTH or not _COMPACT.fullmatch(token):
            raise TokenRefused("not a compact JWS")
        try:
            head = token.split(".", maxsplit=1)[0]
            header = _Header.model_validate(_strict_json(urlsafe_b64decode(head + "=" * (-len(head) % 4))))
            if header.alg != ALGORITHM or header.typ != "JWT" or header.kid not in self._public:
                raise TokenRefused("other algorithm, type or key")
            payload = jws.verify(token, self._public[header.kid], algorithms=[ALGORITHM])
            claims = Claims.model_validate(_strict_json(payload))
        except (JOSEError, ValidationError, ValueError, RecursionError) as error:
            raise TokenRefused(type(error).__name__) from error
        if claims.iss != self.issuer or claims.aud != AUDIENCE:
            raise TokenRefused("other issuer or audience")
        return claims


def _scalar(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_numbers().private_value.to_bytes(32)


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, "sha256")[:16]


def generate_key(file: Path) -> Path:
    """Write a new P-256 private key (PEM), unless another process of the service was first; return the file."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle, written = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # readable by its owner alone
    with os.fdopen(handle, "wb") as out:
        out.write(pem)
    try:
        os.link(written, file)  # whole or not at all: who comes second never reads half a key
    except FileExistsError:
        pass
    finally:
        Path(written).unlink()
    return file


def _thumbprint(jwk: dict[str, str]) -> str:
    # RFC 7638: the required members, in lexicographic order, without spaces.
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
