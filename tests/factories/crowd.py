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


_HISTORY = (
    """
    INSERT INTO organisations (id, parent_id, path, kind, name, time_zone, valid_from, version, created_at)
    SELECT pg_temp.made(n), :commune, (SELECT path FROM organisations WHERE id = :commune) || pg_temp.made(n),
           'branch', 'Chi bộ', 'Asia/Ho_Chi_Minh', '2025-07-01', 1, now()
    FROM generate_series(:begin / :each + 1, :until / :each) AS n
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO meetings (id, organisation_id, kind, status, title, starts_at, time_zone, place, version,
                          schedule_version, created_by, created_at, announced_at)
    SELECT pg_temp.made(1000000000 + n), pg_temp.made(n / :each + 1), 'regular', 'announced', 'Sinh hoạt thường kỳ',
           CAST(:now AS timestamptz) + (n % :each - :each * 0.8) * interval '7 days', 'Asia/Ho_Chi_Minh', 'Nhà văn hóa',
           1, 1, :author, :now, :now
    FROM generate_series(:begin, :until - 1) AS n
    """,
    """
    INSERT INTO agenda_items (meeting_id, position, title, minutes, body)
    SELECT pg_temp.made(1000000000 + n), point, 'Đánh giá kết quả thực hiện nhiệm vụ tháng trước', 20,
           'Đảng viên phụ trách hộ gia đình nắm tình hình, kịp thời phản ánh tâm tư, nguyện vọng của nhân dân.'
    FROM generate_series(:begin, :until - 1) AS n, generate_series(1, 3) AS point
    """,
    """
    INSERT INTO meeting_replies (meeting_id, member_id, reply, replied_at, schedule_version, entered_by)
    SELECT pg_temp.made(1000000000 + n), :author, 'attending', :now, 1, :author
    FROM generate_series(:begin, :until - 1) AS n
    """,
    """
    INSERT INTO announcements (id, organisation_id, title, body, status, audience_part, audience_post_kinds,
                               needs_acknowledgement, published_at, created_by, created_at)
    SELECT pg_temp.made(1100000000 + n), pg_temp.made(n / :each + 1), 'Thông báo', 'Thu nộp đảng phí quý này.',
           'published', 'everyone', '{}', true, :now, :author, :now
    FROM generate_series(:begin, :until - 1) AS n WHERE n % 4 = 0
    """,
    """
    INSERT INTO notifications (id, event_id, type, channel, organisation_id, subject_type, subject_id, params, urgent,
                               breaks_quiet_hours, created_at, expires_at, audience_organisation_id, audience_part,
                               audience_post_kinds, addressed_on)
    SELECT pg_temp.made(1200000000 + n), pg_temp.made(1300000000 + n), 'announcement_published', 'announcement',
           pg_temp.made(n / :each + 1), 'announcement', pg_temp.made(1100000000 + n), '{}', false, false, :now,
           CAST(:now AS timestamptz) + interval '1 day', pg_temp.made(n / :each + 1), 'everyone', '{}',
           CAST(:now AS date)
    FROM generate_series(:begin, :until - 1) AS n WHERE n % 4 = 0
    """,
    """
    INSERT INTO inbox_entries (member_id, notification_id, created_at)
    SELECT :author, pg_temp.made(1200000000 + n), :now FROM generate_series(:begin, :until - 1) AS n WHERE n % 4 = 0
    """,
    "ANALYZE organisations, meetings, agenda_items, meeting_replies, announcements, notifications, inbox_entries",
)


async def make_history(session: Session, *, commune: UUID, author: UUID, begin: int, until: int, each: int) -> None:
    """Give other branches of a commune meetings with all that goes with them, from the `begin`th on.

    `each` branch gets so many, a week apart, a fifth of them to come; the author replies to all and gets all notices.
    """
    await session.execute(text(_PEOPLE[0].replace("CREATE", "CREATE OR REPLACE", 1)))
    values = {"commune": commune, "author": author, "begin": begin, "until": until, "each": each, "now": session.now()}
    for statement in _HISTORY:
        await session.execute(text(statement), values)
