"""Bodies of the inbox and of one's wishes about pushes."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.kernel.pagination import Page
from app.kernel.push import Channel
from app.kernel.schemas import Instant, Request, Response


class NotificationView(Response):
    """A notice in the inbox, in the reader's language and time zone."""

    id: UUID
    type: str = Field(examples=["meeting_announced"], description="Open: survive a new one")
    title: str = Field(examples=["Lịch sinh hoạt chi bộ: Sinh hoạt thường kỳ tháng 12"])
    body: str = Field(examples=["19:30 thứ Sáu, 04/12/2026 tại Nhà văn hóa thôn Đông"])
    link: str = Field(examples=["https://sotay.example.vn/m/01a20554-aa22-7cf5-97ba-64575c030d6e"])
    created_at: Instant
    read_at: Instant | None

    def state(self) -> str:
        """Return what the ETag stands for: the texts follow the id, except for whether it was read."""
        return f"{self.id}.{self.read_at}.{self.title}.{self.body}"


class NotificationPage(Page[NotificationView]):
    """The inbox, newest first."""


class MarkRead(Request):
    """How far the inbox was read."""

    through: UUID = Field(
        description="The newest notification that was seen; it and all older ones become read, but for those that came "
        "after it"
    )


class PushChannel(StrEnum):
    """Ways to be told beside the inbox."""

    push = "push"


class PreferenceView(Response):
    """One wish: a kind of notice on one channel."""

    kind: Channel
    channel: PushChannel
    enabled: bool


class PreferenceList(Response):
    """Every kind on every channel."""

    items: list[PreferenceView]
    next_cursor: str | None = Field(description="Always null", examples=[None])


class Preference(Request):
    """One wish."""

    kind: Channel
    channel: PushChannel
    enabled: bool = Field(strict=True, examples=[True])


class PreferencesReplace(Request):
    """All wishes; what is not named is pushed."""

    items: list[Preference] = Field(max_length=50)
