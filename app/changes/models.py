"""Table of the epochs of the counters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class SyncEpoch(Base):
    """A time in which counters only rose; the latest one holds.

    Whoever brings back an older state of the database begins another one (`sotay restore` does):
    phones may have seen counters that the database has forgotten.
    """

    __tablename__ = "sync_epochs"

    epoch: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    began_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
