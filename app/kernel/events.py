"""Facts: one row for the activity log and the audit trail, the scopes it touches, and the notice it asks for."""

from typing import Any, ClassVar, Self
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, text

from app.kernel.db import Session
from app.kernel.jobs import Lane, defer
from app.kernel.scopes import Change

EXPAND_TASK = "notifications.expand"


class Event(BaseModel):
    """Something that happened, named in the past tense; its own fields are kept with it.

    `code` is `feature.what_happened` and stable; `lane` says that people are told, and how urgently: a notice for
    it stands in `notices.NOTICES` (tested). `actor_member_id` is None when the server itself acted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: ClassVar[str]
    subject_type: ClassVar[str]
    lane: ClassVar[Lane | None] = None

    organisation_id: UUID
    subject_id: UUID
    actor_member_id: UUID | None

    def changes(self) -> tuple[Change, ...]:
        """Return what phones must fetch again, and in which scopes."""
        return ()

    @classmethod
    def from_row(cls, row: RowMapping) -> Self:
        """Read the fact back from its `events` row."""
        return cls(
            organisation_id=row["organisation_id"],
            subject_id=row["subject_id"],
            actor_member_id=row["actor_member_id"],
            **row["data"],
        )


_INSERT = text("""
INSERT INTO events (id, occurred_at, code, organisation_id, subject_type, subject_id, actor_member_id, request_id, data)
VALUES (:id, :occurred_at, :code, :organisation_id, :subject_type, :subject_id, :actor_member_id, :request_id,
        CAST(:data AS jsonb))
""")


async def record(session: Session, event: Event) -> UUID:
    """Announce a fact, once, in the caller's transaction, and return its id.

    The `events` row, the change rows of the scopes it names and, where people are told of it, the job that
    finds out whom, are committed together or not at all: nothing is pushed for a rollback, nothing is lost
    after a commit.
    """
    event_id = session.new_id()
    base = set(Event.model_fields)
    values: dict[str, Any] = {  # Any: the columns are of several types
        "id": event_id,
        "occurred_at": session.now(),
        "code": event.code,
        "organisation_id": event.organisation_id,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "actor_member_id": event.actor_member_id,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        "data": event.model_dump_json(exclude=base),
    }
    await session.execute(_INSERT, values)
    session.changes.extend(event.changes())
    if event.lane is not None:
        await defer(session, EXPAND_TASK, {"event_id": str(event_id)}, lane=event.lane)
    return event_id
