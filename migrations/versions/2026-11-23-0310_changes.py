"""Epochs of the counters, and floors below which deletions are forgotten."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c4a119e50117"
down_revision: str | None = "ca1e4da70300"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    epochs = op.create_table(
        "sync_epochs",
        sa.Column("epoch", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_sync_epochs")),
    )
    op.execute(epochs.insert())
    op.add_column("scopes", sa.Column("floor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_index(
        "ix_changes_tombstones",
        "changes",
        ["changed_at", "scope_id"],
        postgresql_where=sa.text("op = 'delete'"),
    )
