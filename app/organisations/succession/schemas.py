"""Bodies of what an organisation was."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.kernel.schemas import Response, Versioned
from app.organisations.models import SuccessionKind


class PeriodView(Response):
    """What it was called and where it hung, from a day to a day (both included)."""

    name: str = Field(examples=["Chi bộ thôn Đông"])
    parent_id: UUID | None = Field(description="Null at the root")
    valid_from: date = Field(examples=["2025-07-01"])
    valid_until: date | None = Field(description="Null for the present one", examples=["2026-11-30"])


class SuccessionView(Response):
    """Another organisation that it came from, or that came after it."""

    id: UUID
    name: str = Field(description="Its last name", examples=["Chi bộ thôn Đoài"])
    kind: SuccessionKind = Field(examples=["merged"])
    effective_on: date = Field(description="The first day of what came after", examples=["2026-12-01"])


class HistoryView(Versioned):
    """An organisation through time."""

    valid_from: date = Field(examples=["2025-07-01"])
    valid_until: date | None = Field(description="Its last day; null while it lasts", examples=[None])
    periods: list[PeriodView] = Field(description="The latest first")
    predecessors: list[SuccessionView]
    successors: list[SuccessionView]

    def state(self) -> str:
        """Return all that is shown."""
        return self.model_dump_json()
