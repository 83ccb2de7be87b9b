"""Bodies of the reach: how many have a notice on a phone, and whom to ring up."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.kernel.schemas import Int32, Response
from app.notifications.reasons import DeliveryReason


class Unreached(StrEnum):
    """Why somebody should be rung up; who was not told has it not even in the app."""

    no_device = "no_device"
    failed = "failed"
    not_told = "not_told"


class FailureView(Response):
    """How many phones were not reached for one reason."""

    reason_code: DeliveryReason
    reason: str = Field(examples=["Ứng dụng đã bị gỡ khỏi máy, hoặc cài lại mà chưa mở"])
    count: Int32 = Field(examples=[3])


class UnreachedView(Response):
    """Somebody who is to be rung up."""

    member_id: UUID
    full_name: str = Field(examples=["Đỗ Văn Phúc"])
    state: Unreached
    reason: str = Field(description="In words", examples=["Chưa có điện thoại cài ứng dụng"])


class PushReach(Response):
    """How far the latest notice has come; the counts from `on_a_phone_count` on add up to all it is for."""

    addressed_count: Int32 = Field(examples=[75180])
    on_a_phone_count: Int32 = Field(
        description="Google took it over for one of their phones, or they have seen it; not that they read a push",
        examples=[68020],
    )
    by_text_count: Int32 = Field(
        description="Have no app, and the gateway took a text message to them over: calls of meetings only",
        examples=[57],
    )
    waiting_count: Int32 = Field(description="Still to be sent: quiet hours, a retry, its turn", examples=[1204])
    failed_count: Int32 = Field(description="Could be sent to none of their phones, nor as a text", examples=[812])
    no_device_count: Int32 = Field(description="Have no phone that can be pushed to", examples=[5031])
    inbox_only_count: Int32 = Field(
        description="Wish no pushes, or have the phone since: they find it in the app", examples=[113]
    )
    not_told_count: Int32 = Field(
        description="Joined after it was written, or had said no before it: not even in the app; of meetings only",
        examples=[2],
    )
    failures: list[FailureView] = Field(description="`failed_count` by reason, the most frequent first")
    to_ring_up: list[UnreachedView] = Field(
        description="Who has no phone, or none that was reached, or was not told, by name: for a branch's own "
        "organisers, 200 at most"
    )
