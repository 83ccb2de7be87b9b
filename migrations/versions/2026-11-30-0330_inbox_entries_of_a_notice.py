"""The inbox entries of a notice are found by member too: whoever asks for one of ten thousand goes through no others."""

from collections.abc import Sequence

from alembic import op

revision: str = "1b0e7a9c0330"
down_revision: str | None = "7b41c0de5a28"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Nobody's inbox waits for it. One that was interrupted is there and not valid: it is made anew.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for every transaction under way, and nobody for it
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_inbox_entries_notification_id_member_id")
        op.create_index(
            "ix_inbox_entries_notification_id_member_id",
            "inbox_entries",
            ["notification_id", "member_id"],
            postgresql_concurrently=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_inbox_entries_notification_id")
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
