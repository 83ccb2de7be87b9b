"""People who were admitted and who used the app, as many as an official report counted: all at once, by SQL."""

from datetime import date
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Session

_ADMITTED = (
    """
    INSERT INTO members (id, organisation_id, full_name, sort_key, search_key, born_on, sex, version, created_at)
    SELECT md5(:name || n)::uuid, :branch, 'Đảng viên', 'x', 'x', :born_on,
           CASE WHEN n <= :women THEN 'female' ELSE 'male' END, 1, now()
    FROM generate_series(1, :count) AS n
    """,
    """
    INSERT INTO standings (id, member_id, organisation_id, kind, starts_on)
    SELECT md5(:name || :kind || n)::uuid, md5(:name || n)::uuid, :branch, :kind, :on
    FROM generate_series(1, :count) AS n
    """,
)
_USED = (
    """
    INSERT INTO accounts (id, member_id, password_hash, created_at)
    SELECT md5('a' || id)::uuid, id, 'x', now() FROM members WHERE organisation_id = :branch AND full_name = 'Đảng viên'
    ORDER BY id LIMIT :installed
    """,
    """
    INSERT INTO sessions (id, account_id, installation_id, platform, last_used_at, expires_at, created_at)
    SELECT md5('s' || a.id)::uuid, a.id, md5('i' || a.id)::uuid, 'android', :day, :day, CAST(:day AS date) - 100
    FROM accounts AS a JOIN members AS m ON m.id = a.member_id
    WHERE m.organisation_id = :branch AND m.full_name = 'Đảng viên'
    """,
    """
    INSERT INTO refresh_tokens (token_hash, session_id, created_at)
    SELECT sha256((s.id || ' ' || n)::bytea), s.id, CAST(:day AS date) + (n % :active_days) * interval '1 day'
    FROM (SELECT s.id, row_number() OVER (ORDER BY s.id) AS place FROM sessions AS s
          JOIN accounts AS a ON a.id = s.account_id JOIN members AS m ON m.id = a.member_id
          WHERE m.organisation_id = :branch AND m.full_name = 'Đảng viên') AS s, generate_series(1, :renewals) AS n
    WHERE s.place <= :active
    """,
)


async def make_standing(
    session: Session, branch: UUID, count: int, *, on: date, kind: str = "probationary", women: int = 0, name: str = ""
) -> None:
    """Let so many new people, born in 2000, have a standing in a branch from a day on."""
    values = {"branch": branch, "count": count, "on": on, "kind": kind, "women": women, "born_on": date(2000, 1, 1)}
    for statement in _ADMITTED:
        await session.execute(text(statement), {**values, "name": f"{name}{branch}{kind}{on}"})


_TRAITS = """
UPDATE members AS m
SET education = CASE WHEN p.place <= :masters THEN 'masters' WHEN p.place <= :masters + :college THEN 'university'
                     WHEN p.place <= :upper THEN 'upper_secondary' ELSE 'lower_secondary' END,
    is_ethnic_minority = p.place <= :minority,
    occupation = CASE WHEN p.place <= :farmers THEN 'farming' WHEN p.place <= :farmers + :enterprise THEN 'enterprise'
                      ELSE 'other' END,
    born_on = CASE WHEN p.place <= :youth THEN CAST('1990-01-01' AS date) ELSE CAST('1970-01-01' AS date) END,
    sex = CASE WHEN p.place <= :women THEN 'female' ELSE 'male' END
FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM members WHERE organisation_id = :branch
      AND full_name = 'Đảng viên') AS p
WHERE p.id = m.id
"""


async def give_traits(session: Session, branch: UUID, **counts: int) -> None:
    """Give so many of them each trait: `upper` are those with upper secondary school or more, `college` just that."""
    await session.execute(text(_TRAITS), {"branch": branch, **counts})


async def use_app(
    session: Session, branch: UUID, *, day: date, installed: int, active: int, active_days: int, renewals: int
) -> None:
    """Give so many of them the app; the active ones renew their session so often, on so many days from a day on."""
    values = {
        "branch": branch,
        "day": day,
        "installed": installed,
        "active": active,
        "active_days": active_days,
        "renewals": renewals,
    }
    for statement in _USED:
        await session.execute(text(statement), values)
