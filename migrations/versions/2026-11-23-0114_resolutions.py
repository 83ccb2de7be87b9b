"""Resolutions: versions with their paragraphs, comments with supports and answers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4e501c7a0114"
down_revision: str | None = "9011a5d80113"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "resolutions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft", "open", "closed", "adopted", "rejected", name="resolutionstatus", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("comments_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("number_year", sa.Integer(), nullable=True),
        sa.Column("number_in_year", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by_poll_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'adopted') = (number IS NOT NULL)", name=op.f("ck_resolutions_numbered")),
        sa.CheckConstraint("status <> 'open' OR comments_until IS NOT NULL", name=op.f("ck_resolutions_open_until")),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_resolutions_created_by")),
        sa.ForeignKeyConstraint(["decided_by_poll_id"], ["polls.id"], name=op.f("fk_resolutions_decided_by_poll_id")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_resolutions_meeting_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_resolutions_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolutions")),
        sa.UniqueConstraint(
            "organisation_id",
            "number_year",
            "number_in_year",
            name=op.f("uq_resolutions_organisation_id_number_year_number_in_year"),
        ),
    )
    op.create_index(
        "ix_resolutions_due",
        "resolutions",
        ["comments_until"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(op.f("ix_resolutions_meeting_id"), "resolutions", ["meeting_id"], unique=False)
    op.create_index(
        "ix_resolutions_organisation_id_created_at",
        "resolutions",
        ["organisation_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "resolution_versions",
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_resolution_versions_created_by")),
        sa.ForeignKeyConstraint(
            ["resolution_id"], ["resolutions.id"], name=op.f("fk_resolution_versions_resolution_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("resolution_id", "version", name=op.f("pk_resolution_versions")),
    )
    op.create_table(
        "resolution_paragraphs",
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("paragraph_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resolution_id", "version"],
            ["resolution_versions.resolution_id", "resolution_versions.version"],
            name=op.f("fk_resolution_paragraphs_resolution_id_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resolution_id", "version", "paragraph_id", name=op.f("pk_resolution_paragraphs")),
        sa.UniqueConstraint(
            "resolution_id", "version", "position", name=op.f("uq_resolution_paragraphs_resolution_id_version_position")
        ),
    )
    op.create_table(
        "resolution_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("paragraph_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "answer",
            sa.Enum("taken", "taken_in_part", "not_taken", name="answeroutcome", native_enum=False, length=20),
            nullable=True,
        ),
        sa.Column("answer_body", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "answer <> 'not_taken' OR answer_body IS NOT NULL", name=op.f("ck_resolution_comments_reasoned")
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_resolution_comments_answered")),
        sa.ForeignKeyConstraint(["answered_by"], ["members.id"], name=op.f("fk_resolution_comments_answered_by")),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_resolution_comments_author_id")),
        sa.ForeignKeyConstraint(
            ["resolution_id", "version", "paragraph_id"],
            [
                "resolution_paragraphs.resolution_id",
                "resolution_paragraphs.version",
                "resolution_paragraphs.paragraph_id",
            ],
            name=op.f("fk_resolution_comments_resolution_id_version_paragraph_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resolution_id", "version"],
            ["resolution_versions.resolution_id", "resolution_versions.version"],
            name=op.f("fk_resolution_comments_resolution_id_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolution_comments")),
    )
    op.create_index(op.f("ix_resolution_comments_author_id"), "resolution_comments", ["author_id"], unique=False)
    op.create_index(
        "ix_resolution_comments_resolution_id_created_at",
        "resolution_comments",
        ["resolution_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "comment_supports",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["resolution_comments.id"], name=op.f("fk_comment_supports_comment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_comment_supports_member_id")),
        sa.PrimaryKeyConstraint("comment_id", "member_id", name=op.f("pk_comment_supports")),
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
