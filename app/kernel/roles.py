"""The roles that API and workers take on the database: neither owns a table, and neither goes past a policy.

A third one, `sotay_owner`, is whom the policies show everything: who migrates and backs up is a member of it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from app.kernel.i18n import Text


class Role(StrEnum):
    """Roles nobody signs in as; the one that the URL names is a member of both."""

    app = "sotay_app"
    """Meets the rows that the policies let who asks meet."""
    worker = "sotay_worker"
    """Meets every row, and owns none."""


def acting_as(role: str | None) -> str:
    """Return the option of a connection that takes the role from its beginning on; `RESET ROLE` leads back to it."""
    return f"-c role={role}" if role else ""


MAKE_ROLES = """
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
"""As the migration does it; a dump that is restored names them in its policies, and they are no part of it."""

_JUDGE = """
SELECT current_user AS name, session_user AS login, mine.rolsuper OR mine.rolbypassrls AS bypasses,
    EXISTS (
        SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND pg_has_role(current_user, relowner, 'MEMBER')
    ) AS owns,
    theirs.rolsuper OR theirs.rolbypassrls OR EXISTS (
        SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND pg_has_role(session_user, relowner, 'MEMBER')
    ) AS may_bypass
FROM pg_roles AS mine, pg_roles AS theirs
WHERE mine.rolname = current_user AND theirs.rolname = session_user
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a process may do on the database: why it must not start, and whether its login could do more."""

    refusal: Text | None
    login_may_bypass: bool


def judge_role(url: str, role: str) -> Standing:
    """Ask the database what a process would be that takes the role; raises psycopg.Error where it does not answer."""
    with psycopg.connect(url.replace("+psycopg", ""), options=acting_as(role), connect_timeout=5) as connection:
        row: tuple[Any, ...] | None = connection.execute(_JUDGE).fetchone()  # Any: of several types
    assert row is not None
    name, login, bypasses, owns, may_bypass = row
    if bypasses:
        refusal = Text(
            vi=f"Vai trò {name} là superuser hoặc có BYPASSRLS: mọi chính sách dòng đều vô hiệu. "
            f"Hãy chạy ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS.",
            en=f"The role {name} is a superuser or has BYPASSRLS, so that no row policy holds. "
            f"Run ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS.",
        )
    elif owns:
        refusal = Text(
            vi=f"Vai trò {name} sở hữu bảng hoặc là thành viên của chủ sở hữu; hãy REVOKE vai trò đó.",
            en=f"The role {name} owns tables or is a member of their owner; revoke that.",
        )
    else:
        refusal = None
    return Standing(refusal, login_may_bypass=bool(may_bypass) and login != name)
