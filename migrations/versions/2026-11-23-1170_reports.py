"""Plans of admission and yearly ratings, which reports show; and the visits of a month, found by their time."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4e9047a70a1d"
down_revision: str | None = "8f2d3b6a1160"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "admission_targets",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("plan > 0", name=op.f("ck_admission_targets_plan")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_admission_targets_organisation_id")
        ),
        sa.ForeignKeyConstraint(["set_by"], ["members.id"], name=op.f("fk_admission_targets_set_by")),
        sa.PrimaryKeyConstraint("organisation_id", "year", name=op.f("pk_admission_targets")),
        if_not_exists=True,
    )
    op.create_table(
        "member_ratings",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "grade",
            sa.Enum("excellent", "good", "fulfilled", "not_fulfilled", name="grade", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("rated_by", sa.Uuid(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_ratings_member_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_member_ratings_organisation_id")
        ),
        sa.ForeignKeyConstraint(["rated_by"], ["members.id"], name=op.f("fk_member_ratings_rated_by")),
        sa.PrimaryKeyConstraint("member_id", "year", name=op.f("pk_member_ratings")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_member_ratings_organisation_id_year", "member_ratings", ["organisation_id", "year"], if_not_exists=True
    )
    # Nobody's sign-in waits for it. One that was interrupted is there and not valid: it is made anew.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for every transaction under way, and nobody for it
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_refresh_tokens_created_at_session_id")
        op.create_index(
            "ix_refresh_tokens_created_at_session_id",
            "refresh_tokens",
            ["created_at", "session_id"],
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
