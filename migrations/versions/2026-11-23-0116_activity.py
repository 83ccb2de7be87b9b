"""Entries of members' own, which their secretary confirms."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "ac71717b0116"
down_revision: str | None = "3117c7e50115"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "activity_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("submitted", "confirmed", "returned", name="entrystatus", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_activity_entries_decided_by")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_activity_entries_document_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_activity_entries_member_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_activity_entries_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_entries")),
    )
    op.create_index("ix_activity_entries_document_id", "activity_entries", ["document_id"])
    op.create_index("ix_activity_entries_member_id_occurred_on", "activity_entries", ["member_id", "occurred_on", "id"])
    op.create_index(
        "ix_activity_entries_organisation_id_status", "activity_entries", ["organisation_id", "status", "id"]
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
