"""The command line as operators use it."""

import json
import logging
import re
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from typer.testing import CliRunner, Result

from app.cli import cli
from app.cli.api import is_no_passed_probe
from app.cli.serve import is_at_head
from app.demo import guide
from app.kernel.migrating import alembic_config
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.revisions import newest_revision
from tests.demo.programs import SOTAY, environment, free_port

HEADER = ("STT", "Họ và tên", "Ngày sinh", "Ngày vào Đảng", "Ngày chính thức", "Điện thoại")
GOOD = ("1", "Trần Văn Tốt", "03/02/1970", "19/05/1995", "19/05/1996", "0912345678")
BAD = ("2", "Lê Thị Sai", "03/02/1970", "19/05/1995", "19/05/1996", "12")
RESIGNED = """
    INSERT INTO standings (id, member_id, organisation_id, kind, starts_on)
    SELECT id, id, organisation_id, 'resigned', CURRENT_DATE - 1 FROM members
"""


def run(*arguments: str, **given: str) -> Result:
    """Run a command in this process, which has imported already what it needs."""
    return CliRunner().invoke(cli, arguments, env={"SOTAY_DATABASE_URL": None, **given}, prog_name="sotay")


def test_demo_is_refused_on_a_database_from_outside() -> None:
    done = run("serve", "--demo", SOTAY_DATABASE_URL="postgresql://somewhere/sotay")
    assert done.exit_code == 2
    vietnamese, english = done.stderr.splitlines()
    assert vietnamese.startswith("--demo chỉ chạy trên cơ sở dữ liệu kèm theo")
    assert english.startswith("--demo runs on the embedded database only")


def test_seeding_by_itself_reads_no_database_url(tmp_path: Path) -> None:
    done = run("seed", "--data-dir", str(tmp_path), SOTAY_DATABASE_URL="postgresql://somewhere/sotay")
    assert done.exit_code == 2
    assert "chưa chạy" in done.stderr


def test_taken_port_is_refused_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port), "--data-dir", str(tmp_path))
        metrics = run(
            "serve", "--data-dir", str(tmp_path), "--port", str(free_port()), SOTAY_METRICS_PORT=str(port - 1)
        )
    assert done.exit_code == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert metrics.exit_code == 2
    assert "SOTAY_METRICS_PORT" in metrics.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["api", "worker", "migrate", "push status"])
def test_command_that_needs_a_database_says_so(command: str) -> None:
    done = run(*command.split())
    assert done.exit_code == 2
    assert done.stderr.startswith("Thiếu SOTAY_DATABASE_URL")


@pytest.mark.parametrize("command", [("migrate",), ("serve", "--port", "{port}", "--data-dir", "{path}")])
def test_database_that_does_not_answer_is_said_to_people(command: tuple[str, ...], tmp_path: Path) -> None:
    url = f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/none"
    arguments = [part.format(port=free_port(), path=tmp_path) for part in command]
    done = subprocess.run(
        [*SOTAY, *arguments],
        env=environment() | {"SOTAY_DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    vietnamese, english = done.stderr.splitlines()
    assert vietnamese.startswith("Không kết nối được cơ sở dữ liệu")
    assert english.startswith("The database cannot be reached")
    assert "hidden" not in done.stderr


def test_administrator_needs_a_migrated_database(live_database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        connection.execute("ALTER TABLE posts RENAME TO other")
    done = administered(live_database_url, tmp_path)
    assert done.exit_code == 2
    assert done.stderr.startswith("Cơ sở dữ liệu chưa được nâng cấp")


def test_setting_that_is_wrong_is_named() -> None:
    done = run("migrate", SOTAY_PUSH="fcm")
    assert done.exit_code == 2
    assert done.stderr.startswith("Cấu hình chưa đúng")
    assert "SOTAY_FCM_CREDENTIALS" in done.stderr


def test_satisfied_probes_are_not_logged() -> None:
    def is_kept(**line: object) -> bool:
        return is_no_passed_probe(logging.makeLogRecord({"msg": line}))

    assert not is_kept(route="/readyz", status=200)
    assert is_kept(route="/readyz", status=503)
    assert is_kept(route="/v1/me", status=200)


def test_guide_says_at_night_why_most_phones_are_silent() -> None:
    night, morning = (guide.demo("http://x", now=datetime(2026, 11, 22, hour, tzinfo=UTC)) for hour in (16, 1))
    assert "giờ yên lặng" in night
    assert "giờ yên lặng" not in morning
    assert morning.count("+849000000") == 12 + 1  # everybody with a phone, and the two in the commands


def test_newest_revision_is_what_alembic_says(live_database_url: str) -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()
    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        assert is_at_head(connection)
        connection.execute("DELETE FROM alembic_version")
        assert not is_at_head(connection)


def administered(url: str, tmp_path: Path, **more: str) -> Result:
    given = {"organisation": "Đảng bộ tỉnh", "full-name": "Lý Văn Nam", "phone": "0912 345 678"} | more
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    return run("admin", *options, SOTAY_DATABASE_URL=url, SOTAY_DATA_DIR=str(tmp_path))


def test_first_administrator_gets_a_code_and_nobody_after_them(live_database_url: str, tmp_path: Path) -> None:
    first = administered(live_database_url, tmp_path)
    assert first.exit_code == 0, first.stderr
    assert re.search(r"activation code: [2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{2}\n", first.stdout)
    again = administered(live_database_url, tmp_path)
    assert again.exit_code == 0
    assert again.stdout != first.stdout
    second = administered(live_database_url, tmp_path, phone="0912 345 679")
    assert second.exit_code == 2
    assert second.stderr.startswith("Máy chủ đã có tổ chức")
    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        found = connection.execute("""
            SELECT organisations.kind, full_name, posts.kind
            FROM posts JOIN members ON members.id = member_id
            JOIN organisations ON organisations.id = posts.organisation_id
        """).fetchall()
    assert found == [("province", "Lý Văn Nam", "administrator")]


def test_administrator_whose_post_runs_out_gets_another_code(live_database_url: str, tmp_path: Path) -> None:
    administered(live_database_url, tmp_path)
    _write(live_database_url, "UPDATE posts SET ends_on = CURRENT_DATE + 2")
    again = administered(live_database_url, tmp_path)
    assert again.exit_code == 0, again.stderr
    assert _administrators(live_database_url) == ["Lý Văn Nam"]


@pytest.mark.parametrize(
    "loss",
    [
        "UPDATE posts SET starts_on = CURRENT_DATE - 5, ends_on = CURRENT_DATE - 2",
        "DELETE FROM posts",
        RESIGNED,
    ],
)
def test_root_without_an_administrator_gets_one_again(live_database_url: str, tmp_path: Path, loss: str) -> None:
    administered(live_database_url, tmp_path)
    _write(live_database_url, loss)
    other = administered(live_database_url, tmp_path, phone="0912 345 679", **{"full-name": "Ngô Văn Lâm"})
    assert other.exit_code == 0, other.stderr
    assert "cho Ngô Văn Lâm, +84912345679" in other.stdout
    refused = administered(live_database_url, tmp_path, phone="0912 345 670")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Máy chủ đã có tổ chức")
    assert _administrators(live_database_url)[-1] == "Ngô Văn Lâm"
    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        facts = connection.execute("SELECT code FROM events ORDER BY id DESC LIMIT 3").fetchall()
        roots = connection.execute("SELECT count(*) FROM organisations").fetchone()
    assert [code for (code,) in facts] == [
        "identity.activation_code_issued", "members.post_granted", "members.enrolled"
    ]  # fmt: skip
    assert roots == (1,)


def test_root_without_an_administrator_is_given_to_a_member_below(live_database_url: str, tmp_path: Path) -> None:
    administered(live_database_url, tmp_path)
    _write(live_database_url, "DELETE FROM posts")
    again = administered(live_database_url, tmp_path, organisation="Tên cũ", **{"full-name": "Nam"})
    assert again.exit_code == 0, again.stderr
    assert "cho Lý Văn Nam, +84912345678" in again.stdout
    assert _administrators(live_database_url) == ["Lý Văn Nam"]


def test_who_has_left_and_is_given_the_root_is_entered_anew(live_database_url: str, tmp_path: Path) -> None:
    administered(live_database_url, tmp_path)
    _write(live_database_url, "DELETE FROM posts", RESIGNED)
    again = administered(live_database_url, tmp_path)
    assert again.exit_code == 0, again.stderr
    assert _administrators(live_database_url) == ["Lý Văn Nam"]
    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        left = connection.execute("SELECT has_left FROM members ORDER BY id").fetchall()
    assert left == [(True,), (False,)]


def test_one_of_several_roots_is_named(live_database_url: str, tmp_path: Path) -> None:
    for place in ("Ninh Bình", "Thanh Hóa"):
        _write(
            live_database_url,
            "INSERT INTO organisations (id, path, kind, name, time_zone, valid_from, created_at)"
            f" SELECT id, ARRAY[id], 'province', 'Đảng bộ tỉnh {place}', 'Asia/Ho_Chi_Minh', '2025-07-01', now()"
            " FROM (SELECT gen_random_uuid() AS id) AS made",
        )
    unnamed = administered(live_database_url, tmp_path)
    assert unnamed.exit_code == 2
    assert unnamed.stderr.startswith("--organisation: máy chủ không có đúng một")
    named = administered(live_database_url, tmp_path, organisation="Đảng bộ tỉnh Thanh Hóa")
    assert named.exit_code == 0, named.stderr
    assert _administrators(live_database_url) == ["Lý Văn Nam"]


def _write(url: str, *statements: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _administrators(url: str) -> list[str]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute("""
            SELECT full_name FROM posts JOIN members ON members.id = member_id
            JOIN organisations ON organisations.id = posts.organisation_id
            WHERE posts.kind = 'administrator' AND (ends_on IS NULL OR ends_on >= CURRENT_DATE) ORDER BY posts.id
        """).fetchall()
    return [name for (name,) in found]


def test_administrator_needs_a_phone_number_that_is_one(live_database_url: str, tmp_path: Path) -> None:
    done = administered(live_database_url, tmp_path, phone="12")
    assert done.exit_code == 2
    assert done.stderr.startswith("--phone: Không phải số điện thoại")


def test_operator_turns_off_a_second_factor_that_was_lost(live_database_url: str, tmp_path: Path) -> None:
    def rescue(phone: str) -> Result:
        return run("rescue", "--phone", phone, SOTAY_DATABASE_URL=live_database_url)

    administered(live_database_url, tmp_path, phone="0900000001")
    with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
        connection.execute(
            "INSERT INTO accounts (id, member_id, password_hash, created_at)"
            " SELECT id, id, 'none', now() FROM members WHERE phone = '+84900000001'"
        )
        connection.execute(
            "INSERT INTO second_factors (account_id, sealed_secret, last_step, created_at)"
            " SELECT id, ''::bytea, 0, now() FROM accounts"
        )
    done = rescue("0900 000 001")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[1].endswith("is off; every session has ended")
    again, nobody, wrong = rescue("0900000001"), rescue("0900000002"), rescue("12")
    assert [answer.exit_code for answer in (again, nobody, wrong)] == [2, 2, 2]
    assert wrong.stderr.startswith("--phone: không phải số điện thoại")


def test_push_status_exits_1_when_an_alert_would_be_raised_and_0_when_all_is_well(live_database_url: str) -> None:
    url = live_database_url.replace("+psycopg", "")

    def ask(*more: str) -> Result:
        return run("push", "status", *more, SOTAY_DATABASE_URL=live_database_url)

    silent = ask("--json")
    assert silent.exit_code == 1, silent.stderr
    assert json.loads(silent.stdout)["problems"] == ["no_worker"]
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    well = ask()
    assert well.exit_code == 0
    assert "Không có gì phải báo động · nothing to raise an alarm about" in well.stdout
    with psycopg.connect(url) as connection:
        _leave_behind(connection)
    late = ask("--json")
    assert late.exit_code == 1
    told = json.loads(late.stdout)
    assert told["problems"] == ["deliveries_late", "jobs_late"]
    assert told["deliveries"] | {"oldest_due_seconds": 0} == {
        "due": 1, "leased": 0, "waiting": 0, "lapsed": 0, "oldest_due_seconds": 0
    }  # fmt: skip
    assert told["ended"] == [{"platform": "ios", "outcome": "sent", "last_hour": 1, "last_day": 1}]
    shown = ask()
    assert shown.exit_code == 1
    assert "a delivery has been due for too long" in shown.stdout
    assert re.search(r"ios +1 +0 +1 +0 *\n", shown.stdout)


def _leave_behind(connection: psycopg.Connection) -> None:
    """One delivery of an hour ago that is due, another that was sent, and a job of an hour ago."""
    connection.execute("""
        WITH branch AS (
            INSERT INTO organisations (id, path, kind, name, time_zone, valid_from, created_at)
            SELECT id, ARRAY[id], 'branch', 'Chi bộ', 'Asia/Ho_Chi_Minh', '2025-07-01', now()
            FROM (SELECT gen_random_uuid() AS id) AS made RETURNING id
        ), member AS (
            INSERT INTO members (id, organisation_id, full_name, sort_key, search_key, created_at)
            SELECT gen_random_uuid(), id, 'A', 'a', 'a', now() FROM branch RETURNING id
        ), account AS (
            INSERT INTO accounts (id, member_id, password_hash, created_at)
            SELECT gen_random_uuid(), id, 'none', now() FROM member RETURNING id
        ), phones AS (
            INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version,
                                 updated_at, created_at)
            SELECT gen_random_uuid(), gen_random_uuid(), id, platform, platform, 'vi', 'Asia/Ho_Chi_Minh', '1',
                   now(), now()
            FROM account, unnest(ARRAY['android', 'ios']) AS platform RETURNING id, platform
        ), notice AS (
            INSERT INTO notifications (id, event_id, type, channel, organisation_id, subject_type, subject_id, params,
                                       urgent, breaks_quiet_hours, created_at, expires_at)
            SELECT uuid_v7_floor(now() - interval '1 hour'), id, 'meeting_announced', 'meeting_changed', id, 'meeting',
                   id, '{}', true, true, now() - interval '1 hour', now() + interval '1 day' FROM branch RETURNING id
        ), job AS (
            INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)
            VALUES ('bulk', 'late', now() - interval '1 hour')
        )
        INSERT INTO deliveries (notification_id, device_id, outcome, finished_at)
        SELECT notice.id, phones.id, CASE platform WHEN 'ios' THEN 'sent' END, CASE platform WHEN 'ios' THEN now() END
        FROM notice, phones
    """)


def roster(tmp_path: Path, *rows: tuple[str, ...]) -> str:
    file = tmp_path / "danh-sach.csv"
    file.write_text("\n".join(",".join(row) for row in (HEADER, *rows)), encoding="utf-8")
    return str(file)


def make_branch(url: str) -> str:
    branch = "00000000-0000-4000-8000-0000000000b1"
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(
            "INSERT INTO organisations (id, path, kind, name, time_zone, valid_from, created_at) "
            "VALUES (%(id)s, ARRAY[%(id)s::uuid], 'branch', 'Chi bộ', 'Asia/Ho_Chi_Minh', '2025-07-01', now())",
            {"id": branch},
        )
    return branch


def test_roster_is_judged_row_by_row_then_imported_whole_or_not_at_all(live_database_url: str, tmp_path: Path) -> None:
    branch = make_branch(live_database_url)

    def take_in(file: str, *more: str) -> Result:
        return run("import", "roster", file, "--branch", branch, *more, SOTAY_DATABASE_URL=live_database_url)

    def members() -> list[tuple[str]]:
        with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
            return connection.execute("SELECT full_name FROM members").fetchall()

    checked = take_in(roster(tmp_path, GOOD))
    assert checked.exit_code == 0, checked.stderr
    assert re.search(r"2 +Trần Văn Tốt +được", checked.stdout)
    assert "chưa ghi gì" in checked.stdout
    refused = take_in(roster(tmp_path, GOOD, BAD), "--commit")
    assert refused.exit_code == 1
    assert re.search(r"3 +Lê Thị Sai +lỗi", refused.stdout)
    assert members() == []
    imported = take_in(roster(tmp_path, GOOD), "--commit")
    assert imported.exit_code == 0
    assert "Đã nhập 1 đảng viên" in imported.stdout
    assert members() == [("Trần Văn Tốt",)]


def test_roster_that_cannot_be_read_is_refused_in_both_languages(live_database_url: str, tmp_path: Path) -> None:
    branch = make_branch(live_database_url)
    missing = run(
        "import", "roster", str(tmp_path / "none.xlsx"), "--branch", branch, SOTAY_DATABASE_URL=live_database_url
    )
    assert missing.exit_code == 2
    assert missing.stderr.startswith("Không đọc được tệp")
    (tmp_path / "empty.csv").write_text("a,b\n1,2\n")
    headless = run(
        "import", "roster", str(tmp_path / "empty.csv"), "--branch", branch, SOTAY_DATABASE_URL=live_database_url
    )
    assert headless.exit_code == 2
    assert headless.stderr.splitlines()[:2] == [
        "Không tìm thấy dòng tiêu đề cột",
        "No row of column headings was found",
    ]


def test_data_directory_that_is_in_use_is_refused(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, durable=False):
        done = subprocess.run(
            [*SOTAY, "serve", "--port", str(free_port()), "--data-dir", str(tmp_path)],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "đang chạy rồi" in done.stderr


def test_tree_of_organisations_is_judged_and_then_founded_from_its_root_on(
    live_database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "cay.csv"

    def take_in(*rows: str, more: tuple[str, ...] = ()) -> Result:
        file.write_text("\n".join(("code,parent_code,name,kind", *rows)), encoding="utf-8")
        return run("import", "tree", str(file), *more, SOTAY_DATABASE_URL=live_database_url)

    province = "37000000000000,,Đảng bộ tỉnh Ninh Bình,Tỉnh"
    checked = take_in(province)
    assert (checked.exit_code, "1 dòng đều được" in checked.stdout) == (0, True), checked.stderr
    refused = take_in(province, "37003000000000,39000000000000,Đảng bộ xã Yên Mô,Xã", more=("--commit",))
    assert refused.exit_code == 1
    assert re.search(r"3 +Đảng bộ xã Yên Mô +Mã không nối tiếp", refused.stdout)
    assert "Đã tạo 1 tổ chức" in take_in(province, more=("--commit",)).stdout
    assert "Đã tạo 1 tổ chức" in take_in("37003000000000,,Đảng bộ xã Yên Mô,Xã", more=("--commit",)).stdout
    nowhere = take_in(province, more=("--under", "00000000-0000-4000-8000-0000000000b1"))
    assert (nowhere.exit_code, "There is no such organisation" in nowhere.stderr) == (2, True)
