"""An upgrade stops nobody: each revision runs on rows that are there, under people who read and write them."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any, LiteralString

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from app.kernel.migrating import alembic_config, migrate
from tests.operations.test_backups import empty_database

ROWS = int(os.environ.get("SOTAY_DRILL_ROWS", "2000"))
"""People; scripts/check-migrations says how many. Deliveries are twenty times as many."""
FIRST = "b2c55d04a1e7"
"""The revision that people begin on: it has all that the statements below name, and each later one must keep it."""
LONGEST_WAIT = "1s"
BEFORE_DAYS = "6d4f1c8b0980"
"""The revision before the one from which on a meeting knows which schedule brought it to its day."""
# Each on 4 December at 19:30 in Hà Nội, after its moves: of which schedule a call was, and each from when.
MOVES: dict[str, list[tuple[str, str]]] = {
    "hall and link": [("moved", "2026-12-04T12:30:00Z"), ("moved", "2026-12-04T12:30:00Z")],
    "earlier day, then hall": [("moved", "2026-12-03T16:59:00Z"), ("moved", "2026-12-04T12:30:00Z")],
    "hour after midnight": [("moved", "2026-12-03T17:00:00Z")],
    "hall, then postponed": [("moved", "2026-12-04T12:30:00Z"), ("postponed", "2026-12-04T12:00:00Z")],
    "there and back": [("moved", "2026-12-04T12:30:00Z"), ("moved", "2026-12-05T12:30:00Z")],
    "untouched": [],
}

SEED: LiteralString = """
CREATE FUNCTION pg_temp.v7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT overlay(uuid_v7_floor(clock_timestamp())::text placing substr(gen_random_uuid()::text, 15) from 15)::uuid
$$;
INSERT INTO organisations (id, path, kind, name, time_zone, valid_from, created_at)
SELECT id, ARRAY[id], 'branch', 'Chi bộ', 'Asia/Ho_Chi_Minh', '2020-01-01', now()
FROM (SELECT md5('organisation' || n)::uuid AS id FROM generate_series(0, 99) AS n) AS made;
INSERT INTO members (id, organisation_id, full_name, sort_key, search_key, created_at)
SELECT md5('member' || n)::uuid, md5('organisation' || n % 100)::uuid, 'Lê Văn ' || n, n::text, n::text, now()
FROM generate_series(0, {rows} - 1) AS n;
INSERT INTO accounts (id, member_id, password_hash, created_at) SELECT id, id, '', now() FROM members;
INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version, updated_at,
                     created_at)
SELECT id, id, id, 'android', id::text, 'vi', 'Asia/Ho_Chi_Minh', '1', now(), now() FROM members;
INSERT INTO meetings (id, organisation_id, kind, status, title, starts_at, time_zone, created_by, created_at)
SELECT md5('meeting' || n)::uuid, md5('organisation' || n % 100)::uuid, 'regular', 'announced', 'Họp', now(), 'UTC',
       md5('member' || n)::uuid, now()
FROM generate_series(0, {rows} - 1) AS n;
INSERT INTO notifications (id, event_id, type, channel, organisation_id, subject_type, subject_id, params, urgent,
                           breaks_quiet_hours, created_at, expires_at)
SELECT pg_temp.v7(), gen_random_uuid(), 'meeting_changed', 'system', md5('organisation' || n % 100)::uuid, 'meeting',
       md5('meeting' || n)::uuid, '{{}}', false, false, now(), now()
FROM generate_series(0, {rows} / 10 - 1) AS n;
INSERT INTO deliveries (notification_id, device_id, outcome)
SELECT notifications.id, devices.id, 'sent' FROM notifications CROSS JOIN (SELECT id FROM devices LIMIT 200) AS devices;
INSERT INTO events (id, occurred_at, code, organisation_id, subject_type, subject_id, data)
SELECT pg_temp.v7(), now(), 'meetings.announced', md5('organisation' || n % 100)::uuid, 'meeting',
       md5('meeting' || n)::uuid, '{{}}'
FROM generate_series(0, {rows} * 4) AS n;
INSERT INTO scopes (id, counter) SELECT id, 1 FROM members;
INSERT INTO changes (scope_id, object_type, object_id, counter, version, op, changed_at)
SELECT id, 'member', id, 1, 1, 'upsert', now() FROM members
"""
# Each a unit of work of its own, as the release that knew revision FIRST wrote them.
WORK: tuple[tuple[LiteralString, ...], ...] = (
    (
        """INSERT INTO events (id, occurred_at, code, organisation_id, subject_type, subject_id, data)
        SELECT overlay(uuid_v7_floor(now())::text placing substr(gen_random_uuid()::text, 15) from 15)::uuid,
            now(), 'meetings.announced', md5('organisation1')::uuid, 'meeting', gen_random_uuid(), '{}'""",
        """INSERT INTO scopes AS s (id, counter) VALUES (md5('member1')::uuid, 1)
        ON CONFLICT (id) DO UPDATE SET counter = s.counter + 1""",
        """INSERT INTO changes (scope_id, object_type, object_id, counter, version, op, changed_at)
        VALUES (md5('member1')::uuid, 'meeting', gen_random_uuid(), 1, 1, 'upsert', now())""",
        """INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)
        VALUES ('urgent', 'notifications.expand_fact', 0, '{}')""",
    ),
    (
        "SELECT id, title, status, version FROM meetings WHERE id = md5('meeting2')::uuid FOR UPDATE",
        """INSERT INTO meeting_replies (meeting_id, member_id, reply, schedule_version, entered_by, replied_at)
        VALUES (md5('meeting2')::uuid, md5('member2')::uuid, 'attending', 1, md5('member2')::uuid, now())
        ON CONFLICT (meeting_id, member_id) DO UPDATE SET replied_at = excluded.replied_at""",
        "UPDATE meetings SET version = version + 1 WHERE id = md5('meeting2')::uuid",
    ),
    (
        """WITH told AS (
            INSERT INTO notifications (id, event_id, type, channel, organisation_id, subject_type, subject_id, params,
                urgent, breaks_quiet_hours, created_at, expires_at)
            VALUES (overlay(uuid_v7_floor(now())::text placing substr(gen_random_uuid()::text, 15) from 15)::uuid,
                gen_random_uuid(), 'meeting_changed', 'system', md5('organisation3')::uuid, 'meeting',
                md5('meeting3')::uuid, '{}', false, false, now(), now()) RETURNING id
        ) INSERT INTO deliveries (notification_id, device_id) SELECT told.id, md5('member3')::uuid FROM told""",
        """UPDATE deliveries SET outcome = 'sent', finished_at = now()
        WHERE outcome IS NULL AND device_id = md5('member3')::uuid""",
        """INSERT INTO inbox_entries (member_id, notification_id, created_at)
        SELECT md5('member3')::uuid, id, now() FROM notifications ORDER BY id DESC LIMIT 1 ON CONFLICT DO NOTHING""",
    ),
    ("UPDATE devices SET updated_at = now() WHERE id = md5('member4')::uuid",),
    (
        """SELECT m.title, o.name, p.full_name FROM meetings AS m JOIN organisations AS o ON o.id = m.organisation_id
        JOIN members AS p ON p.id = m.created_by WHERE m.organisation_id = md5('organisation5')::uuid""",
        """SELECT a.id, d.push_token FROM accounts AS a JOIN devices AS d ON d.account_id = a.id
        WHERE a.member_id = md5('member5')::uuid""",
        """SELECT object_id, counter FROM changes WHERE scope_id = md5('member5')::uuid ORDER BY counter""",
    ),
)  # fmt: skip


class Person(threading.Thread):
    """Does one kind of work again and again; a statement that waits longer than LONGEST_WAIT for a table fails."""

    def __init__(self, url: str, work: tuple[LiteralString, ...]) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._work = work
        self._told_to_stop = threading.Event()
        self.done = 0
        self.failed: list[str] = []

    def run(self) -> None:
        with closing(psycopg.connect(self._url)) as connection:
            connection.execute(f"SET lock_timeout = '{LONGEST_WAIT}'; SET plan_cache_mode = force_custom_plan")
            connection.commit()
            while not self._told_to_stop.is_set():
                try:
                    with connection.transaction():
                        for statement in self._work:
                            connection.execute(statement)
                except psycopg.Error as error:
                    self.failed.append(f"{type(error).__name__}: {error}")
                self.done += 1

    def turns(self, count: int) -> None:
        """Wait until so much more work was done."""
        wanted = self.done + count
        while self.done < wanted:
            self.join(0.005)
            assert self.is_alive()

    def stop(self) -> None:
        self._told_to_stop.set()
        self.join()


@pytest.fixture
def url(live_database_url: str) -> Iterator[str]:
    with empty_database(
        make_url(live_database_url).set(database="postgres").render_as_string(hide_password=False)
    ) as url:
        migrate(url, revision=FIRST)
        with plain(url) as connection:
            connection.execute(SEED.format(rows=ROWS))
        yield url


def plain(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.replace("+psycopg", ""))


def later_revisions() -> list[str]:
    walked = ScriptDirectory.from_config(alembic_config()).walk_revisions(base=FIRST, head="heads")
    return [script.revision for script in walked][::-1][1:]


def test_each_revision_runs_under_load_and_nobody_fails_or_waits(url: str) -> None:
    people = [Person(url.replace("+psycopg", ""), work) for work in WORK]
    for person in people:
        person.start()
    try:
        for revision in later_revisions():
            migrate(url, revision=revision)
            for person in people:
                person.turns(2)  # each works on each revision
            assert {failed for person in people for failed in person.failed} == set(), revision
    finally:
        for person in people:
            person.stop()
    assert all(person.done > 2 * len(later_revisions()) for person in people)


def test_day_of_a_meeting_is_found_in_its_facts_and_kept_by_the_version_before(url: str) -> None:
    migrate(url, revision=BEFORE_DAYS)
    with plain(url) as connection:
        for title, moves in MOVES.items():
            connection.execute(
                """UPDATE meetings SET title = %(title)s, schedule_version = %(count)s, time_zone = 'Asia/Ho_Chi_Minh',
                    starts_at = '2026-12-04T12:30:00Z'
                WHERE id = (SELECT id FROM meetings WHERE title = 'Họp' LIMIT 1)""",
                {"title": title, "count": 1 + len(moves)},
            )
            for version, (code, before) in enumerate(moves, start=3):
                connection.execute(
                    """INSERT INTO events (id, occurred_at, code, organisation_id, subject_type, subject_id, data)
                    SELECT gen_random_uuid(), now(), 'meetings.' || %(code)s, organisation_id, 'meeting', id,
                           jsonb_build_object('version', %(version)s::int, 'starts_before', %(before)s::text)
                    FROM meetings WHERE title = %(title)s""",
                    {"code": code, "version": version, "before": before, "title": title},
                )
    migrate(url)

    def days() -> dict[str, int]:
        with plain(url) as connection:
            return dict(connection.execute("SELECT title, day_version FROM meetings WHERE title <> 'Họp'").fetchall())

    found = dict.fromkeys(MOVES, 1) | {"earlier day, then hall": 2, "hall, then postponed": 3, "there and back": 3}
    assert days() == found
    with plain(url) as connection:
        connection.execute(
            """UPDATE meetings SET schedule_version = schedule_version + 1,
                starts_at = CASE WHEN title = 'untouched' THEN timestamptz '2026-12-04T17:00:00Z' ELSE starts_at END
            WHERE title <> 'Họp'"""
        )
    assert days() == found | {"untouched": 2}


def test_a_revision_gives_up_behind_a_long_reader_and_tries_again(url: str) -> None:
    second = later_revisions()[1]
    with closing(plain(url)) as reader:
        reader.execute("SELECT count(*) FROM meetings")
        paused: list[float] = []

        def released(seconds: float) -> None:
            paused.append(seconds)
            if len(paused) == 2:
                reader.rollback()

        migrate(url, revision=second, pause=released)
        assert len(paused) == 2
    assert version(url) == second


def test_of_two_migrators_at_once_one_waits_for_the_other(url: str) -> None:
    program = "import sys; from app.kernel.migrating import migrate; migrate(sys.argv[1])"
    both = [subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE) for _ in range(2)]
    said = [one.communicate()[1].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert version(url) == later_revisions()[-1]


def version(url: str) -> str:
    with plain(url) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert found is not None
    return str(found[0])
