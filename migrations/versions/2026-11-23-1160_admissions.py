"""Candidacies with the steps of their dossiers, from the pool to the recognition."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8f2d3b6a1160"
down_revision: str | None = "5c1e7a4d1150"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "candidacies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("pool", "admitted", "recognised", "dropped", name="candidacystatus", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "youth_union",
                "trade_union",
                "farmers_association",
                "womens_union",
                "veterans_association",
                "students",
                "armed_forces",
                "residents",
                "other",
                name="candidatesource",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("mentor_1_id", sa.Uuid(), nullable=True),
        sa.Column("mentor_2_id", sa.Uuid(), nullable=True),
        sa.Column("certificate_number", sa.String(length=60), nullable=True),
        sa.Column("certified_on", sa.Date(), nullable=True),
        sa.Column("decision_number", sa.String(length=60), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("admitted_on", sa.Date(), nullable=True),
        sa.Column("recognition_number", sa.String(length=60), nullable=True),
        sa.Column("recognition_decided_on", sa.Date(), nullable=True),
        sa.Column("dropped_because", sa.Text(), nullable=True),
        sa.Column("next_reminder_on", sa.Date(), nullable=True),
        sa.Column("rule_set", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mentor_1_id <> mentor_2_id", name=op.f("ck_candidacies_mentors")),
        sa.CheckConstraint(
            "(status IN ('admitted', 'recognised')) = (admitted_on IS NOT NULL)", name=op.f("ck_candidacies_admitted")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_candidacies_member_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_candidacies_organisation_id")),
        sa.ForeignKeyConstraint(["mentor_1_id"], ["members.id"], name=op.f("fk_candidacies_mentor_1_id")),
        sa.ForeignKeyConstraint(["mentor_2_id"], ["members.id"], name=op.f("fk_candidacies_mentor_2_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_candidacies_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidacies")),
        sa.UniqueConstraint("member_id", name=op.f("uq_candidacies_member_id")),
    )
    op.create_index("ix_candidacies_organisation_id", "candidacies", ["organisation_id", "created_at", "id"])
    op.create_index(
        "ix_candidacies_reminder",
        "candidacies",
        ["next_reminder_on"],
        postgresql_where=sa.text("next_reminder_on IS NOT NULL"),
    )
    op.create_table(
        "candidacy_steps",
        sa.Column("candidacy_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["candidacy_id"], ["candidacies.id"], name=op.f("fk_candidacy_steps_candidacy_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_candidacy_steps_entered_by")),
        sa.PrimaryKeyConstraint("candidacy_id", "step", name=op.f("pk_candidacy_steps")),
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
