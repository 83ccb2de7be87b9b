"""Transfers that both branches confirm, with their reminders; decisions on exemptions and ends of membership."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5c1e7a4d1150"
down_revision: str | None = "c2e74b90d1f5"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("permanent", "temporary", name="transferkind", native_enum=False, length=20), nullable=False
        ),
        sa.Column("for_study", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("started", "accepted", "refused", "withdrawn", name="transferstatus", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("from_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("to_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("to_place", sa.Text(), nullable=True),
        sa.Column("letter_number", sa.String(length=60), nullable=False),
        sa.Column("letter_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("left_without_secretary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rule_set", sa.String(length=40), nullable=False),
        sa.Column("present_by", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(to_organisation_id IS NULL) <> (to_place IS NULL)", name=op.f("ck_transfers_destination")),
        sa.CheckConstraint("(kind = 'temporary') = (until IS NOT NULL)", name=op.f("ck_transfers_until")),
        sa.CheckConstraint("(status = 'accepted') = (received_on IS NOT NULL)", name=op.f("ck_transfers_received")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_transfers_member_id")),
        sa.ForeignKeyConstraint(
            ["from_organisation_id"], ["organisations.id"], name=op.f("fk_transfers_from_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_organisation_id"], ["organisations.id"], name=op.f("fk_transfers_to_organisation_id")
        ),
        sa.ForeignKeyConstraint(["started_by"], ["members.id"], name=op.f("fk_transfers_started_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_transfers_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
    )
    op.create_index(op.f("ix_transfers_member_id"), "transfers", ["member_id"])
    op.create_index(
        "uq_transfers_open", "transfers", ["member_id"], unique=True, postgresql_where=sa.text("status = 'started'")
    )
    op.create_index("ix_transfers_from_organisation_id", "transfers", ["from_organisation_id", "created_at", "id"])
    op.create_index("ix_transfers_to_organisation_id", "transfers", ["to_organisation_id", "created_at", "id"])
    op.create_table(
        "transfer_reminders",
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_transfer_reminders_transfer_id")),
        sa.PrimaryKeyConstraint("transfer_id", "working_days", name=op.f("pk_transfer_reminders")),
    )
    op.create_index(
        "ix_transfer_reminders_due", "transfer_reminders", ["due_on"], postgresql_where=sa.text("sent_at IS NULL")
    )
    op.create_table(
        "standing_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "temporarily_exempt",
                "exempt",
                "suspended",
                "resigned",
                "removed",
                "expelled",
                "deceased",
                name="decidedkind",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision_number", sa.String(length=60), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_standing_decisions_order")),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_because IS NULL)", name=op.f("ck_standing_decisions_revoked")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_standing_decisions_member_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_standing_decisions_organisation_id")
        ),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_standing_decisions_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_decisions")),
    )
    op.create_index("ix_standing_decisions_member_id", "standing_decisions", ["member_id", "created_at", "id"])


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
