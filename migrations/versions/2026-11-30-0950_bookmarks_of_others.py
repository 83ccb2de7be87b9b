"""Row-level security: whoever changes or deletes a document meets the bookmarks on it, as its unit of work names it.

Its change is told to the phones that a bookmark brought it to. None is written but one's own, as before.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2f8e6b9a0950"
down_revision: str | None = "8c5d2e7f0940"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ME = "(SELECT nullif(current_setting('sotay.member_id', true), '')::uuid)"
KEYS = "(SELECT nullif(current_setting('sotay.keys', true), '')::text[])"


def upgrade() -> None:
    op.execute(
        "ALTER POLICY app ON document_bookmarks"
        f" USING (member_id = {ME} OR 'document:' || document_id = ANY ({KEYS}::text[]))"
    )


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
