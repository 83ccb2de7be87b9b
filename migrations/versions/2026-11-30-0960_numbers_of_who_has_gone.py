"""A number is one person's among those who have not gone for good: who comes back is entered under the same again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d41b7c9e0960"
down_revision: str | None = "2f8e6b9a0950"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FINAL = "('transferred', 'resigned', 'removed', 'expelled', 'deceased')"
# A transfer ends the membership of the branch it was from, not of the one it went to.
LEFT = f"""EXISTS (
    SELECT FROM standings AS final
    WHERE final.member_id = members.id AND final.kind IN {FINAL} AND final.ends_on IS NULL
      AND (final.kind <> 'transferred' OR final.organisation_id = members.organisation_id))
"""
# An index cannot look at another table: the standings keep it, whoever writes them, the version before this one too.
KEEP = f"""
CREATE OR REPLACE FUNCTION keep_has_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who uuid;
BEGIN
    IF TG_TABLE_NAME = 'members' THEN
        who := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        who := OLD.member_id;
    ELSE
        who := NEW.member_id;
    END IF;
    UPDATE members SET has_left = NOT has_left WHERE id = who AND has_left <> {LEFT};
    RETURN NULL;
END $$
"""
OF_STANDINGS = f"""
CREATE OR REPLACE TRIGGER leaving_begun AFTER INSERT ON standings FOR EACH ROW
    WHEN (NEW.kind IN {FINAL}) EXECUTE FUNCTION keep_has_left();
CREATE OR REPLACE TRIGGER leaving_changed AFTER UPDATE ON standings FOR EACH ROW
    WHEN (OLD.kind IN {FINAL} OR NEW.kind IN {FINAL}) EXECUTE FUNCTION keep_has_left();
CREATE OR REPLACE TRIGGER leaving_taken_back AFTER DELETE ON standings FOR EACH ROW
    WHEN (OLD.kind IN {FINAL}) EXECUTE FUNCTION keep_has_left();
"""
OF_MEMBERS = """
CREATE OR REPLACE TRIGGER home_changed AFTER UPDATE OF organisation_id ON members FOR EACH ROW
    WHEN (OLD.organisation_id <> NEW.organisation_id) EXECUTE FUNCTION keep_has_left()
"""
# A few hundred at a time, each time committed; held before they are looked at, so that no decision comes in between.
WHO_HAS_LEFT = f"""
DO $$
DECLARE
    last uuid := '00000000-0000-0000-0000-000000000000';
    part uuid[];
BEGIN
    LOOP
        part := ARRAY(SELECT id FROM members WHERE NOT has_left AND id > last AND {LEFT} ORDER BY id LIMIT 200);
        EXIT WHEN cardinality(part) = 0;
        PERFORM FROM members WHERE id = ANY (part) ORDER BY id FOR NO KEY UPDATE;
        UPDATE members SET has_left = true WHERE id = ANY (part) AND {LEFT};
        COMMIT;
        last := part[cardinality(part)];
    END LOOP;
END $$
"""
# What went on when somebody was transferred out of the system was cut, and goes on now as after every other end, which
# overrules it: so that a mistake can be taken back.
NOT_CUT = """
UPDATE standings AS standing SET ends_on = NULL
FROM transfers, members
WHERE transfers.kind = 'permanent' AND transfers.status = 'accepted' AND transfers.to_organisation_id IS NULL
  AND members.id = transfers.member_id AND members.has_left
  AND standing.member_id = members.id AND standing.organisation_id = members.organisation_id
  AND standing.kind IN ('probationary', 'official') AND standing.ends_on = transfers.received_on - 1
"""
# As in 2026-11-30-0110, but for the number: that of who is there.
KNOCK = """
CREATE OR REPLACE FUNCTION knock(door text, proof text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    member uuid;
    account uuid;
    asking jsonb;
BEGIN
    CASE door
    WHEN 'phone' THEN
        SELECT id INTO member FROM members WHERE phone = proof[1] AND NOT has_left;
    WHEN 'activation_code' THEN
        SELECT member_id INTO member FROM activation_codes WHERE selector = proof[1];
    WHEN 'refresh_token' THEN
        SELECT accounts.member_id INTO member
        FROM refresh_tokens JOIN sessions ON sessions.id = session_id JOIN accounts ON accounts.id = account_id
        WHERE token_hash = decode(proof[1], 'hex');
    WHEN 'identity' THEN
        SELECT accounts.member_id INTO member
        FROM linked_identities JOIN accounts ON accounts.id = account_id
        WHERE provider = proof[1] AND subject = proof[2];
    WHEN 'calendar' THEN
        SELECT accounts.member_id INTO member
        FROM calendar_feeds JOIN accounts ON accounts.id = account_id
        WHERE secret_hash = decode(proof[1], 'hex');
    END CASE;
    SELECT id INTO account FROM accounts WHERE member_id = member;
    asking := jsonb_build_object('member_id', coalesce(member::text, ''), 'account_id', coalesce(account::text, ''));
    PERFORM set_config('sotay.' || name, value, true) FROM jsonb_each_text(asking) AS setting(name, value);
    RETURN asking;
END $$
"""
NUMBERS = ("card_number", "citizen_id", "phone")


def upgrade() -> None:
    # Each statement by itself: no two tables are held at once. Should one fail, the revision runs again, and all may.
    with op.get_context().autocommit_block():
        has_left = sa.Column("has_left", sa.Boolean(), server_default=sa.false(), nullable=False)
        op.add_column("members", has_left, if_not_exists=True)
        for statement in (KEEP, OF_STANDINGS, OF_MEMBERS, WHO_HAS_LEFT, NOT_CUT, KNOCK):
            op.execute(statement)
        op.execute("SET lock_timeout = 0")  # it waits for every transaction under way, and nobody for it
        for number in NUMBERS:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS uq_members_{number}_there")
            op.create_index(
                f"uq_members_{number}_there",
                "members",
                [number],
                unique=True,
                postgresql_where=sa.text("NOT has_left"),
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '500ms'")
    # Under the names by which a number that is taken is refused.
    for number in NUMBERS:
        op.drop_constraint(f"uq_members_{number}", "members")
        op.execute(f"ALTER INDEX uq_members_{number}_there RENAME TO uq_members_{number}")


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
