"""What a withdrawn announcement went with may be deleted; documents are listed by the time they came, not by their id."""

from collections.abc import Sequence

from alembic import op

revision: str = "6d4f1c8b0980"
down_revision: str | None = "d41b7c9e0960"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ME = "(SELECT nullif(current_setting('sotay.member_id', true), '')::uuid)"
SIGHT = "(SELECT nullif(current_setting('sotay.sight', true), '')::uuid[])"
# A phone's own id says nothing of the time.
_VIEW = f"""
CREATE OR REPLACE VIEW documents_in_sight AS
    SELECT id, organisation_id, uploaded_by, visibility, folder, title_exact, title_folded, body_exact, body_folded,
           uploaded_at
    FROM documents
    WHERE uploaded_by = {ME} OR organisation_id = ANY ({SIGHT}::uuid[]) OR organisation_id IN (SELECT below_roots())
"""
_INDEXES = {
    "ix_documents_uploaded_at_id": ["uploaded_at", "id"],
    "ix_documents_organisation_id_uploaded_at_id": ["organisation_id", "uploaded_at", "id"],
}
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
    # Should one fail, the revision runs again, and all may.
    with op.get_context().autocommit_block():
        op.execute(_VIEW)
        op.execute("SET lock_timeout = 0")  # an index waits for every transaction under way, and nobody for it
        for name, columns in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that was interrupted is there and not valid
            op.create_index(name, "documents", columns, postgresql_concurrently=True)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_documents_organisation_id_id")
        op.execute("SET lock_timeout = '500ms'")
        op.execute(_FREE_FILES)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
