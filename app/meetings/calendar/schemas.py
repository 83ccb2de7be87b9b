"""Bodies of the calendar."""

from pydantic import Field

from app.kernel.schemas import Instant, Response

_SECRET = "mX3v0bY8kTq1pLw7cRz5nJd2sGf9hAe4uKi6oBt0xQE"  # noqa: S105 an example


class CalendarAddress(Response):
    """Where calendar programs fetch one's meetings; whoever knows the address can. It is shown this once."""

    url: str = Field(
        description="Opens the phone's calendar program",
        examples=[f"webcal://sotay.example.vn/v1/calendars/{_SECRET}.ics"],
    )
    https_url: str = Field(
        description="The same for programs that want the address typed in",
        examples=[f"https://sotay.example.vn/v1/calendars/{_SECRET}.ics"],
    )
    created_at: Instant


class CalendarState(Response):
    """Whether one has a calendar."""

    exists: bool
    created_at: Instant | None
    last_fetched_at: Instant | None = Field(description="To the hour: fetches within an hour of it are not noted")
