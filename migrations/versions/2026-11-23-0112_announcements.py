"""Announcements, and notices for audiences that are described instead of listed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a11007ce0112"
down_revision: str | None = "11e55a0b0111"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

PART = sa.Enum("everyone", "posts", "away", "probationary", name="audiencepart", native_enum=False, length=20)


def upgrade() -> None:
    op.add_column("notifications", sa.Column("audience_organisation_id", sa.Uuid(), nullable=True))
    op.add_column("notifications", sa.Column("audience_part", PART, nullable=True))
    op.add_column("notifications", sa.Column("audience_post_kinds", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("notifications", sa.Column("addressed_on", sa.Date(), nullable=True))
    op.create_foreign_key(
        op.f("fk_notifications_audience_organisation_id"),
        "notifications",
        "organisations",
        ["audience_organisation_id"],
        ["id"],
    )
    op.create_index(
        "ix_notifications_audience",
        "notifications",
        ["audience_organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("audience_organisation_id IS NOT NULL"),
    )
    op.create_table(
        "announcements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "scheduled",
                "published",
                "expired",
                "withdrawn",
                name="announcementstatus",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("audience_part", PART, nullable=False),
        sa.Column("audience_post_kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("needs_acknowledgement", sa.Boolean(), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_announcements_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_announcements_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_index(
        "ix_announcements_organisation_id_created_at",
        "announcements",
        ["organisation_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_announcements_published",
        "announcements",
        ["organisation_id", "published_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_index(
        "ix_announcements_due",
        "announcements",
        ["publish_at"],
        unique=False,
        postgresql_where=sa.text("status = 'scheduled'"),
    )
    op.create_table(
        "announcement_documents",
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.id"],
            name=op.f("fk_announcement_documents_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_announcement_documents_document_id")),
        sa.PrimaryKeyConstraint("announcement_id", "document_id", name=op.f("pk_announcement_documents")),
    )
    op.create_index("ix_announcement_documents_document_id", "announcement_documents", ["document_id"], unique=False)
    op.create_table(
        "announcement_receipts",
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name=op.f("fk_announcement_receipts_announcement_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_announcement_receipts_member_id")),
        sa.PrimaryKeyConstraint("announcement_id", "member_id", name=op.f("pk_announcement_receipts")),
    )
    op.create_index("ix_announcement_receipts_member_id", "announcement_receipts", ["member_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
