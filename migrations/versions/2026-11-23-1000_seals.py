"""The chain of facts, personal fields apart from them, a log that is only added to, and who viewed whose record.

The facts that are there already are queued, and sealed by the first run of the sealing job in the order of their ids.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a0d175ea1ed0"
down_revision: str | None = "9ace5d0c0330"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = """
-- As its owner: who may add a fact need not have a right to the queue.
CREATE OR REPLACE FUNCTION queue_event() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO unsealed_events (event_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE FUNCTION ensure_month_partitions(first_month date, month_count int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    partition text;
    starts timestamptz;
    made int := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'deliveries'] LOOP
        FOR i IN 0 .. month_count - 1 LOOP
            starts := (date_trunc('month', first_month::timestamp) + make_interval(months => i)) AT TIME ZONE 'UTC';
            partition := parent || to_char(starts AT TIME ZONE 'UTC', '_YYYY_MM');
            IF to_regclass(format('%I', partition)) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    partition, parent, uuid_v7_floor(starts),
                    uuid_v7_floor((starts AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
                -- A partition takes over its parent's triggers on rows, but not those on TRUNCATE.
                IF parent = 'events' THEN
                    EXECUTE format('CREATE TRIGGER only_added_to_as_a_whole BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()', partition);
                END IF;
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
"""

TRIGGERS = """
CREATE OR REPLACE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE OR REPLACE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON event_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE OR REPLACE TRIGGER only_added_to BEFORE DELETE ON event_details
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
-- The one change there is: details are erased, once.
CREATE OR REPLACE TRIGGER only_erased BEFORE UPDATE ON event_details FOR EACH ROW
    WHEN ((OLD.event_id, OLD.member_id, OLD.digest) IS DISTINCT FROM (NEW.event_id, NEW.member_id, NEW.digest)
          OR OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR NEW.data IS NOT NULL OR NEW.salt IS NOT NULL)
    EXECUTE FUNCTION refuse_rewriting();
DO $$
DECLARE
    name regclass;
BEGIN
    FOR name IN SELECT relid FROM pg_partition_tree('events') UNION SELECT 'event_seals'::regclass
                UNION SELECT 'event_details'::regclass LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER only_added_to_as_a_whole BEFORE TRUNCATE ON %s
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()', name);
    END LOOP;
END $$;
CREATE OR REPLACE TRIGGER queued_to_be_sealed AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION queue_event();
"""


def upgrade() -> None:
    op.create_table(
        "event_details",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_details")),
        if_not_exists=True,
    )
    op.create_index(op.f("ix_event_details_member_id"), "event_details", ["member_id"], if_not_exists=True)
    op.create_table(
        "event_seals",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "sequence", name=op.f("pk_event_seals")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_seals_event_id")),
        if_not_exists=True,
    )
    op.create_table(
        "unsealed_events",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_unsealed_events")),
        if_not_exists=True,
    )
    op.create_table(
        "record_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), nullable=False),
        sa.Column("viewed_on", sa.Date(), nullable=False),
        sa.Column("what", sa.Enum("record", "roster", name="viewedpart", native_enum=False, length=20), nullable=False),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_kind", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_record_views_member_id")),
        sa.ForeignKeyConstraint(["viewer_id"], ["members.id"], name=op.f("fk_record_views_viewer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_record_views_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_views")),
        sa.UniqueConstraint(
            "member_id",
            "viewer_id",
            "viewed_on",
            "what",
            name=op.f("uq_record_views_member_id_viewer_id_viewed_on_what"),
        ),
        if_not_exists=True,
    )
    op.create_index(
        "ix_record_views_member_id_viewed_at", "record_views", ["member_id", "viewed_at", "id"], if_not_exists=True
    )
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    # Writers have waited for the triggers to be made; they must not wait for the old facts to be queued too. Should
    # this fail, the revision runs again, and all of it may.
    with op.get_context().autocommit_block():
        op.execute("""
            INSERT INTO unsealed_events (event_id)
            SELECT id FROM events AS e WHERE NOT EXISTS (SELECT FROM event_seals AS s WHERE s.event_id = e.id)
            ON CONFLICT DO NOTHING
        """)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
