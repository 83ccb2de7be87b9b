"""The table of people who were said not to be the same."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class DistinctMembers(Base):
    """That two who look like one are two, by whom and when; the lesser id first, so that each pair is there once."""

    __tablename__ = "distinct_members"
    __table_args__ = (CheckConstraint("first_id < second_id", name="order"),)

    first_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    second_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    said_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    said_at: Mapped[datetime]
