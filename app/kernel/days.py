"""Days as people write them: within living memory, in their order."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.schemas import WRITTEN_DAY

EARLIEST = date(1900, 1, 1)
LATEST = date(2199, 12, 31)
ENDS_BEFORE_START = Text(vi="Ngày kết thúc trước ngày bắt đầu", en="The end lies before the start")


def _of_our_time(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise FieldError(
            "date_out_of_range",
            Text(vi="Ngày phải từ năm 1900 đến năm 2199", en="The date must lie in the years 1900 to 2199"),
        )
    return day


Day = Annotated[date, WRITTEN_DAY, AfterValidator(_of_our_time)]
"""A day in a request, 1900 to 2199: a day before or after it can always be computed."""


def require_order(starts_on: date, ends_on: date | None) -> None:
    """Refuse an end before the start; raises FieldError at `ends_on`, for a body's validator."""
    if ends_on is not None and ends_on < starts_on:
        raise FieldError("ends_before_start", ENDS_BEFORE_START, below="/ends_on")
