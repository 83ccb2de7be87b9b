"""Bodies of the tasks a meeting gives out."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.kernel.days import Day
from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Line, Prose, Request, Versioned
from app.meetings.models import TaskStatus


class TaskCreate(Request):
    """What is to be done, by whom and until when."""

    title: Line = Field(examples=["Rà soát hộ nghèo thôn Đông"])
    detail: Prose | None = Field(default=None, examples=["Báo cáo bằng văn bản cho chi ủy"])
    assignee_id: UUID = Field(description="A member of the branch; of a committee's meeting, who has a seat there too")
    due_on: Day = Field(examples=["2026-12-25"])


class TaskPatch(Request):
    """What changes; fields left out stay."""

    title: Line | None = Field(default=None, examples=["Rà soát hộ nghèo thôn Đông"])
    detail: Prose | None = Field(default=None, examples=["Báo cáo bằng văn bản cho chi ủy"])
    assignee_id: UUID | None = Field(default=None, description="As when it is given out; they are told")
    due_on: Day | None = Field(default=None, examples=["2026-12-31"])
    status: TaskStatus | None = None
    closing_note: Prose | None = Field(default=None, examples=["Đã rà soát 12 hộ"])


class TaskReport(Request):
    """That it is done."""

    note: Prose | None = Field(default=None, examples=["Đã rà soát 12 hộ"])


class TaskView(Versioned):
    """What a meeting gave one member to do by a day (in Việt Nam): for whom the meeting calls, and for its organisers.

    `done_at` and `closing_note` are null while it is open; officers above see no tasks.
    """

    meeting_id: UUID = Field(description="The meeting that gave it out")
    organisation_id: UUID
    title: str = Field(examples=["Rà soát hộ nghèo thôn Đông"])
    detail: str | None = Field(examples=["Báo cáo bằng văn bản cho chi ủy"])
    assignee_id: UUID
    assignee_name: str = Field(examples=["Lê Văn Cường"])
    due_on: date = Field(examples=["2026-12-25"])
    status: TaskStatus
    done_at: Instant | None
    closing_note: str | None = Field(examples=["Đã rà soát 12 hộ"])
    created_at: Instant

    def state(self) -> str:
        """Return what the ETag stands for: the assignee's name may change too."""
        return f"{super().state()}.{self.assignee_name}"


class TaskPage(Page[TaskView]):
    """Tasks, by their deadline."""
