"""What a fact says of a person beyond opaque ids: kept apart, so that it can be erased and the chain still holds."""

import hashlib
import secrets
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kernel.canonical import canonical, read_json
from app.kernel.db import Session

SALT_BYTES = 16

_INSERT = text("""
INSERT INTO event_details (event_id, member_id, salt, data, digest)
VALUES (:event_id, :member_id, :salt, CAST(:data AS jsonb), :digest)
""")

_ERASE = text("""
UPDATE event_details SET salt = NULL, data = NULL, erased_at = :at
WHERE member_id = :member_id AND erased_at IS NULL
RETURNING event_id
""")


def digest_of(salt: bytes, member_id: str | None, data: str) -> bytes:
    """Return what the chain covers in place of the details: the SHA-256 of a salt and their canonical JSON.

    The salt is erased with them: a device's name can be guessed, and nobody shall be able to try.
    """
    return hashlib.sha256(salt + canonical({"data": read_json(data), "member_id": member_id})).digest()


async def keep_details(session: Session, event_id: UUID, *, member_id: UUID | None, data: str) -> None:
    """Write the personal fields (JSON) of a fact; `member_id` is whose they are."""
    salt = secrets.token_bytes(SALT_BYTES)
    values: dict[str, Any] = {  # Any: the columns are of several types
        "event_id": event_id,
        "member_id": member_id,
        "salt": salt,
        "data": data,
        "digest": digest_of(salt, str(member_id) if member_id else None, data),
    }
    await session.execute(_INSERT, values)


async def erase_details(session: Session, member_id: UUID) -> tuple[UUID, ...]:
    """Erase what facts say of a member; return the ids of the facts.

    Its caller records that, or `sotay audit verify` takes it for tampering.
    """
    erased = await session.scalars(_ERASE, {"member_id": member_id, "at": session.now()})
    return tuple(sorted(erased))
