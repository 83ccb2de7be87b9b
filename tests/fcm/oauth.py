"""Google's OAuth token endpoint for service accounts (RFC 7523), and the file that goes with it."""

import json
import secrets
import threading
import time
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import JWTError, jwt

from tests.fcm.answers import Answer

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLES_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Google's library names this audience whatever the file's `token_uri` says."""
SCOPES = {
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/firebase",
}


@cache
def _key_pair() -> tuple[str, str]:
    """One RSA pair for the process, private and public, in PEM: making one takes a tenth of a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


class TokenEndpoint:
    """Issues access tokens and remembers them until they expire or are revoked."""

    def __init__(self, *, project_id: str, lifetime_seconds: float) -> None:
        self._email = f"firebase-adminsdk@{project_id}.iam.gserviceaccount.com"
        self._project_id = project_id
        self._lock = threading.Lock()
        self._expiries: dict[str, float] = {}
        self.lifetime_seconds = lifetime_seconds
        self.requests = 0
        self.instead: Answer | None = None
        """What to answer in place of a token."""

    def write_credentials(self, path: Path, *, url: str) -> None:
        account = {
            "type": "service_account",
            "project_id": self._project_id,
            "private_key_id": "loopback",
            "private_key": _key_pair()[0],
            "client_email": self._email,
            "client_id": "100000000000000000000",
            "token_uri": f"{url}/token",
        }
        path.write_text(json.dumps(account, indent=2))

    def reset(self) -> None:
        """Count from nought again, and issue tokens for an hour."""
        self.requests = 0
        self.instead = None
        self.lifetime_seconds = 3599

    def revoke(self) -> None:
        """Forget every token issued so far."""
        with self._lock:
            self._expiries.clear()

    def knows(self, access_token: str) -> bool:
        return time.monotonic() < self._expiries.get(access_token, 0)

    def answer(self, body: bytes) -> Answer:
        self.requests += 1
        if self.instead is not None:
            return self.instead
        form = parse_qs(body.decode())
        problem = self._problem(form)
        if problem:
            return _answer(400, {"error": "invalid_grant", "error_description": problem})
        token = f"ya29.{secrets.token_urlsafe(24)}"
        with self._lock:
            self._expiries[token] = time.monotonic() + self.lifetime_seconds
        return _answer(
            200,
            {"access_token": token, "expires_in": int(self.lifetime_seconds), "token_type": "Bearer"},
        )

    def _problem(self, form: dict[str, list[str]]) -> str | None:
        if form.get("grant_type") != [GRANT]:
            return "Unsupported grant type."
        try:
            claims = jwt.decode(
                form["assertion"][0],
                _key_pair()[1],
                algorithms=["RS256"],
                audience=GOOGLES_AUDIENCE,
                issuer=self._email,
                options={"require_exp": True, "require_iat": True},
            )
        except (KeyError, JWTError) as error:
            return f"Invalid JWT: {error}"
        if claims["exp"] - claims["iat"] > 3600:
            return "Invalid JWT: Token must be a short-lived token (60 minutes)."
        if not SCOPES & set(claims.get("scope", "").split()):
            return "Invalid OAuth scope or ID token audience provided."
        return None


def _answer(status: int, content: dict[str, object]) -> Answer:
    return Answer(status, json.dumps(content).encode())
