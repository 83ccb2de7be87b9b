"""Row-level security: the rating of a person is met where they are at home now, also when another branch gave it."""

from collections.abc import Sequence

from alembic import op

revision: str = "8c5d2e7f0940"
down_revision: str | None = "f30b6d1c0930"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ME = "(SELECT nullif(current_setting('sotay.member_id', true), '')::uuid)"
SIGHT = "(SELECT nullif(current_setting('sotay.sight', true), '')::uuid[])"
MET = f"""
    organisation_id = ANY ({SIGHT}::uuid[]) OR organisation_id IN (SELECT below_roots())
    OR member_id = {ME} OR member_id IN (SELECT members_met()) OR has_to_do_with(member_id)
"""


def upgrade() -> None:
    op.execute(f"ALTER POLICY app ON member_ratings USING ({MET}) WITH CHECK ({MET})")


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
