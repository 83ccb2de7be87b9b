"""A crowd: the members of a province, all at once, by SQL."""

from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Session

_PEOPLE = (
    "CREATE FUNCTION pg_temp.made(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(n::text)::uuid $$",
    """
    INSERT INTO organisations (id, parent_id, path, kind, name, time_zone, valid_from, version, created_at)
    SELECT id, :commune, (SELECT path FROM organisations WHERE id = :commune) || id, 'branch', 'Chi bộ',
           'Asia/Ho_Chi_Minh', '2025-07-01', 1, now()
    FROM (SELECT pg_temp.made(n) AS id FROM generate_series(1, :branches) AS n) AS made
    """,
    """
    INSERT INTO members (id, organisation_id, full_name, sort_key, search_key, version, created_at)
    SELECT pg_temp.made(100000000 + n), pg_temp.made(1 + n % :branches), 'Đảng viên', 'x', 'x', 1, now()
    FROM generate_series(1, :members) AS n
    """,
    """
    INSERT INTO standings (id, member_id, organisation_id, kind, starts_on)
    SELECT pg_temp.made(200000000 + n), pg_temp.made(100000000 + n), pg_temp.made(1 + n % :branches), 'official',
           '2001-05-19'
    FROM generate_series(1, :members) AS n
    """,
    """
    INSERT INTO accounts (id, member_id, password_hash, created_at)
    SELECT pg_temp.made(300000000 + n), pg_temp.made(100000000 + n), 'x', now() FROM generate_series(1, :phones) AS n
    """,
    """
    INSERT INTO sessions (id, account_id, installation_id, platform, last_used_at, expires_at, created_at)
    SELECT pg_temp.made(400000000 + n), pg_temp.made(300000000 + n), pg_temp.made(500000000 + n), 'android', now(),
           '2027-06-01', now()
    FROM generate_series(1, :phones) AS n
    """,
    """
    INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version,
                         updated_at, created_at)
    SELECT pg_temp.made(600000000 + n), pg_temp.made(500000000 + n), pg_temp.made(300000000 + n), 'android',
           :token || n, 'vi', :zone, '1', now(), now()
    FROM generate_series(1, :phones) AS n
    """,
    "ANALYZE organisations, members, standings, accounts, sessions, devices",
)


async def make_crowd(
    session: Session,
    *,
    commune: UUID,
    branches: int,
    members: int,
    phones: int,
    time_zone: str = "Asia/Ho_Chi_Minh",
    token: str = "bulk-",
) -> None:
    """Put members named "Đảng viên" into new branches of a commune; the first `phones` of them have a phone."""
    values = {
        "commune": commune,
        "branches": branches,
        "members": members,
        "phones": phones,
        "zone": time_zone,
        "token": token,
    }
    for statement in _PEOPLE:
        await session.execute(text(statement), values)
