"""Bodies of the deliveries: ids and outcomes, nothing that says who or what."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.kernel.pagination import Page
from app.kernel.push import Platform
from app.kernel.schemas import Instant, Int32, Request, Response
from app.notifications.reasons import DeliveryReason


class DeliveryState(StrEnum):
    """What became of a push: `waiting` has none of the outcomes yet; `sent` is accepted by FCM, never "read"."""

    waiting = "waiting"
    sent = "sent"
    token_dead = "token_dead"  # noqa: S105 a name, not a secret
    quarantined = "quarantined"
    rejected = "rejected"
    withdrawn = "withdrawn"


class DeliveryView(Response):
    """One notice to one device."""

    notification_id: UUID
    device_id: UUID
    organisation_id: UUID = Field(description="Whose notice it is")
    platform: Platform | None = Field(description="Null where the device is known no more")
    notification_type: str = Field(examples=["meeting_announced"], description="Open: survive a new one")
    outcome: DeliveryState
    reason_code: DeliveryReason | None = Field(description="Why it has not arrived, or not yet; null once sent")
    reason: str | None = Field(examples=["Google yêu cầu gửi chậm lại; sẽ gửi tiếp"], description="The same in words")
    try_count: Int32 = Field(examples=[1])
    next_try_at: Instant | None = Field(description="Not before; null where it is over, or may leave at once")
    finished_at: Instant | None

    def state(self) -> str:
        """Return what the ETag stands for: what becomes of a delivery, in the reader's words."""
        return (
            f"{self.notification_id}.{self.device_id}.{self.outcome}.{self.try_count}.{self.next_try_at}.{self.reason}"
        )


class DeliveryPage(Page[DeliveryView]):
    """Deliveries, those of the newest notice first."""


class DeliveriesRequeue(Request):
    """Which dead letters shall be sent anew."""

    notification_id: UUID
    device_id: UUID | None = Field(default=None, description="Only this device's; left out, all of the notice")


class RequeuedView(Response):
    """How many deliveries are owed again."""

    requeued_count: Int32 = Field(examples=[12])
