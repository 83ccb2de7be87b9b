"""Body of a meeting's course."""

from uuid import UUID

from pydantic import Field

from app.kernel.schemas import AwareInstant, Request


class CourseReplace(Request):
    """How the meeting ran, whole: what is left out becomes empty."""

    started_at: AwareInstant = Field(
        description="On the day (in Việt Nam) when the meeting was opened here, or on the one before",
        examples=["2026-12-04T12:30:00Z"],
    )
    ended_at: AwareInstant | None = Field(
        default=None,
        description="After the beginning and not later than now; none while the meeting is in session",
        examples=["2026-12-04T14:05:00Z"],
    )
    chair_id: UUID | None = Field(default=None, description="Who led it, of those on the roster")
    minute_taker_id: UUID | None = Field(default=None, description="Who writes the minutes, of those on the roster")
