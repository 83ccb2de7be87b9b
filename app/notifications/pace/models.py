"""Tables of the pace: one bucket of tokens, and how much of it each organisation has had lately.

The functions of their migration, `take_push_turn` and `settle_push_turn`, read and write them; their instants are by
the database's clock.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Double
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class PushBucket(Base):
    """The one row: a token is one push, and the bucket holds what comes in two seconds."""

    __tablename__ = "push_bucket"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tokens: Mapped[float] = mapped_column(Double)
    filled_at: Mapped[datetime]


class PushShare(Base):
    """An organisation that has pushes leaving now; the row goes two seconds after its last.

    `spent_until`: until then it has had its even share already. `line_until`: where its line of waiting chunks ends.
    """

    __tablename__ = "push_shares"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    urgent: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    spent_until: Mapped[datetime]
    line_until: Mapped[datetime]
