"""Row-level security: roles for the API and the workers, and a policy for every table, so that forgetting shows nothing.

Each table is closed in a transaction of its own. The version before connects as the owner, whom the policies for
`sotay_owner` show everything, and works on.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "5e0f7b2ad110"
down_revision: str | None = "3c1d8a6e9f20"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Roles belong to the server, not to the database: another database's migration may make them at the same time.
ROLES = """
DO $$
DECLARE
    wanted text;
    how text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['sotay_owner', 'sotay_app', 'sotay_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, how) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
        'Vai trò %I không được phép tạo vai trò; nhờ quản trị PostgreSQL chạy lệnh dưới đây rồi nâng cấp lại. · '
        'The role %I may not make roles; have an administrator of PostgreSQL run this, then migrate again: '
        'CREATE ROLE sotay_owner NOLOGIN; CREATE ROLE sotay_app NOLOGIN; CREATE ROLE sotay_worker NOLOGIN; '
        'GRANT sotay_owner, sotay_app, sotay_worker TO %I;', current_user, current_user, current_user);
END $$
"""


def setting(name: str, kind: str) -> str:
    # '' once its transaction is over, not null; as a subquery it is read once a statement, not once a row.
    return f"(SELECT nullif(current_setting('sotay.{name}', true), '')::{kind})"


ACCOUNT, ME = setting("account_id", "uuid"), setting("member_id", "uuid")
SIGHT, ROOTS, KEYS = setting("sight", "uuid[]"), setting("roots", "uuid[]"), setting("keys", "text[]")


def met(column: str) -> str:
    """Say that an organisation is in sight or below a root."""
    return f"{column} = ANY ({SIGHT}::uuid[]) OR {column} IN (SELECT below_roots())"


def person(column: str) -> str:
    """Say that a member is oneself, belongs to an organisation that is met, or has to do with one."""
    return f"{column} = {ME} OR {column} IN (SELECT members_met()) OR has_to_do_with({column})"


def child(parent: str, column: str, key: str = "id") -> str:
    """Say that the row's parent is met; the parent's own policy judges that. `@` stands for the table itself."""
    return f"EXISTS (SELECT FROM {parent} AS parent WHERE parent.{key} = @.{column})"


def own(column: str = "account_id") -> str:
    """Say that the account is one's own, or that of a member who is met."""
    return f"{column} = {ACCOUNT} OR {child('accounts', column)}"


SIGNED_IN = f"{ACCOUNT} IS NOT NULL"
ANYBODY = "true"

# Which rows the API meets. What a person may be shown of them the queries say; this says what can never be met.
RULES = {
    # people and what they sign in with
    "accounts": f"id = {ACCOUNT} OR {person('member_id')}",
    "activation_codes": person("member_id"),
    "calendar_feeds": own(),
    "devices": f"{own()} OR installation_id::text = ANY ({KEYS}::text[]) OR push_token = ANY ({KEYS}::text[])"
    f" OR quarantined_token = ANY ({KEYS}::text[])",
    "idempotency_keys": f"account_id = {ACCOUNT}",
    "linked_identities": own(),
    "notification_preferences": own(),
    "recovery_codes": own(),
    "refresh_tokens": child("sessions", "session_id"),
    "second_factors": own(),
    "sessions": own(),
    "members": f"{met('organisation_id')} OR id = {ME} OR has_to_do_with(id)"
    f" OR card_number = ANY ({KEYS}::text[]) OR citizen_id = ANY ({KEYS}::text[]) OR phone = ANY ({KEYS}::text[])",
    "standings": f"{met('organisation_id')} OR {person('member_id')}",
    "standing_decisions": f"{met('organisation_id')} OR {person('member_id')}",
    "posts": f"{met('organisation_id')} OR {person('member_id')}",
    "away_periods": person("member_id"),
    "record_views": f"member_id = {ME} OR viewer_id = {ME}",
    "consents": person("member_id"),
    "correction_requests": person("member_id"),
    "nudges": f"member_id = {ME} OR {met('organisation_id')}",
    "proxy_contacts": person("member_id"),
    "member_ratings": f"member_id = {ME} OR {met('organisation_id')}",
    "activity_entries": f"member_id = {ME} OR {met('organisation_id')}",
    "distinct_members": f"{person('first_id')} OR {person('second_id')}",
    "candidacies": f"{met('organisation_id')} OR {person('member_id')}",
    "candidacy_steps": child("candidacies", "candidacy_id"),
    "transfers": f"member_id = {ME} OR {met('from_organisation_id')} OR {met('to_organisation_id')}",
    "transfer_reminders": child("transfers", "transfer_id"),
    # what an organisation does
    "meetings": met("organisation_id"),
    "agenda_items": child("meetings", "meeting_id"),
    "agenda_item_documents": child("meetings", "meeting_id"),
    "meeting_guests": child("meetings", "meeting_id"),
    "meeting_reminders": child("meetings", "meeting_id"),
    "meeting_replies": f"member_id = {ME} OR {child('meetings', 'meeting_id')}",
    "meeting_tasks": f"assignee_id = {ME} OR {met('organisation_id')}",
    "roster_entries": f"member_id = {ME} OR {child('meetings', 'meeting_id')}",
    "minutes": met("organisation_id"),
    "minutes_numbers": met("organisation_id"),
    "minutes_papers": child("minutes", "meeting_id", "meeting_id"),
    "minutes_remarks": child("minutes", "meeting_id", "meeting_id"),
    "minutes_reminders": child("meetings", "meeting_id"),
    "polls": met("organisation_id"),
    "electors": child("polls", "poll_id"),
    "votes": f"member_id = {ME} OR {child('polls', 'poll_id')}",
    "participations": child("polls", "poll_id"),
    "ballots": child("polls", "poll_id"),
    "resolutions": met("organisation_id"),
    "resolution_versions": child("resolutions", "resolution_id"),
    "resolution_paragraphs": child("resolutions", "resolution_id"),
    "resolution_comments": child("resolutions", "resolution_id"),
    "comment_supports": f"member_id = {ME} OR {child('resolution_comments', 'comment_id')}",
    "announcements": met("organisation_id"),
    "announcement_documents": child("announcements", "announcement_id"),
    "announcement_receipts": person("member_id"),
    "documents": f"uploaded_by = {ME} OR {met('organisation_id')}",
    "document_bookmarks": f"member_id = {ME}",
    "admission_targets": met("organisation_id"),
    "committee_targets": met("organisation_id"),
    "reorganisations": f"{met('organisation_id')} OR involved && {SIGHT}::uuid[]"
    " OR involved && ARRAY(SELECT below_roots())",
    # what is told of it
    "notifications": f"{met('organisation_id')} OR {met('audience_organisation_id')}"
    " OR EXISTS (SELECT FROM inbox_entries AS entry"
    f" WHERE entry.notification_id = notifications.id AND entry.member_id = {ME})",
    "inbox_entries": person("member_id"),
    "deliveries": child("notifications", "notification_id"),
    "sms_deliveries": person("member_id"),
    "changes": f"scope_id = {ME} OR {met('scope_id')}",
    "scopes": f"id = {ME} OR {met('id')}",
    "events": f"actor_member_id = {ME} OR {met('organisation_id')}",
    "event_details": f"member_id = {ME} OR {child('events', 'event_id')}",
    "event_seals": met("organisation_id"),
    # the tree and words, which everybody who signed in may know
    "organisations": SIGNED_IN,
    "organisation_periods": SIGNED_IN,
    "organisation_successions": SIGNED_IN,
    "document_title_words": SIGNED_IN,
    "sync_epochs": SIGNED_IN,
    "push_lanes": SIGNED_IN,
    # asked before it is known who asks; they hold hashes and no person
    "failure_counts": ANYBODY,
    "used_nonces": ANYBODY,
}
# Where a command writes what the writer may not read: a fact of another organisation.
WRITTEN = {"events": ANYBODY, "event_details": ANYBODY}
# Search: conditions that PostgreSQL does not know to keep silent are judged after a table's policy, without their index.
# A view of the owner's says the same as the policy, in one place with them.
VIEWS = f"""
CREATE OR REPLACE VIEW documents_in_sight AS
    SELECT id, organisation_id, uploaded_by, visibility, folder, title_exact, title_folded, body_exact, body_folded
    FROM documents WHERE {RULES["documents"]};
CREATE OR REPLACE VIEW title_words_in_sight AS SELECT word FROM document_title_words WHERE {SIGNED_IN};
"""
WORKERS = ("unsealed_events", "push_bucket", "push_shares")

# With the rights of the owner: what a policy asks of other tables must not ask their policies, which ask it again.
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION below_roots() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM organisations WHERE path && {ROOTS}::uuid[];
END $$;

CREATE OR REPLACE FUNCTION members_met() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM members
        WHERE organisation_id = ANY ({SIGHT}::uuid[] || ARRAY(SELECT id FROM organisations WHERE path && {ROOTS}::uuid[]));
END $$;

-- By a standing, a post or a transfer: who was, is or comes here.
CREATE OR REPLACE FUNCTION has_to_do_with(who uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000 SET search_path = public, pg_temp AS $$
DECLARE
    sight uuid[] := {SIGHT};
    roots uuid[] := {ROOTS};
BEGIN
    RETURN sight IS NOT NULL AND EXISTS (
        SELECT FROM (
            SELECT organisation_id FROM standings WHERE member_id = who
            UNION ALL SELECT organisation_id FROM posts WHERE member_id = who
            UNION ALL SELECT unnest(ARRAY[from_organisation_id, to_organisation_id])
                      FROM transfers WHERE member_id = who
        ) AS place
        JOIN organisations ON organisations.id = place.organisation_id
        WHERE organisations.id = ANY (sight) OR organisations.path && roots);
END $$;

-- Finds the account behind a proof somebody brings, and lets the transaction meet what is that account's own.
CREATE OR REPLACE FUNCTION knock(door text, proof text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    member uuid;
    account uuid;
    asking jsonb;
BEGIN
    CASE door
    WHEN 'phone' THEN
        SELECT id INTO member FROM members WHERE phone = proof[1];
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
END $$;

-- The counters of scopes that others look at too, and the rows of objects in them (`kernel/scopes.py`).
CREATE OR REPLACE FUNCTION bump_scopes(scopes uuid[], types text[], ids uuid[], versions int[], ops text[], at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    WITH wanted AS (
        SELECT DISTINCT scope_id FROM unnest(bump_scopes.scopes) AS u(scope_id) ORDER BY scope_id
    ), bumped AS (
        INSERT INTO scopes AS s (id, counter) SELECT scope_id, 1 FROM wanted
        ON CONFLICT (id) DO UPDATE SET counter = s.counter + 1
        RETURNING id, counter
    ), changed AS (
        SELECT DISTINCT ON (scope_id, object_type, object_id) *
        FROM unnest(bump_scopes.scopes, types, ids, versions, ops)
             WITH ORDINALITY AS u(scope_id, object_type, object_id, version, op, ord)
        ORDER BY scope_id, object_type, object_id, ord DESC
    )
    INSERT INTO changes AS c (scope_id, object_type, object_id, counter, version, op, changed_at)
    SELECT changed.scope_id, object_type, object_id, bumped.counter, version, op, at
    FROM changed JOIN bumped ON bumped.id = changed.scope_id
    ON CONFLICT (scope_id, object_type, object_id)
    DO UPDATE SET counter = excluded.counter, version = excluded.version, op = excluded.op,
                  changed_at = excluded.changed_at;
END $$;

CREATE OR REPLACE FUNCTION counters_of(scopes uuid[]) RETURNS TABLE (id uuid, counter bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.id, s.counter FROM scopes AS s WHERE s.id = ANY (scopes);
$$;

-- Partitions are made and dropped by their owner alone; a worker asks for it.
ALTER FUNCTION ensure_month_partitions(date, int) SECURITY DEFINER SET search_path = public, pg_temp;

CREATE OR REPLACE FUNCTION forget_deliveries(first date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    oldest text;
BEGIN
    DELETE FROM deliveries_other WHERE notification_id < uuid_v7_floor(first::timestamp AT TIME ZONE 'UTC');
    SELECT child.relname INTO oldest
    FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'deliveries'::regclass AND child.relname ~ '^deliveries_[0-9]{{4}}_[0-9]{{2}}$'
        AND child.relname < 'deliveries_' || to_char(first, 'YYYY_MM')
    ORDER BY child.relname LIMIT 1;
    IF oldest IS NOT NULL THEN
        EXECUTE format('DROP TABLE %I', oldest);
    END IF;
    RETURN oldest;
END $$;

-- What the two roles may do: a table without a policy gives them nothing. Called after each table that comes, and by
-- `sotay restore`, whose dump holds no rights.
CREATE OR REPLACE FUNCTION grant_rights() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_table record;
    of_function text;
BEGIN
    FOR of_table IN
        SELECT DISTINCT tablename AS name, role
        FROM pg_policies, unnest(roles) AS role
        WHERE schemaname = 'public' AND role IN ('sotay_app', 'sotay_worker')
    LOOP
        EXECUTE format('GRANT %s ON %I TO %I',
            CASE of_table.name || ' ' || of_table.role
                WHEN 'events sotay_app' THEN 'SELECT, INSERT'
                WHEN 'event_details sotay_app' THEN 'SELECT, INSERT'
                WHEN 'event_seals sotay_app' THEN 'SELECT'
                WHEN 'scopes sotay_app' THEN 'SELECT'
                WHEN 'changes sotay_app' THEN 'SELECT'
                WHEN 'events sotay_worker' THEN 'SELECT, INSERT'
                WHEN 'event_details sotay_worker' THEN 'SELECT, INSERT, UPDATE'
                WHEN 'event_seals sotay_worker' THEN 'SELECT, INSERT'
                WHEN 'unsealed_events sotay_worker' THEN 'SELECT, DELETE'
                ELSE 'SELECT, INSERT, UPDATE, DELETE'
            END, of_table.name, of_table.role);
    END LOOP;
    GRANT SELECT ON documents_in_sight, title_words_in_sight TO sotay_app;
    GRANT SELECT ON alembic_version TO sotay_app, sotay_worker;
    GRANT SELECT, INSERT ON procrastinate_jobs, procrastinate_events TO sotay_app;
    GRANT SELECT ON procrastinate_workers TO sotay_app;
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON procrastinate_jobs, procrastinate_events, procrastinate_workers, procrastinate_periodic_defers
        TO sotay_worker;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sotay_app, sotay_worker;
    IF current_setting('server_version_num')::int >= 170000 THEN
        GRANT MAINTAIN ON ballots, participations TO sotay_worker;
    END IF;
    FOREACH of_function IN ARRAY ARRAY[
        'enter_as(uuid, uuid, timestamptz, date, text[])', 'knock(text, text[])', 'below_roots()', 'members_met()',
        'has_to_do_with(uuid)', 'counters_of(uuid[])',
        'bump_scopes(uuid[], text[], uuid[], int[], text[], timestamptz)'
    ] LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', of_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sotay_app, sotay_worker', of_function);
    END LOOP;
    FOREACH of_function IN ARRAY ARRAY['ensure_month_partitions(date, int)', 'forget_deliveries(date)'] LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', of_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sotay_worker', of_function);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(ROLES)
    op.execute(FUNCTIONS)
    op.execute(VIEWS)
    with op.get_context().autocommit_block():
        for table, rule in RULES.items():
            op.execute(_close(table, rule.replace("@", table), WRITTEN.get(table, rule).replace("@", table)))
        for table in WORKERS:
            op.execute(_close(table, None, None))
    op.execute("SELECT grant_rights()")


def _close(table: str, rule: str | None, written: str | None) -> str:
    # Several statements in one go are one transaction, which may be done twice.
    of_the_api = f"CREATE POLICY app ON {table} TO sotay_app USING ({rule}) WITH CHECK ({written});" if rule else ""
    return f"""
    DROP POLICY IF EXISTS owner ON {table};
    DROP POLICY IF EXISTS worker ON {table};
    DROP POLICY IF EXISTS app ON {table};
    CREATE POLICY owner ON {table} TO sotay_owner USING (true);
    CREATE POLICY worker ON {table} TO sotay_worker USING (true);
    {of_the_api}
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    """


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
