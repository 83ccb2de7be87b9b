"""Bodies of activity: one's year, the branch's log, one's own entries."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.activity.models import ActivityType, EntryStatus
from app.documents.schemas import DocumentRef
from app.kernel.days import Day
from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Line, Prose, Request, Response, Versioned
from app.members.schemas import MemberRef


class ActivitySubject(Response):
    """What it was about."""

    type: str = Field(examples=["meeting"])
    id: UUID


class ActivityView(Response):
    """Something I took part in; how I voted is never in it."""

    id: UUID
    type: ActivityType
    occurred_at: Instant
    organisation_id: UUID
    subject: ActivitySubject
    summary: str = Field(description="In the reader's language", examples=["Dự sinh hoạt chi bộ thường kỳ tháng 12"])
    status: EntryStatus | None = Field(description="Of an entry of my own; null for everything else", examples=[None])
    title: str | None = Field(description="Of an entry of my own; null for everything else", examples=[None])
    body: str | None = Field(description="Of an entry of my own; null for everything else", examples=[None])
    document: DocumentRef | None = Field(description="The file with an entry of my own")

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class ActivityPage(Page[ActivityView]):
    """What I took part in, the newest first."""


class LogEntryView(Response):
    """A fact of an organisation's log, as far as the reader may know it."""

    id: UUID
    type: str = Field(description="The fact's stable code", examples=["meetings.announced"])
    occurred_at: Instant
    organisation_id: UUID
    subject: ActivitySubject
    summary: str = Field(
        description="In the reader's language; for an auditor without titles, and the code where there are no words",
        examples=["Triệu tập: Sinh hoạt chi bộ thường kỳ tháng 12"],
    )
    actor_member_id: UUID | None = Field(description="Who did it; null for officers above, and where the server did")
    actor_name: str | None = Field(description="For the organisers only", examples=["Nguyễn Văn An"])

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class LogPage(Page[LogEntryView]):
    """An organisation's facts, the newest first."""


class EntryReplace(Request):
    """Something I took part in, in my own words; what is left out becomes empty."""

    title: Line = Field(examples=["Hiến đất làm đường thôn"])
    body: Prose = Field(examples=["Gia đình hiến 40 m² đất mở rộng đường trục thôn."])
    occurred_on: Day = Field(description="Today or before", examples=["2026-11-20"])
    document_id: UUID | None = Field(default=None, description="A file that I uploaded with visibility `owner`")


class EntryCreate(EntryReplace):
    """A new entry; it waits for the secretary at once."""

    id: UUID | None = Field(default=None, description="The client's own id (UUID), for an offline outbox")


class EntryReturn(Request):
    """Why an entry is given back."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] = Field(
        examples=["Đề nghị ghi rõ diện tích và kèm biên bản"]
    )


class EntryView(Versioned):
    """An entry of a member's own."""

    type: ActivityType
    occurred_at: Instant = Field(description="The beginning of the day in Việt Nam")
    occurred_on: date = Field(examples=["2026-11-20"])
    organisation_id: UUID = Field(description="The branch whose secretary judges it")
    subject: ActivitySubject
    summary: str = Field(examples=["Hiến đất làm đường thôn"])
    status: EntryStatus
    title: str = Field(examples=["Hiến đất làm đường thôn"])
    body: str = Field(examples=["Gia đình hiến 40 m² đất mở rộng đường trục thôn."])
    document: DocumentRef | None
    member: MemberRef
    reason: str | None = Field(description="Why it was returned", examples=[None])
    decided_by: UUID | None = Field(description="The member who confirmed or returned it")
    decided_at: Instant | None

    def state(self) -> str:
        """Return what the ETag stands for."""
        return f"{super().state()}.{self.member.full_name}.{self.document.title if self.document else ''}"


class EntryPage(Page[EntryView]):
    """Entries of a branch's members, the oldest first."""
