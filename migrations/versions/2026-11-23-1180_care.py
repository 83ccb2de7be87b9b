"""Nudges given to members, and whom to ask when one cannot be reached."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "ca2ecafe1180"
down_revision: str | None = "7d20c41b1140"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "nudges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("nudged_by", sa.Uuid(), nullable=False),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_nudges_member_id")),
        sa.ForeignKeyConstraint(["nudged_by"], ["members.id"], name=op.f("fk_nudges_nudged_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_nudges_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudges")),
    )
    op.create_index("ix_nudges_member_id_nudged_at", "nudges", ["member_id", "nudged_at"])
    op.create_table(
        "proxy_contacts",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_proxy_contacts_entered_by")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_proxy_contacts_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_proxy_contacts")),
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
