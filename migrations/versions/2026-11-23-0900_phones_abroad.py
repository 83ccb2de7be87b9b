"""Phones away from home are found by themselves: figures of what is due then need no look at all the others."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e3b7f0a95c21"
down_revision: str | None = "9a4750f00451"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_devices_abroad",
        "devices",
        ["id", "time_zone"],
        postgresql_where=sa.text("time_zone <> 'Asia/Ho_Chi_Minh'"),
    )
