"""Push lanes, tokens in quarantine, and indexes by which deliveries are looked at."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "1a9e5d0c0320"
down_revision: str | None = "c4a119e50117"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Each table is let go before the next is taken: who holds notifications and waits for deliveries meets senders who
    # hold deliveries and wait for notifications, at each try again.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_deliveries_failed",
            "deliveries",
            ["notification_id", "device_id"],
            postgresql_where=sa.text("outcome IN ('token_dead', 'quarantined', 'rejected')"),
            if_not_exists=True,
        )
        op.create_index(
            "ix_notifications_organisation_id_id", "notifications", ["organisation_id", "id"], if_not_exists=True
        )
    op.create_table(
        "push_lanes",
        sa.Column(
            "platform",
            sa.Enum("android", "ios", "web", name="platform", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pk_push_lanes")),
    )
    op.add_column("devices", sa.Column("quarantined_token", sa.Text(), nullable=True))
    # A hash: tokens may be longer than a B-tree takes.
    op.create_index(
        "ix_devices_quarantined_token",
        "devices",
        ["quarantined_token"],
        postgresql_using="hash",
        postgresql_where=sa.text("quarantined_token IS NOT NULL"),
    )
