"""What was told to a branch's people by those above it stays in sight once the branch is merged into one elsewhere."""

from collections.abc import Sequence

from alembic import op

revision: str = "f30b6d1c0930"
down_revision: str | None = "c2a9d15e0920"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ENTER = """
CREATE OR REPLACE FUNCTION enter_as(account uuid, login uuid, moment timestamptz, today date, unproven text[])
RETURNS TABLE (member_id uuid, organisation_id uuid, path uuid[], time_zone text, kinds text[], organisations uuid[],
               inherited_kinds text[], inherited_from uuid[], ended uuid[], asking jsonb)
LANGUAGE plpgsql SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    me record;
    is_proven boolean;
    seats uuid[];
    roots uuid[];
BEGIN
    SELECT member.id, member.organisation_id, branch.path, branch.ended_above,
           coalesce((SELECT away.time_zone FROM away_periods AS away
                     WHERE away.member_id = member.id AND away.starts_on <= today
                       AND (away.ends_on IS NULL OR away.ends_on >= today)
                     ORDER BY away.starts_on DESC LIMIT 1), branch.time_zone) AS time_zone
    INTO me
    FROM accounts
    JOIN members AS member ON member.id = accounts.member_id
    JOIN organisations AS branch ON branch.id = member.organisation_id
    WHERE accounts.id = account AND accounts.disabled_at IS NULL
      AND (login IS NULL OR EXISTS (SELECT FROM sessions WHERE sessions.id = login AND sessions.account_id = account
                                    AND sessions.revoked_at IS NULL AND sessions.expires_at > moment))
      -- A transfer ends the membership of the branch it was from, not of the one it went to.
      AND NOT EXISTS (SELECT FROM standings AS final
                      WHERE final.member_id = member.id
                        AND final.kind IN ('transferred', 'resigned', 'removed', 'expelled', 'deceased')
                        AND (final.kind <> 'transferred' OR final.organisation_id = member.organisation_id)
                        AND final.starts_on <= today AND (final.ends_on IS NULL OR final.ends_on >= today));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    is_proven := unproven = '{}' OR EXISTS (SELECT FROM second_factors
                                            WHERE account_id = account AND confirmed_at IS NOT NULL);
    member_id := me.id;
    organisation_id := me.organisation_id;
    path := me.path;
    time_zone := me.time_zone;
    SELECT coalesce(array_agg(post.kind ORDER BY post.id), '{}'),
           coalesce(array_agg(post.organisation_id ORDER BY post.id), '{}'),
           coalesce(array_agg(post.organisation_id)
                    FILTER (WHERE post.kind IN ('secretary', 'deputy_secretary', 'committee_member')), '{}')
    INTO kinds, organisations, seats
    FROM posts AS post
    WHERE post.member_id = me.id AND post.starts_on <= today AND (post.ends_on IS NULL OR post.ends_on >= today)
      AND (is_proven OR post.kind <> ALL (unproven));
    SELECT coalesce(array_agg(post.kind ORDER BY post.id, merged.id), '{}'),
           coalesce(array_agg(merged.id ORDER BY post.id, merged.id), '{}')
    INTO inherited_kinds, inherited_from
    FROM posts AS post
    JOIN organisations AS merged ON merged.successor_id = post.organisation_id
    WHERE post.member_id = me.id AND post.kind IN ('secretary', 'deputy_secretary', 'minute_taker')
      AND post.starts_on <= today AND (post.ends_on IS NULL OR post.ends_on >= today)
      AND (is_proven OR post.kind <> ALL (unproven));
    ended := me.ended_above || ARRAY(
        SELECT unnest(left_behind.ended_above || left_behind.id)
        FROM standings AS standing
        JOIN organisations AS left_behind ON left_behind.id = standing.organisation_id
        WHERE standing.member_id = me.id AND standing.kind IN ('probationary', 'official')
          AND left_behind.successor_id IS NOT NULL AND standing.ends_on = left_behind.valid_until);
    roots := me.organisation_id || organisations;
    asking := jsonb_build_object(
        'account_id', account,
        'member_id', me.id,
        'path', me.path::text,
        'homes', (me.organisation_id || ended)::text,
        'ended', ended::text,
        'seats', seats::text,
        'roots', roots::text,
        -- What a member took part in, and was told from above, stays theirs to read, wherever they have been since.
        'sight', ARRAY(SELECT unnest(me.path || ended || roots || inherited_from)
                       UNION SELECT unnest(place.path || former.path) FROM organisations AS place
                             -- The path of what was merged leads through its successor, no more to where it stood.
                             LEFT JOIN organisations AS former
                                 ON former.id = place.parent_id AND place.successor_id IS NOT NULL
                             WHERE place.id IN (SELECT standing.organisation_id FROM standings AS standing
                                                WHERE standing.member_id = me.id
                                                UNION SELECT post.organisation_id FROM posts AS post
                                                      WHERE post.member_id = me.id))::text);
    PERFORM set_config('sotay.' || name, value, true) FROM jsonb_each_text(asking) AS setting(name, value);
    RETURN NEXT;
END $$
"""


def upgrade() -> None:
    op.execute(ENTER)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
