"""Traits of who is admitted, plans of terms and new organisations, members who are not one, and closed rolls counted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9a11d5c3e0f2"
down_revision: str | None = "ca2ecafe1180"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# A part at a time, each in a transaction of its own. What is closed is not written any more: nobody waits for a row.
_COUNT_CLOSED_ROLLS = """
DO $$
DECLARE
    last uuid := '00000000-0000-0000-0000-000000000000';
    part uuid[];
BEGIN
    LOOP
        part := ARRAY(
            SELECT id FROM meetings
            WHERE status IN ('minutes_approved', 'published') AND present_count IS NULL AND id > last
            ORDER BY id LIMIT 200
        );
        EXIT WHEN cardinality(part) = 0;
        UPDATE meetings AS m SET present_count = roll.present, expected_count = roll.expected
        FROM (
            SELECT one.id, count(*) FILTER (WHERE r.attendance IN ('present', 'present_online', 'late')) AS present,
                   count(*) FILTER (WHERE r.attendance <> 'exempt' OR (r.attendance IS NULL AND NOT r.is_exempt))
                       AS expected
            FROM unnest(part) AS one(id)
            LEFT JOIN roster_entries AS r ON r.meeting_id = one.id AND r.standing <> 'temporary_guest'
            GROUP BY one.id
        ) AS roll
        WHERE roll.id = m.id;
        COMMIT;
        last := part[cardinality(part)];
    END LOOP;
END $$
"""
# Who is looked for as a duplicate is found by the folded name and the day of birth.
_INDEX = "ix_members_search_key_born_on"


def upgrade() -> None:
    # Each statement by itself: no two tables are held at once. Should one fail, the revision runs again, and all may.
    with op.get_context().autocommit_block():
        for name in ("education", "occupation"):
            op.add_column("members", sa.Column(name, sa.String(length=20), nullable=True), if_not_exists=True)
        for name in ("present_count", "expected_count"):
            op.add_column("meetings", sa.Column(name, sa.Integer(), nullable=True), if_not_exists=True)
        op.add_column("members", sa.Column("is_ethnic_minority", sa.Boolean(), nullable=True), if_not_exists=True)
        op.create_table(
            "committee_targets",
            sa.Column("organisation_id", sa.Uuid(), nullable=False),
            sa.Column("kind", sa.String(length=20), nullable=False),
            sa.Column("from_year", sa.Integer(), nullable=False),
            sa.Column("to_year", sa.Integer(), nullable=False),
            sa.Column("plan", sa.Integer(), nullable=False),
            sa.Column("set_by", sa.Uuid(), nullable=False),
            sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
            sa.CheckConstraint("plan > 0", name=op.f("ck_committee_targets_plan")),
            sa.CheckConstraint("to_year >= from_year", name=op.f("ck_committee_targets_years")),
            sa.ForeignKeyConstraint(
                ["organisation_id"], ["organisations.id"], name=op.f("fk_committee_targets_organisation_id")
            ),
            sa.ForeignKeyConstraint(["set_by"], ["members.id"], name=op.f("fk_committee_targets_set_by")),
            sa.PrimaryKeyConstraint("organisation_id", "kind", "from_year", name=op.f("pk_committee_targets")),
            if_not_exists=True,
        )
        op.create_table(
            "distinct_members",
            sa.Column("first_id", sa.Uuid(), nullable=False),
            sa.Column("second_id", sa.Uuid(), nullable=False),
            sa.Column("said_by", sa.Uuid(), nullable=False),
            sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
            sa.CheckConstraint("first_id < second_id", name=op.f("ck_distinct_members_order")),
            sa.ForeignKeyConstraint(["first_id"], ["members.id"], name=op.f("fk_distinct_members_first_id")),
            sa.ForeignKeyConstraint(["said_by"], ["members.id"], name=op.f("fk_distinct_members_said_by")),
            sa.ForeignKeyConstraint(["second_id"], ["members.id"], name=op.f("fk_distinct_members_second_id")),
            sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_distinct_members")),
            if_not_exists=True,
        )
        op.create_index("ix_distinct_members_second_id", "distinct_members", ["second_id"], if_not_exists=True)
    # Nobody's enrolment waits for it. One that was interrupted is there and not valid: it is made anew.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_INDEX}")
        op.create_index(_INDEX, "members", ["search_key", "born_on"], postgresql_concurrently=True)
        op.execute("SET lock_timeout = '500ms'")
        op.execute(_COUNT_CLOSED_ROLLS)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
