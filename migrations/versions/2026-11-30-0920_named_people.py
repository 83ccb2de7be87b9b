"""Row-level security: members meet whom a transaction was told to name, also once nothing else leads to them any more."""

from collections.abc import Sequence

from alembic import op

revision: str = "c2a9d15e0920"
down_revision: str | None = "1b0e7a9c0330"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ME = "(SELECT nullif(current_setting('sotay.member_id', true), '')::uuid)"
SIGHT = "(SELECT nullif(current_setting('sotay.sight', true), '')::uuid[])"
KEYS = "(SELECT nullif(current_setting('sotay.keys', true), '')::text[])"
MET = f"""
    organisation_id = ANY ({SIGHT}::uuid[]) OR organisation_id IN (SELECT below_roots()) OR id = {ME}
    OR has_to_do_with(id)
    OR card_number = ANY ({KEYS}::text[]) OR citizen_id = ANY ({KEYS}::text[]) OR phone = ANY ({KEYS}::text[])
    OR 'member:' || id = ANY ({KEYS}::text[])
    OR id IN (SELECT viewer_id FROM record_views WHERE record_views.member_id = {ME})
"""


def upgrade() -> None:
    op.execute(f"ALTER POLICY app ON members USING ({MET})")


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
