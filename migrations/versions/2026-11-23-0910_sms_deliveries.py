"""Text messages to members without the app, each with its lease and outcome."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5a5de1170450"
down_revision: str | None = "e3b7f0a95c21"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    outcomes = sa.Enum("sent", "token_dead", "rejected", "withdrawn", name="outcome", native_enum=False, length=20)
    op.create_table(
        "sms_deliveries",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", outcomes, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.id"], name=op.f("fk_sms_deliveries_notification_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_sms_deliveries_member_id")),
        sa.PrimaryKeyConstraint("notification_id", "member_id", name=op.f("pk_sms_deliveries")),
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
