"""The SQL of the figures: each groups what lies at or below an organisation by the organisation directly below it.

Parameters of each: `id` of the organisation, `depth` of those directly below it. In the groups, `child` is null for
what is the organisation's own.
"""

from sqlalchemy import TextClause, text

_BELOW = """
WITH below AS MATERIALIZED (
    SELECT id, kind, valid_from, valid_until, path[CAST(:depth AS int)] AS child
    FROM organisations WHERE path @> ARRAY[CAST(:id AS uuid)]
)"""

# Who was a member on :day: neither a candidate, nor gone (a transfer ends the membership of the branch it was from).
_MEMBERSHIP = """, people AS (
    SELECT s.member_id, below.child
    FROM standings AS s JOIN below ON below.id = s.organisation_id
    WHERE s.kind IN ('probationary', 'official') AND s.starts_on <= :day AND (s.ends_on IS NULL OR s.ends_on >= :day)
    AND NOT EXISTS (
        SELECT FROM standings AS f
        WHERE f.member_id = s.member_id AND f.kind IN ('transferred', 'resigned', 'removed', 'expelled', 'deceased')
        AND (f.kind <> 'transferred' OR f.organisation_id = s.organisation_id)
        AND f.starts_on <= :day AND (f.ends_on IS NULL OR f.ends_on >= :day)
    )
)"""
_PEOPLE = f"{_BELOW}{_MEMBERSHIP}"


def _over(common: str, rest: str) -> TextClause:
    return text(f"{common}{rest}")


# To the end of the transaction: a province's months are counted in memory, not by way of the disk, and each plan is
# made for its own period. One plan for all periods would expect a few rows of each, and go through them one by one.
AT_LARGE = text("SELECT set_config('work_mem', '32MB', true), set_config('plan_cache_mode', 'force_custom_plan', true)")

# By the path, as everything else: what was merged lies below its successor, and its figures are the successor's.
CHILDREN = text("""
SELECT id, name, kind FROM organisations
WHERE path @> ARRAY[CAST(:id AS uuid)] AND cardinality(path) = :depth ORDER BY name COLLATE "C", id
""")

MEMBERS = _over(_PEOPLE, " SELECT child, count(*) AS members FROM people GROUP BY child")

MOST_MONTHS = 4
"""Two months of days touch so many: 31 January to 2 April."""


def _each_month(part: str) -> str:
    return ", ".join(part.format(month) for month in range(1, MOST_MONTHS + 1))


# The days of a session are the bits of one number, the first day of the period the lowest: a day counts once, and a
# province's month is gone through once. The months of the period come as masks of these bits. Days are counted from
# the period's first midnight: every day in Việt Nam has 24 hours, and to name each one's date took half the time.
# All is counted of the members of :day, where they were then: who has gone on since changes no report of before.
ADOPTION = _over(
    _PEOPLE,
    f"""
, phones AS (
    SELECT DISTINCT a.member_id FROM accounts AS a JOIN sessions AS s ON s.account_id = a.id
    WHERE s.platform <> 'web' AND s.created_at < :end
), used AS (
    SELECT session_id, bit_or(
        CAST(1 AS bigint) << CAST(date_part('day', created_at - CAST(:begin AS timestamptz)) AS int)) AS days
    FROM refresh_tokens WHERE created_at >= :begin AND created_at < :end GROUP BY session_id
), seen AS (
    SELECT a.member_id, sum(bit_count(CAST(used.days AS bit(64)))) AS visits,
           {_each_month("sum(bit_count(CAST(used.days & (CAST(:masks AS bigint[]))[{0}] AS bit(64)))) AS month_{0}")}
    FROM used
    JOIN sessions AS s ON s.id = used.session_id
    JOIN accounts AS a ON a.id = s.account_id
    GROUP BY a.member_id
)
SELECT child, count(*) AS members, count(phones.member_id) AS installed, count(seen.member_id) AS active,
       CAST(coalesce(sum(visits), 0) AS bigint) AS visits,
       ARRAY[{_each_month("count(*) FILTER (WHERE month_{0} > 0)")}] AS active_by_month,
       CAST(ARRAY[{_each_month("coalesce(sum(month_{0}), 0)")}] AS bigint[]) AS visits_by_month
FROM people LEFT JOIN phones USING (member_id) LEFT JOIN seen USING (member_id) GROUP BY child
""",  # noqa: S608 only this module's own text is put together
)

# By branch: each is in a band of its own. Who is exempt and has not come lowers no rate. A roll is counted when it is
# closed (`meetings.service.mark_minutes_approved`); one still open, or closed before that was done, is counted here.
ATTENDANCE = _over(
    _BELOW,
    """
SELECT below.child, m.organisation_id, count(*) AS meetings,
       CAST(sum(coalesce(m.present_count, roll.present, 0)) AS bigint) AS present,
       CAST(sum(coalesce(m.expected_count, roll.expected, 0)) AS bigint) AS expected
FROM below JOIN meetings AS m ON m.organisation_id = below.id
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE r.attendance IN ('present', 'present_online', 'late')) AS present,
           count(*) FILTER (WHERE r.attendance <> 'exempt' OR (r.attendance IS NULL AND NOT r.is_exempt)) AS expected
    FROM roster_entries AS r
    WHERE m.present_count IS NULL AND r.meeting_id = m.id AND r.standing <> 'temporary_guest'
) AS roll ON true
WHERE m.starts_at >= :begin AND m.starts_at < :end AND m.kind <> 'committee'
AND m.status IN ('ended', 'minutes_approved', 'published')
GROUP BY below.child, m.organisation_id
""",
)

MEETINGS = _over(
    _BELOW,
    """, rules AS (
    SELECT * FROM unnest(CAST(:rule_sets AS text[]), CAST(:papers_before AS interval[]),
                         CAST(:minutes_within AS interval[])) AS u(rule_set, papers_before, minutes_within)
), held AS (
    SELECT below.child, m.id, m.starts_at, m.ended_at, m.status, rules.papers_before, rules.minutes_within,
           minutes.published_at, papers.last_paper_at
    FROM below
    JOIN meetings AS m ON m.organisation_id = below.id
    JOIN rules ON rules.rule_set = coalesce(m.rule_set, :rule_set)
    LEFT JOIN minutes ON minutes.meeting_id = m.id
    LEFT JOIN LATERAL (
        SELECT max(d.attached_at) AS last_paper_at FROM agenda_item_documents AS d WHERE d.meeting_id = m.id
    ) AS papers ON true
    WHERE m.starts_at >= :begin AND m.starts_at < :end AND m.kind <> 'committee'
    AND m.status IN ('ended', 'minutes_approved', 'published')
)
SELECT child, count(*) AS meetings, count(last_paper_at) AS papers,
       count(*) FILTER (WHERE last_paper_at <= starts_at - papers_before) AS papers_in_time,
       count(*) FILTER (WHERE published_at IS NOT NULL OR ended_at + minutes_within <= :now) AS minutes_due,
       count(*) FILTER (WHERE published_at <= ended_at + minutes_within) AS minutes_in_time
FROM held GROUP BY child
""",
)

# A branch owes a regular meeting for each month that it existed through (domain.md 11).
REGULAR = _over(
    _BELOW,
    """, months AS (
    SELECT CAST(month AS date) AS first, CAST(month + interval '1 month' AS date) - 1 AS last
    FROM generate_series(CAST(:first AS timestamp), CAST(:last AS timestamp), interval '1 month') AS month
), due AS (
    SELECT below.child, below.id, months.first
    FROM below JOIN months ON below.valid_from <= months.first
        AND (below.valid_until IS NULL OR below.valid_until >= months.last)
    WHERE below.kind = 'branch'
), held AS (
    SELECT DISTINCT m.organisation_id AS id,
           CAST(date_trunc('month', m.starts_at AT TIME ZONE 'Asia/Ho_Chi_Minh') AS date) AS first
    FROM below JOIN meetings AS m ON m.organisation_id = below.id
    WHERE m.starts_at >= :begin AND m.starts_at < :end AND m.kind = 'regular'
    AND m.status IN ('ended', 'minutes_approved', 'published')
)
SELECT due.child, count(*) AS due, count(held.id) AS held
FROM due LEFT JOIN held USING (id, first) GROUP BY due.child
""",
)

# Who was admitted counts once, where it was: a later transfer makes a row too, which is not their first.
_ADMITTED = """, admitted AS (
    SELECT below.child, m.sex, s.starts_on, m.born_on, m.education, m.is_ethnic_minority, m.occupation
    FROM below
    JOIN standings AS s ON s.organisation_id = below.id AND s.kind = 'probationary'
    JOIN members AS m ON m.id = s.member_id
    WHERE s.starts_on BETWEEN :first AND :last
    AND NOT EXISTS (
        SELECT FROM standings AS e
        WHERE e.member_id = s.member_id AND e.kind = 'probationary' AND (e.starts_on, e.id) < (s.starts_on, s.id)
    )
)"""

ADMISSIONS = _over(
    _BELOW + _ADMITTED,
    """
SELECT child, count(*) AS admitted, count(*) FILTER (WHERE sex = 'female') AS women,
       count(*) FILTER (WHERE starts_on < born_on + interval '31 years') AS youth,
       count(education) AS education_known,
       count(*) FILTER (WHERE education <> 'lower_secondary') AS upper_secondary,
       count(*) FILTER (WHERE education IN ('college', 'university')) AS college_or_university,
       count(*) FILTER (WHERE education = 'masters') AS masters,
       count(*) FILTER (WHERE education = 'doctorate') AS doctorate,
       count(is_ethnic_minority) AS ethnicity_known,
       count(*) FILTER (WHERE is_ethnic_minority) AS ethnic_minority,
       count(occupation) AS occupation_known,
       count(*) FILTER (WHERE occupation = 'farming') AS farmers,
       count(*) FILTER (WHERE occupation = 'enterprise') AS enterprise
FROM admitted GROUP BY child
""",
)

ADMITTED_BY_YEAR = _over(
    _BELOW + _ADMITTED,
    """
SELECT child, CAST(extract(year FROM starts_on) AS int) AS year, count(*) AS admitted
FROM admitted GROUP BY child, year
""",
)

RECOGNISED = _over(
    _BELOW,
    """
SELECT below.child, count(*) AS recognised
FROM below JOIN standings AS s ON s.organisation_id = below.id AND s.kind = 'official'
WHERE s.starts_on BETWEEN :first AND :last
AND EXISTS (SELECT FROM standings AS p WHERE p.member_id = s.member_id AND p.kind = 'probationary')
AND NOT EXISTS (
    SELECT FROM standings AS e
    WHERE e.member_id = s.member_id AND e.kind = 'official' AND (e.starts_on, e.id) < (s.starts_on, s.id)
)
GROUP BY below.child
""",
)

CANDIDATES = _over(
    _BELOW,
    """
SELECT below.child, count(DISTINCT s.member_id) AS candidates
FROM below JOIN standings AS s ON s.organisation_id = below.id AND s.kind = 'candidate'
WHERE s.starts_on <= :last AND (s.ends_on IS NULL OR s.ends_on >= :last)
GROUP BY below.child
""",
)

# All that an organisation and those directly below it plan for years that the report has, one row each.
PLANS = text("""
WITH here AS (SELECT id FROM organisations WHERE id = :id OR parent_id = :id)
SELECT organisation_id, 'admissions' AS kind, year AS from_year, year AS to_year, plan
FROM admission_targets WHERE organisation_id IN (SELECT id FROM here) AND year BETWEEN :from_year AND :to_year
UNION ALL
SELECT organisation_id, kind, from_year, to_year, plan
FROM committee_targets
WHERE organisation_id IN (SELECT id FROM here) AND from_year <= :to_year AND to_year >= :from_year
""")

# New is what somebody founded by itself: not what a file brought, which was there before, nor what others became. Of
# what was founded together with the one above it, that one counts.
FOUNDED = _over(
    _BELOW,
    """, fresh AS (
    SELECT o.id, o.parent_id, below.child
    FROM below JOIN organisations AS o ON o.id = below.id
    WHERE o.valid_from BETWEEN :first AND :last AND o.id <> :id AND o.kind <> 'group'
    AND EXISTS (SELECT FROM events AS e WHERE e.subject_id = o.id AND e.code = 'organisations.founded')
    AND NOT EXISTS (
        SELECT FROM organisation_successions AS s WHERE s.successor_id = o.id AND s.effective_on <= o.valid_from
    )
)
SELECT child, count(*) AS founded
FROM fresh WHERE NOT EXISTS (SELECT FROM fresh AS above WHERE above.id = fresh.parent_id)
GROUP BY child
""",
)

RATINGS = _over(
    _BELOW,
    """
SELECT below.child, r.grade, count(*) AS rated
FROM below JOIN member_ratings AS r ON r.organisation_id = below.id AND r.year = :year
GROUP BY below.child, r.grade
""",
)

AWAY = _over(
    _PEOPLE,
    """, gone AS (
    SELECT p.child, p.member_id, min(w.starts_on) AS since,
           bool_or(w.time_zone NOT IN ('Asia/Ho_Chi_Minh', 'Asia/Saigon')) AS is_abroad
    FROM people AS p JOIN away_periods AS w ON w.member_id = p.member_id
    WHERE w.starts_on <= :day AND (w.ends_on IS NULL OR w.ends_on >= :day)
    GROUP BY p.child, p.member_id
)
SELECT child, count(*) AS away, count(*) FILTER (WHERE is_abroad) AS abroad,
       count(*) FILTER (WHERE since <= :long_since) AS long,
       count(*) FILTER (WHERE NOT EXISTS (
           SELECT FROM accounts AS a JOIN sessions AS s ON s.account_id = a.id
           WHERE a.member_id = gone.member_id AND s.last_used_at >= :seen_since
       )) AS out_of_touch
FROM gone GROUP BY child
""",
)
