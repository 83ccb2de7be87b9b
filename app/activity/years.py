"""A year of the log: it begins and ends at midnight in Việt Nam."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

HOME = ZoneInfo("Asia/Ho_Chi_Minh")

Year = Annotated[int, Field(ge=1900, le=2199, json_schema_extra={"format": "int32"})]


def bounds_of_year(year: int) -> tuple[datetime, datetime]:
    """Return the first instant of a year in Việt Nam and the first of the next (UTC)."""
    begin, end = (datetime(which, 1, 1, tzinfo=HOME).astimezone(UTC) for which in (year, year + 1))
    return begin, end


def beginning_of(day: date) -> datetime:
    """Return the first instant of a day in Việt Nam (UTC)."""
    return datetime(day.year, day.month, day.day, tzinfo=HOME).astimezone(UTC)
