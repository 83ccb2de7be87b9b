"""The bucket of push tokens with each organisation's share of it; dismissals and digests of deliveries."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9ace5d0c0330"
down_revision: str | None = "5a5de1170450"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Functions, so that a chunk asks in one round trip, and no worker that is stopped in between holds the bucket.
FUNCTIONS = """
CREATE FUNCTION take_push_turn(
    notice uuid, wanted int, may_hurry boolean, per_second float8, at timestamptz,
    OUT organisation uuid, OUT is_urgent boolean, OUT waits interval, OUT charged interval
) LANGUAGE plpgsql AS $$
DECLARE
    bucket push_bucket;
    share push_shares;
    others int;
    lowest float8;
    longest interval;
BEGIN
    -- What a crash forgets of it does no harm.
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT told.organisation_id, told.urgent AND may_hurry INTO STRICT organisation, is_urgent
        FROM notifications AS told WHERE told.id = notice;
    SELECT * INTO STRICT bucket FROM push_bucket FOR UPDATE;
    at := coalesce(at, clock_timestamp());
    bucket.tokens := least(
        2 * per_second,
        bucket.tokens + per_second * greatest(extract(epoch FROM at - bucket.filled_at), 0)
    );
    DELETE FROM push_shares WHERE greatest(spent_until, line_until) < at - interval '2 seconds';
    SELECT * INTO share FROM push_shares AS one WHERE one.organisation_id = organisation AND one.urgent = is_urgent;
    IF NOT FOUND THEN
        share := ROW(organisation, is_urgent, at, at);
    END IF;
    SELECT count(*) INTO others
        FROM push_shares AS one WHERE one.urgent = is_urgent AND one.organisation_id <> organisation;
    charged := wanted * (others + 1) / per_second * interval '1 second';
    lowest := per_second * (CASE WHEN is_urgent THEN 0 ELSE 0.2 END + CASE WHEN share.spent_until <= at THEN 0 ELSE 0.1 END);
    IF bucket.tokens > lowest THEN
        bucket.tokens := bucket.tokens - wanted;
        share.spent_until := least(greatest(share.spent_until, at) + charged, at + interval '10 seconds');
    ELSE
        longest := CASE WHEN is_urgent THEN interval '1 second' ELSE interval '30 seconds' END;
        waits := least(
            greatest((lowest - bucket.tokens) / per_second * interval '1 second', share.line_until - at)
                + interval '20 milliseconds',
            longest
        );
        share.line_until := at + waits + charged;
    END IF;
    UPDATE push_bucket SET tokens = bucket.tokens, filled_at = greatest(filled_at, at);
    INSERT INTO push_shares VALUES (share.*)
        ON CONFLICT (organisation_id, urgent)
        DO UPDATE SET spent_until = excluded.spent_until, line_until = excluded.line_until;
END $$;

CREATE FUNCTION settle_push_turn(organisation uuid, is_urgent boolean, unused int, uncharged interval)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE push_bucket SET tokens = tokens + unused;
    UPDATE push_shares AS share SET spent_until = spent_until - uncharged
        WHERE share.organisation_id = organisation AND share.urgent = is_urgent;
END $$;
"""


def upgrade() -> None:
    op.create_table(
        "push_bucket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_bucket")),
    )
    op.execute("INSERT INTO push_bucket VALUES (1, 0, 'epoch')")
    op.create_table(
        "push_shares",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("spent_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "urgent", name=op.f("pk_push_shares")),
    )
    op.execute(FUNCTIONS)
    op.add_column("deliveries", sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("digest_count", sa.Integer(), nullable=True))
