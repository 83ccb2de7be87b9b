"""What a withdrawn announcement goes with is in use no more: its files may be deleted."""

from collections.abc import Sequence

from alembic import op

revision: str = "6d4f1c8b0980"
down_revision: str | None = "2f8e6b9a0950"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# A part at a time, each in a transaction of its own. Nobody writes what is withdrawn any more, or waits for it.
_FREE_FILES = """
DO $$
DECLARE
    last uuid := '00000000-0000-0000-0000-000000000000';
    part uuid[];
BEGIN
    LOOP
        part := ARRAY(SELECT id FROM announcements WHERE status = 'withdrawn' AND id > last ORDER BY id LIMIT 1000);
        EXIT WHEN cardinality(part) = 0;
        DELETE FROM announcement_documents WHERE announcement_id = ANY (part);
        COMMIT;
        last := part[cardinality(part)];
    END LOOP;
END $$
"""


def upgrade() -> None:
    # Should it fail, the revision runs again, and all of it may.
    with op.get_context().autocommit_block():
        op.execute(_FREE_FILES)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
