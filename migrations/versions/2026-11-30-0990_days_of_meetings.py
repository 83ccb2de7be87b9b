"""A meeting knows which of its schedules brought it to its day: what was said since then counts for that day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b83e5f2a0990"
down_revision: str | None = "6d4f1c8b0980"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# The version before this one moves meetings too, and does not know of the column.
KEEP = """
CREATE OR REPLACE FUNCTION keep_day_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.day_version := NEW.schedule_version;
    RETURN NEW;
END $$
"""
MOVED = """
CREATE OR REPLACE TRIGGER another_day BEFORE UPDATE OF schedule_version ON meetings FOR EACH ROW
    WHEN (NEW.day_version = OLD.day_version
          AND (NEW.starts_at AT TIME ZONE NEW.time_zone)::date <> (OLD.starts_at AT TIME ZONE OLD.time_zone)::date)
    EXECUTE FUNCTION keep_day_version()
"""
# The schedule of the last move that was a postponement or came from another day; without one, that of the call. Some at
# a time, each time committed; held before the facts are looked at, so that no move comes in between.
BROUGHT = """
DO $$
DECLARE
    last uuid := '00000000-0000-0000-0000-000000000000';
    part uuid[];
BEGIN
    LOOP
        part := ARRAY(SELECT id FROM meetings WHERE schedule_version > 1 AND id > last ORDER BY id LIMIT 200);
        EXIT WHEN cardinality(part) = 0;
        PERFORM FROM meetings WHERE id = ANY (part) ORDER BY id FOR NO KEY UPDATE;
        UPDATE meetings SET day_version = schedule_version - (
            SELECT count(*) FROM events AS move
            WHERE move.subject_id = meetings.id AND move.code IN ('meetings.moved', 'meetings.postponed')
              AND (move.data->>'version')::int > (
                SELECT coalesce(max((bringing.data->>'version')::int), 0) FROM events AS bringing
                WHERE bringing.subject_id = meetings.id AND (
                    bringing.code = 'meetings.postponed'
                    OR (bringing.code = 'meetings.moved'
                        AND ((bringing.data->>'starts_before')::timestamptz AT TIME ZONE meetings.time_zone)::date
                            <> (meetings.starts_at AT TIME ZONE meetings.time_zone)::date)))
        )
        WHERE id = ANY (part);
        COMMIT;
        last := part[cardinality(part)];
    END LOOP;
END $$
"""


def upgrade() -> None:
    # Each statement by itself. Should one fail, the revision runs again, and all may.
    with op.get_context().autocommit_block():
        day_version = sa.Column("day_version", sa.Integer(), server_default=sa.text("1"), nullable=False)
        op.add_column("meetings", day_version, if_not_exists=True)
        for statement in (KEEP, MOVED, BROUGHT):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
