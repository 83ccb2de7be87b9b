"""Consents, correction requests, and indexes by which a member's own rows and old ones are found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c2e74b90d1f5"
down_revision: str | None = "51914e0f0920"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FIELDS = ("full_name", "born_on", "sex", "card_number", "citizen_id", "phone", "admitted_on", "official_on")
STATUSES = ("pending", "accepted", "rejected", "withdrawn")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_consents_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        if_not_exists=True,
    )
    op.create_index(op.f("ix_consents_member_id"), "consents", ["member_id"], if_not_exists=True)
    op.create_index(
        "uq_consents_member_id_version",
        "consents",
        ["member_id", "version"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        if_not_exists=True,
    )
    op.create_table(
        "correction_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Enum(*FIELDS, name="correctablefield", native_enum=False, length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("status", sa.Enum(*STATUSES, name="correctionstatus", native_enum=False, length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_correction_requests_member_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_correction_requests_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_requests")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_correction_requests_member_id_id", "correction_requests", ["member_id", "id"], if_not_exists=True
    )
    op.create_index(
        "uq_correction_requests_member_id_field",
        "correction_requests",
        ["member_id", "field"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
        if_not_exists=True,
    )
    # Should this fail, the revision runs again, and all of it may.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for every transaction under way, and nobody for it
        for table, column in (
            ("minutes_remarks", "member_id"),
            ("comment_supports", "member_id"),
            ("record_views", "viewed_at"),
        ):
            op.create_index(
                op.f(f"ix_{table}_{column}"), table, [column], postgresql_concurrently=True, if_not_exists=True
            )
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
