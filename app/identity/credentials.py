"""The secrets handed out: activation codes people can read aloud, and refresh tokens with a sealed child."""

import base64
import hashlib
import secrets
from typing import NamedTuple

from cryptography.fernet import Fernet

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without 0 O 1 I L U, which are misread or misheard
SELECTOR_LENGTH = 4
CODE_LENGTH = 10


class Code(NamedTuple):
    """An activation code: the part that finds the row, and the part that is secret."""

    selector: str
    secret: str

    def __str__(self) -> str:
        whole = self.selector + self.secret
        return f"{whole[:4]}-{whole[4:8]}-{whole[8:]}"


def new_code() -> Code:
    """Make a code of ten characters: about 29 secret bits, with five tries against them."""
    whole = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return Code(whole[:SELECTOR_LENGTH], whole[SELECTOR_LENGTH:])


def parse_code(typed: str) -> Code | None:
    """Read a code as people type it: in any case, with dashes or spaces; None when it cannot be one."""
    bare = "".join(typed.split()).replace("-", "").upper()
    if len(bare) != CODE_LENGTH or not set(bare) <= set(ALPHABET):
        return None
    return Code(bare[:SELECTOR_LENGTH], bare[SELECTOR_LENGTH:])


def new_refresh_token() -> str:
    """Make 256 random bits in base64url."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is stored of a refresh token; it has 256 bits already, so a plain SHA-256 protects it."""
    return hashlib.sha256(token.encode()).digest()


def seal_child(parent: str, child: str) -> bytes:
    """Encrypt a child token so that only who presents its parent can have it again."""
    return _vault(parent).encrypt(child.encode())


def open_child(parent: str, sealed: bytes) -> str:
    """Return the child that was sealed with this parent."""
    return _vault(parent).decrypt(sealed).decode()


def _vault(parent: str) -> Fernet:
    key = hashlib.sha256(b"sotay refresh child\0" + parent.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
