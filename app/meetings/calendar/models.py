"""Table of the addresses that calendar programs fetch one's meetings from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class CalendarFeed(Base):
    """An address by the SHA-256 of its secret; a revoked one is kept a while, so that it is answered as such."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        Index("uq_calendar_feeds_account_id", "account_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
        Index("ix_calendar_feeds_revoked_at", "revoked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    last_fetched_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
