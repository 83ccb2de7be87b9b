"""Month partitions of events and deliveries, and the job queue's own schema."""

from collections.abc import Sequence
from pathlib import Path

import psycopg
from alembic import op

revision: str = "b2c55d04a1e7"
down_revision: str | None = "5c1f0b7a92d3"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# The first 48 bits of a UUIDv7 are its millisecond, so a month is a range of ids.
FUNCTIONS = """
CREATE FUNCTION uuid_v7_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION ensure_month_partitions(first_month date, month_count int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    starts timestamptz;
    made int := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'deliveries'] LOOP
        FOR i IN 0 .. month_count - 1 LOOP
            starts := (date_trunc('month', first_month::timestamp) + make_interval(months => i)) AT TIME ZONE 'UTC';
            IF to_regclass(format('%I', parent || to_char(starts AT TIME ZONE 'UTC', '_YYYY_MM'))) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    parent || to_char(starts AT TIME ZONE 'UTC', '_YYYY_MM'), parent,
                    uuid_v7_floor(starts),
                    uuid_v7_floor((starts AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    # What lies outside every month that was made ahead is kept, not refused.
    op.execute("CREATE TABLE events_other PARTITION OF events DEFAULT")
    op.execute("CREATE TABLE deliveries_other PARTITION OF deliveries DEFAULT")
    op.execute("SELECT ensure_month_partitions(current_date, 4)")
    # Many statements in one string, some with percent signs: the driver takes them only without parameters.
    driver = op.get_bind().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute(Path(__file__).with_name("procrastinate_3_10.sql").read_bytes())


def downgrade() -> None:
    raise NotImplementedError("the first release has nothing to go back to")
