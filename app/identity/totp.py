"""Codes of authenticator apps (RFC 6238: SHA-1, six digits, thirty seconds), and recovery codes."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp

from app.identity.credentials import ALPHABET

STEP_SECONDS = 30
STEPS_AROUND = 1
"""A phone's clock may be thirty seconds off, either way."""
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 16
_SIX_DIGITS = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """Make 160 random bits in base32, as RFC 4226 (4, R6) wants."""
    return pyotp.random_base32(32)


def address_of(secret: str, *, account: str, issuer: str) -> str:
    """Return the `otpauth://` address that authenticator apps read, as a QR code or a link."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def is_six_digits(typed: str) -> bool:
    """Say whether it may be the code of an app, and not a recovery code."""
    return _SIX_DIGITS.fullmatch(bare(typed)) is not None


def find_step(secret: str, typed: str, *, now: datetime, after: int) -> int | None:
    """Return the step whose code was typed, near now and later than `after`; None when it is none."""
    otp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    near = range(current - STEPS_AROUND, current + STEPS_AROUND + 1)
    right = [step for step in near if hmac.compare_digest(otp.generate_otp(step), bare(typed))]
    return next((step for step in right if step > after), None)


def new_recovery_codes() -> list[str]:
    """Make ten codes of sixteen letters and digits, without look-alikes, in groups of four."""
    return [_grouped("".join(secrets.choice(ALPHABET) for _ in range(_RECOVERY_LENGTH))) for _ in range(RECOVERY_CODES)]


def recovery_hash(typed: str) -> bytes:
    """Return what is stored of a recovery code; it has 78 random bits, so a plain SHA-256 protects it."""
    return hashlib.sha256(bare(typed).upper().encode()).digest()


def bare(typed: str) -> str:
    """Return a code without the spaces and dashes that people type in it."""
    return "".join(typed.split()).replace("-", "")


def _grouped(code: str) -> str:
    groups: Sequence[str] = [code[at : at + 4] for at in range(0, len(code), 4)]
    return "-".join(groups)
