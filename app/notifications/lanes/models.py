"""Table of the lanes: when each platform's push service may be sent to again."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.kernel.push import Platform


class PushLane(Base):
    """One platform's way to its phones; no row, or one without instants, is a lane in order.

    Instants are by the database's clock, like a delivery's `not_before`.
    """

    __tablename__ = "push_lanes"

    platform: Mapped[Platform] = mapped_column(primary_key=True)
    busy_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime]
