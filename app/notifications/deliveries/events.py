"""Facts about deliveries."""

from app.kernel.events import Event


class DeliveriesRequeued(Event):
    """An administrator had dead letters of a notice sent anew."""

    code = "notifications.deliveries_requeued"
    subject_type = "notification"

    count: int
