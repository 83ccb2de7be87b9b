"""Table of the epochs of the counters."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Integer, ScalarSelect, cast, extract, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base

_VERSIONS_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


class SyncEpoch(Base):
    """A time in which counters only rose; the latest one holds.

    Whoever brings back an older state of the database begins another one (`sotay restore` does):
    phones may have seen counters, and versions, that the database has forgotten.
    """

    __tablename__ = "sync_epochs"

    epoch: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    began_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


def version_at_first() -> ScalarSelect[int]:
    """Select the version that what was brought back has from the latest epoch's beginning until it is changed.

    It is the seconds since 2026: beyond what counting changes has come to, in the times that this state does not know
    too, also where the same backup is brought back twice, and an int32 until 2094.
    """
    seconds = extract("epoch", func.max(SyncEpoch.began_at)) - _VERSIONS_SINCE.timestamp()
    return select(cast(func.floor(seconds), Integer)).scalar_subquery()
