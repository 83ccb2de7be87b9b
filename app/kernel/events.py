"""Facts: one row for the activity log and the audit trail, the scopes it touches, and the notice it asks for."""

from typing import Any, ClassVar, Self
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, Select, func, select, text
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel.db import Session
from app.kernel.details import erase_details, keep_details
from app.kernel.jobs import Lane, defer
from app.kernel.models import EventDetails, EventRow
from app.kernel.scopes import Change

EXPAND_TASK = "notifications.expand"


class Event(BaseModel):
    """Something that happened, named in the past tense; its own fields are kept with it.

    `code` is `feature.what_happened` and stable; `lane` says that people are told, and how urgently: a notice for
    it stands in `notices.NOTICES` (tested). `actor_member_id` is None when the server itself acted. `personal` names
    the fields that say something of a person beyond opaque ids: they are kept apart, and None once they are erased.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: ClassVar[str]
    subject_type: ClassVar[str]
    lane: ClassVar[Lane | None] = None
    personal: ClassVar[frozenset[str]] = frozenset()

    organisation_id: UUID
    subject_id: UUID
    actor_member_id: UUID | None

    def changes(self) -> tuple[Change, ...]:
        """Return what phones must fetch again, and in which scopes."""
        return ()

    def person(self) -> UUID | None:
        """Return whom the personal fields are about."""
        return self.actor_member_id

    @classmethod
    def from_row(cls, row: RowMapping) -> Self:
        """Read the fact back from its row, as `select_fact` finds it."""
        return cls(
            organisation_id=row["organisation_id"],
            subject_id=row["subject_id"],
            actor_member_id=row["actor_member_id"],
            **dict.fromkeys(cls.personal) | row["data"],
        )


class DetailsErased(Event):
    """What these facts said of a member, beyond opaque ids, is gone from the log."""

    code = "kernel.details_erased"
    subject_type = "member"

    facts: tuple[UUID, ...]


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
    apart = set(Event.model_fields) | event.personal
    values: dict[str, Any] = {  # Any: the columns are of several types
        "id": event_id,
        "occurred_at": session.now(),
        "code": event.code,
        "organisation_id": event.organisation_id,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "actor_member_id": event.actor_member_id,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        "data": event.model_dump_json(exclude=apart),
    }
    await session.execute(_INSERT, values)
    if event.personal:
        details = event.model_dump_json(include=set(event.personal))
        await keep_details(session, event_id, member_id=event.person(), data=details)
    session.changes.extend(event.changes())
    if event.lane is not None:
        await defer(session, EXPAND_TASK, {"event_id": str(event_id)}, lane=event.lane)
    return event_id


def select_fact(event_id: UUID) -> Select[Any]:
    """Select a fact's row whole, its personal fields among the others (Any: the columns are of several types)."""
    nothing = func.jsonb_build_object(type_=JSONB)
    whole = EventRow.data.op("||", return_type=JSONB())(func.coalesce(EventDetails.data, nothing))
    others = [column for column in EventRow.__table__.columns if column.name != "data"]
    return (
        select(*others, whole.label("data"))
        .outerjoin(EventDetails, EventDetails.event_id == EventRow.id)
        .where(EventRow.id == event_id)
    )


async def forget_person(session: Session, member_id: UUID, *, organisation_id: UUID, by: UUID | None) -> int:
    """Erase what facts say of a member beyond opaque ids, and record that it was; return of how many facts.

    `organisation_id` is the branch whose log says it. The facts themselves stay, and so does the chain.
    """
    erased = await erase_details(session, member_id)
    if erased:
        fact = DetailsErased(organisation_id=organisation_id, subject_id=member_id, actor_member_id=by, facts=erased)
        await record(session, fact)
    return len(erased)
