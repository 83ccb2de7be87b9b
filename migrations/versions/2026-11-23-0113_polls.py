"""Polls: the frozen electorate, votes by name, and secret ballots apart from who took part."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9011a5d80113"
down_revision: str | None = "a11007ce0112"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "polls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject_type",
            sa.Enum("meeting", "resolution", name="subjecttype", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column(
            "matter",
            sa.Enum("resolution", "admission", "recognition", "other", name="matter", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("secrecy", sa.Enum("open", "secret", name="secrecy", native_enum=False, length=20), nullable=False),
        sa.Column(
            "status",
            sa.Enum("draft", "open", "closed", name="pollstatus", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("for_committee", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rule_set", sa.String(length=60), nullable=True),
        sa.Column("electorate_count", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("for_count", sa.Integer(), nullable=True),
        sa.Column("against_count", sa.Integer(), nullable=True),
        sa.Column("other_count", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.CheckConstraint("(status = 'closed') = (passed IS NOT NULL)", name=op.f("ck_polls_result")),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_polls_created_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_polls_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polls")),
    )
    op.create_index(
        "ix_polls_organisation_id_created_at", "polls", ["organisation_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_polls_subject_id", "polls", ["subject_id"], unique=False)
    op.create_table(
        "ballots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column(
            "choice", sa.Enum("for", "against", "other", name="choice", native_enum=False, length=20), nullable=False
        ),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=op.f("fk_ballots_poll_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballots")),
    )
    op.create_index("ix_ballots_poll_id", "ballots", ["poll_id"], unique=False)
    op.create_table(
        "electors",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "counted", sa.Enum("always", "if_voting", name="counted", native_enum=False, length=20), nullable=False
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_electors_member_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=op.f("fk_electors_poll_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("poll_id", "member_id", name=op.f("pk_electors")),
    )
    op.create_index("ix_electors_member_id", "electors", ["member_id"], unique=False)
    op.create_table(
        "participations",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("voter", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=op.f("fk_participations_poll_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["voter"], ["members.id"], name=op.f("fk_participations_voter")),
        sa.PrimaryKeyConstraint("poll_id", "voter", name=op.f("pk_participations")),
    )
    op.create_table(
        "votes",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "choice", sa.Enum("for", "against", "other", name="choice", native_enum=False, length=20), nullable=False
        ),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_votes_entered_by")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_votes_member_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=op.f("fk_votes_poll_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("poll_id", "member_id", name=op.f("pk_votes")),
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
