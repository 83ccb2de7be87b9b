"""Bodies of time away."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.days import Day, require_order
from app.kernel.schemas import Line, Request, Versioned
from app.kernel.timezones import TimeZone

Place = Annotated[Line, Field(examples=["Berlin, CHLB Đức"], description="As the member says it; no address is asked")]
Zone = Annotated[TimeZone, Field(examples=["Europe/Berlin"], description="Times are shown in it while away")]


class AwayPeriodCreate(Request):
    """Time away, from a day to a day (both included)."""

    starts_on: Day = Field(examples=["2026-03-01"])
    ends_on: Day | None = Field(
        default=None, examples=["2027-02-28"], description="Absent where the return is not known"
    )
    place: Place
    time_zone: Zone

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        require_order(self.starts_on, self.ends_on)
        return self


class AwayPeriodPatch(Request):
    """What may change; a field not sent stays."""

    starts_on: Day | None = Field(default=None, examples=["2026-03-01"])
    ends_on: Day | None = Field(default=None, examples=["2027-02-28"], description="The day of the return")
    place: Place | None = None
    time_zone: Zone | None = None


class AwayPeriodView(Versioned):
    """A member's time away."""

    member_id: UUID
    starts_on: date = Field(examples=["2026-03-01"])
    ends_on: date | None = Field(description="Null where the return is not known", examples=["2027-02-28"])
    place: str = Field(examples=["Berlin, CHLB Đức"])
    time_zone: str = Field(examples=["Europe/Berlin"])
