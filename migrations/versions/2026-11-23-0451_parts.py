"""What a notice's subject is part of, so that calling off the whole withdraws the notice."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9a4750f00451"
down_revision: str | None = "1de3b0700450"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("part_of", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_notifications_part_of", "notifications", ["part_of"], postgresql_where=sa.text("part_of IS NOT NULL")
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
