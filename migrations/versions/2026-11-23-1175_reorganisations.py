"""Reorganisations planned ahead, who succeeded whom, and whether a post is held by election or for the time being."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "7d20c41b1140"
down_revision: str | None = "4e9047a70a1d"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "organisations",
        sa.Column("ended_above", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        if_not_exists=True,
    )
    op.add_column(
        "organisations",
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        if_not_exists=True,
    )
    op.add_column(
        "posts",
        sa.Column(
            "tenure",
            sa.Enum("elected", "acting", name="tenure", native_enum=False, length=20),
            server_default=sa.text("'elected'"),
            nullable=False,
        ),
        if_not_exists=True,
    )
    op.create_table(
        "organisation_successions",
        sa.Column("predecessor_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("merged", "divided", name="successionkind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["organisations.id"], name=op.f("fk_organisation_successions_predecessor_id")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["organisations.id"], name=op.f("fk_organisation_successions_successor_id")
        ),
        sa.PrimaryKeyConstraint(
            "predecessor_id", "successor_id", "effective_on", name=op.f("pk_organisation_successions")
        ),
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_organisation_successions_successor_id"),
        "organisation_successions",
        ["successor_id"],
        if_not_exists=True,
    )
    op.create_table(
        "reorganisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "merger",
                "division",
                "move",
                "dissolution",
                "renaming",
                name="reorganisationkind",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "carried_out",
                "withdrawn",
                "failed",
                name="reorganisationstatus",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("preview", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("involved", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(status = 'planned') = (settled_at IS NULL)", name=op.f("ck_reorganisations_settled")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_reorganisations_organisation_id")
        ),
        sa.ForeignKeyConstraint(["planned_by"], ["members.id"], name=op.f("fk_reorganisations_planned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisations")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_reorganisations_due",
        "reorganisations",
        ["effective_on"],
        postgresql_where=sa.text("status = 'planned'"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_reorganisations_involved", "reorganisations", ["involved"], postgresql_using="gin", if_not_exists=True
    )
    # Everybody reads these tables: a key is checked, and an index made, without holding them up.
    op.execute("ALTER TABLE organisations DROP CONSTRAINT IF EXISTS fk_organisations_successor_id")
    op.execute(
        "ALTER TABLE organisations ADD CONSTRAINT fk_organisations_successor_id"
        " FOREIGN KEY (successor_id) REFERENCES organisations (id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE organisations VALIDATE CONSTRAINT fk_organisations_successor_id")
        op.execute("SET lock_timeout = 0")  # it waits for every transaction under way, and nobody for it
        op.create_index(
            op.f("ix_organisations_successor_id"),
            "organisations",
            ["successor_id"],
            postgresql_where=sa.text("successor_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
