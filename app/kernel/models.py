"""Tables of the kernel: facts and their seals, counters and change rows that phones catch up by, answers kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class EventRow(Base):
    """A fact. The month of its id (UUIDv7) says which partition holds it; no foreign key leads here or away."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_organisation_id_id", "organisation_id", "id"),
        Index("ix_events_subject_id_id", "subject_id", "id"),
        Index("ix_events_actor_member_id_id", "actor_member_id", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(60))
    organisation_id: Mapped[UUID]
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[UUID]
    actor_member_id: Mapped[UUID | None]
    request_id: Mapped[str | None] = mapped_column(Text)
    # Any: the event's own fields, as JSON.
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class EventDetails(Base):
    """The personal fields of a fact. The chain covers their salted hash alone: salt and fields can be erased."""

    __tablename__ = "event_details"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID | None] = mapped_column(index=True)
    salt: Mapped[bytes | None]
    # Any: the event's own fields, as JSON.
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    digest: Mapped[bytes]
    erased_at: Mapped[datetime | None]


class EventSeal(Base):
    """The place of a fact in the chain of its organisation, and the hash over it and all before it."""

    __tablename__ = "event_seals"
    __table_args__ = (UniqueConstraint("event_id"),)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[UUID]
    link: Mapped[bytes]
    sealed_at: Mapped[datetime]


class UnsealedEvent(Base):
    """A fact that waits for its seal; a trigger of `events` writes it."""

    __tablename__ = "unsealed_events"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)


class ScopeRow(Base):
    """A scope's counter: how many units of work have touched it.

    `floor` is the highest counter of a tombstone that was purged: who has not come that far cannot be told of it.
    """

    __tablename__ = "scopes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    counter: Mapped[int] = mapped_column(BigInteger)
    floor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class ChangeRow(Base):
    """The latest change of one object in one scope; each object has one row, a deleted one a tombstone."""

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_scope_id_counter", "scope_id", "counter"),
        Index("ix_changes_tombstones", "changed_at", "scope_id", postgresql_where=text("op = 'delete'")),
    )

    scope_id: Mapped[UUID] = mapped_column(primary_key=True)
    object_type: Mapped[str] = mapped_column(String(30), primary_key=True)
    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    counter: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    op: Mapped[str] = mapped_column(String(10))
    changed_at: Mapped[datetime]


class KeptAnswer(Base):
    """What an account was answered under an `Idempotency-Key`. No foreign key: in 30 days it is gone by itself."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    # SHA-256 of the method, address, body and If-Match.
    request_hash: Mapped[bytes]
    # The membership and posts it was answered to; none where a release that did not ask wrote it.
    rights: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[bytes]
    created_at: Mapped[datetime]
