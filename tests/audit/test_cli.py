"""`sotay audit` as its operators use it."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.kernel.anchors import AuditKeys
from app.kernel.ids import new_id
from app.kernel.tokens import generate_key
from tests.factories.clock import FakeClock

EAST = UUID(int=1)


@pytest.fixture
def server(live_database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"SOTAY_DATABASE_URL": live_database_url, "SOTAY_DATA_DIR": str(tmp_path / "data")}


def run(server: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ("audit", *arguments), env=dict(server), prog_name="sotay")


def happen(server: dict[str, str], *, count: int) -> None:
    with psycopg.connect(server["SOTAY_DATABASE_URL"].replace("+psycopg", "")) as connection:
        for number in range(count):
            connection.execute(
                "INSERT INTO events VALUES (%s, now(), 'test.rung', %s, 'bell', %s, NULL, NULL, '{}')",
                (new_id(FakeClock()(), count=number), EAST, uuid4()),
            )


def rewrite(server: dict[str, str], statement: str) -> None:
    with psycopg.connect(server["SOTAY_DATABASE_URL"].replace("+psycopg", "")) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)


def test_an_anchor_kept_outside_tells_that_the_log_was_cut(server: dict[str, str], tmp_path: Path) -> None:
    happen(server, count=3)
    anchor = tmp_path / "anchor.json"
    made = run(server, "anchor", "--out", str(anchor))
    assert made.exit_code == 0, made.output
    assert made.stdout.splitlines()[0].startswith("Đã neo 3 sự kiện trong 1 chuỗi")

    intact = run(server, "verify", "--anchor", str(anchor))
    assert (intact.exit_code, intact.stdout.startswith("Nguyên vẹn: 3 sự kiện, 1 chuỗi")) == (0, True)
    assert "anchored at" in intact.stdout

    rewrite(server, "DELETE FROM event_seals WHERE sequence = 3")
    rewrite(server, "DELETE FROM events WHERE id NOT IN (SELECT event_id FROM event_seals)")
    alone = run(server, "verify")
    assert alone.exit_code == 0
    assert "Chưa so với tệp neo" in alone.stdout
    cut = run(server, "verify", "--anchor", str(anchor))
    assert cut.exit_code == 1
    vietnamese, english = cut.stderr.splitlines()
    assert vietnamese == f"HỎNG: chuỗi ngắn hơn tệp neo – tổ chức · organisation {EAST}, số · sequence 3"
    assert english.startswith("BROKEN: the chain ends before the anchored seal")
    other = run(server, "verify", "--anchor", str(anchor), "--organisation", str(uuid4()))
    assert other.exit_code == 0


def test_facts_that_wait_are_told_of_and_twenty_broken_chains_are_named(server: dict[str, str]) -> None:
    happen(server, count=1)
    waiting = run(server, "verify")
    assert waiting.exit_code == 0
    assert "1 sự kiện chờ niêm phong" in waiting.stdout
    rewrite(server, "INSERT INTO event_seals SELECT gen_random_uuid(), 5, gen_random_uuid(), '', now()"
                    " FROM generate_series(1, 23)")  # fmt: skip
    broken = run(server, "verify")
    assert broken.exit_code == 1
    assert broken.stderr.count("BROKEN: ") == 20
    assert "… và 3 chuỗi nữa" in broken.stderr


def test_an_anchor_is_printed_where_no_file_is_named_and_is_signed(server: dict[str, str], tmp_path: Path) -> None:
    happen(server, count=2)
    printed = run(server, "anchor")
    signed = json.loads(printed.stdout)
    assert signed["anchor"]["chains"][str(EAST)]["sequence"] == 2
    file = tmp_path / "anchor.json"

    def refused(**changed: object) -> str:
        file.write_text(json.dumps({**signed, **changed}))
        done = run(server, "verify", "--anchor", str(file))
        assert done.exit_code == 1, done.output
        return done.stderr.splitlines()[0]

    shorter = {**signed["anchor"], "chains": {}}
    assert "Chữ ký của tệp neo không đúng" in refused(anchor=shorter)
    assert "không có ở máy chủ này" in refused(key="0" * 64)
    assert "không phải là tệp neo" in refused(signature="xyz")
    assert "không phải là tệp neo" in refused(more="")
    file.write_bytes(b"\xff")
    assert run(server, "verify", "--anchor", str(file)).exit_code == 2
    assert run(server, "verify", "--anchor", str(tmp_path / "missing")).exit_code == 2
    assert run(server, "anchor", "--out", str(tmp_path / "no" / "where")).exit_code == 2


def test_anchors_of_an_older_key_are_still_read_and_other_keys_refused(server: dict[str, str], tmp_path: Path) -> None:
    happen(server, count=1)
    anchor = tmp_path / "anchor.json"
    assert run(server, "anchor", "--out", str(anchor)).exit_code == 0
    directory = tmp_path / "data" / "audit"
    generate_key(directory / "0002.pem")
    assert run(server, "verify", "--anchor", str(anchor)).exit_code == 0
    assert AuditKeys(directory).signing not in anchor.read_text()
    (directory / "0003.pem").write_text("no key")
    done = run(server, "anchor")
    assert done.exit_code == 2
    assert "Khóa ký tệp neo không dùng được" in done.stderr


def test_erasing_needs_somebody_who_is_known(server: dict[str, str]) -> None:
    done = run(server, "erase", "--member", str(uuid4()))
    assert done.exit_code != 0
    assert done.stderr.splitlines()[0] == "Không tìm thấy đảng viên"
