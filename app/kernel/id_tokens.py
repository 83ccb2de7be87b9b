"""ID tokens of identity providers (OpenID Connect Core 1.0, 3.1.3.7): checked against the keys they publish."""

import asyncio
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import structlog
from jose import jwk, jws
from jose.exceptions import JOSEError
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from app.kernel.settings import IdentityProvider

log = structlog.get_logger()

LEEWAY = timedelta(seconds=30)
MAX_AGE = timedelta(minutes=10)
"""How long after it was issued a token may still be brought here."""
KEYS_KEPT = timedelta(hours=1)
ASKED_AGAIN = timedelta(seconds=30)
"""A token of an unknown key has the keys fetched anew, but no more often than this."""
TIMEOUT_SECONDS = 5.0
_MAX_TOKEN = 16 * 1024
_MAX_JWKS = 256 * 1024
_MIN_RSA_BITS = 2048
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class IdTokenInvalid(Exception):
    """The token is not one to sign in by; the reason is for the log, never for the caller."""


class ProviderUnknown(Exception):
    """No provider of this name is set."""


class ProviderSilent(Exception):
    """The provider's keys cannot be had now."""


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """Who somebody is at a provider, as they proved just now; the proof cannot be used after `expires_at`."""

    provider: str
    subject: str
    nonce: str
    expires_at: datetime


class _Claims(BaseModel):
    # Providers say more (name, e-mail, phone): none of it is read, since none of it may sign anybody in.
    model_config = ConfigDict(extra="ignore")

    iss: StrictStr
    sub: StrictStr = Field(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")
    aud: StrictStr | list[StrictStr]
    azp: StrictStr | None = None
    exp: StrictInt = Field(ge=0, le=2**33)
    iat: StrictInt = Field(ge=0, le=2**33)
    nonce: StrictStr


@dataclass(frozen=True, slots=True)
class _Key:
    kid: str | None
    algorithm: str
    # Any: python-jose's key.
    key: Any


class _Keys:
    """The keys that one provider publishes, fetched when they are needed."""

    def __init__(self, provider: IdentityProvider) -> None:
        self._provider = provider
        self._keys: tuple[_Key, ...] = ()
        self._fetched_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    async def find(self, kid: str | None, algorithm: str, *, now: datetime) -> _Key | None:
        """Return the key that a token names, or the only one there is; raises ProviderSilent."""
        async with self._one_at_a_time:
            found = self._choose(kid, algorithm)
            is_fresh = self._fetched_at is not None and now - self._fetched_at < KEYS_KEPT
            may_ask = self._asked_at is None or now - self._asked_at >= ASKED_AGAIN
            if (found is None or not is_fresh) and may_ask:
                self._asked_at = now
                await self._fetch(now)
                found = self._choose(kid, algorithm)
            if self._fetched_at is None:
                raise ProviderSilent
            return found

    def _choose(self, kid: str | None, algorithm: str) -> _Key | None:
        fitting = [key for key in self._keys if key.algorithm == algorithm and (kid is None or key.kid == kid)]
        return fitting[0] if len(fitting) == 1 else None

    async def _fetch(self, now: datetime) -> None:
        """Fetch the keys; what was fetched before stays when the provider does not answer."""
        try:
            content = await asyncio.wait_for(_read(self._provider.jwks_url), timeout=TIMEOUT_SECONDS)
            listed = json.loads(content)["keys"]
            self._keys = tuple(key for one in listed if (key := _usable(one)) is not None)
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("jwks_not_fetched", provider=self._provider.name, error=type(error).__name__)
        else:
            self._fetched_at = now


class IdentityProviders:
    """The providers that the settings name, each with its keys; one in every process."""

    def __init__(self, providers: Sequence[IdentityProvider]) -> None:
        """Fetch nothing yet."""
        self._providers = {provider.name: (provider, _Keys(provider)) for provider in providers}

    async def verify(self, name: str, token: str, *, nonce: str, now: datetime) -> ProvenIdentity:
        """Check an ID token; raises IdTokenInvalid, ProviderUnknown, ProviderSilent.

        Whether the nonce was used before is for the caller to find out.
        """
        if name not in self._providers:
            raise ProviderUnknown
        provider, keys = self._providers[name]
        if len(token) > _MAX_TOKEN or not _COMPACT.fullmatch(token):
            raise IdTokenInvalid("not a compact JWS")
        algorithm, kid = _read_header(token)
        key = await keys.find(kid, algorithm, now=now)
        if key is None:
            raise IdTokenInvalid("unknown key")
        try:
            # The algorithm is the key's own (RFC 8725, 3.1): the header only had to name the same.
            claims = _Claims.model_validate(_strict_json(jws.verify(token, key.key, algorithms=[key.algorithm])))
        except (JOSEError, ValidationError, ValueError, RecursionError) as error:
            raise IdTokenInvalid(type(error).__name__) from error
        _check(claims, provider, nonce=nonce, now=now)
        expires_at = datetime.fromtimestamp(claims.exp, UTC) + LEEWAY
        return ProvenIdentity(provider=name, subject=claims.sub, nonce=nonce, expires_at=expires_at)


def _check(claims: _Claims, provider: IdentityProvider, *, nonce: str, now: datetime) -> None:
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    instant, leeway = now.timestamp(), LEEWAY.total_seconds()
    reasons = {
        "issuer": claims.iss != provider.issuer,
        "audience": provider.audience not in audiences,
        # Made for somebody else, or for several of whom nobody says which asked for it.
        "authorized party": claims.azp != provider.audience and (claims.azp is not None or len(audiences) > 1),
        "expired": instant >= claims.exp + leeway,
        "issued at": not claims.iat - leeway <= instant < claims.iat + MAX_AGE.total_seconds() + leeway,
        "nonce": claims.nonce != nonce,
    }
    for reason, is_broken in reasons.items():
        if is_broken:
            raise IdTokenInvalid(reason)


def _read_header(token: str) -> tuple[str, str | None]:
    head = token.split(".", maxsplit=1)[0]
    try:
        header = _strict_json(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError) as error:
        raise IdTokenInvalid("header") from error
    # Keys that the token brings along (`jwk`, `jku`, `x5c`) are not looked at; what it calls critical is unknown.
    if not isinstance(header, dict) or "crit" in header or header.get("typ", "JWT") != "JWT":
        raise IdTokenInvalid("header")
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in {"RS256", "ES256"} or not isinstance(kid, str | None):
        raise IdTokenInvalid("other algorithm or key")
    return algorithm, kid


def _usable(described: dict[str, Any]) -> _Key | None:
    """Return a published key that may sign ID tokens here: RSA of 2048 bits and more, or P-256; Any: JSON."""
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(described.get("kty")))
    kid = described.get("kid")
    if (
        algorithm is None
        or described.get("use", "sig") != "sig"
        or described.get("alg", algorithm) != algorithm
        or (algorithm == "ES256" and described.get("crv") != "P-256")
        or not isinstance(kid, str | None)
    ):
        return None
    public = {name: value for name, value in described.items() if name in {"kty", "n", "e", "crv", "x", "y"}}
    try:
        if algorithm == "RS256" and _bits_of(described["n"]) < _MIN_RSA_BITS:
            return None
        key = jwk.construct(public, algorithm=algorithm)
    except (JOSEError, ValueError, TypeError, KeyError):
        return None
    return _Key(kid=kid, algorithm=algorithm, key=key)


def _bits_of(number: str) -> int:
    return int.from_bytes(urlsafe_b64decode(number + "=" * (-len(number) % 4))).bit_length()


async def _read(url: str) -> bytes:
    content = bytearray()
    async with (
        httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client,
        client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
    ):
        answer.raise_for_status()  # a redirect too: the address is the operator's, nobody else's
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > _MAX_JWKS:
                raise ValueError("too large")
    return bytes(content)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("duplicate JSON key")
    return dict(pairs)


def _strict_json(content: bytes) -> Any:
    # Any: JSON.
    return json.loads(content, object_pairs_hook=_no_duplicates)
