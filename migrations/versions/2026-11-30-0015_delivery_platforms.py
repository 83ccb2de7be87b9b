"""Deliveries say on which platform they went, so that what was sent is counted without a look at every phone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "de11f0125015"
down_revision: str | None = "9a11d5c3e0f2"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "deliveries",
        sa.Column(
            # Not `platform`: the version before reads the devices' beside it without saying whose.
            "device_platform",
            sa.Enum("android", "ios", "web", name="platform", native_enum=False, length=20),
            nullable=True,
        ),
    )
