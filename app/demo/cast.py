"""Whom one can sign in as in the demonstration, and whether it is there already; light, for the start to be quick."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from app.kernel.i18n import Text

PASSWORD = "so-tay-demo-1"  # noqa: S105 printed for everybody to try
HANOI = "Asia/Ho_Chi_Minh"
BERLIN = "Europe/Berlin"
# Awake while Vietnam and Germany sleep, in summer time as in winter time: there is no hour at which quiet hours hold
# every push of the demonstration back.
SYDNEY = "Australia/Sydney"

COMMUNE_CODE = "37990001000000"
BRANCH_CODE = "37990001000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Somebody to sign in as; `phone` None is a member without one. `post` is held in `post_in`, or in the branch."""

    phone: str | None
    full_name: str
    branch: str
    role: Text
    sex: str = "male"
    post: str | None = None
    post_in: str | None = None
    time_zone: str = HANOI
    platform: str = "android"
    official: bool = True


CAST = (
    Character(
        phone="+84900000001",
        full_name="Nguyễn Văn An",
        branch="A",
        post="secretary",
        role=Text(vi="bí thư chi bộ thôn Đông", en="secretary of branch A"),
    ),
    Character(
        phone="+84900000002",
        full_name="Trần Thị Bình",
        sex="female",
        branch="A",
        post="minute_taker",
        role=Text(vi="thư ký chi bộ thôn Đông", en="minute-taker of branch A"),
    ),
    Character(
        phone="+84900000003",
        full_name="Lê Văn Cường",
        branch="A",
        role=Text(vi="đảng viên", en="member"),
    ),
    Character(
        phone="+84900000004",
        full_name="Phạm Thị Dung",
        sex="female",
        branch="A",
        time_zone=BERLIN,
        platform="ios",
        role=Text(vi="đảng viên đi làm ăn xa, ở Berlin", en="member working away, in Berlin"),
    ),
    Character(
        phone="+84900000005",
        full_name="Hoàng Thị Én",
        sex="female",
        branch="A",
        official=False,
        role=Text(vi="đảng viên dự bị", en="probationary member"),
    ),
    Character(
        phone=None,
        full_name="Đỗ Văn Phúc",
        branch="A",
        role=Text(vi="không có điện thoại (nên không có …06)", en="no phone, so there is no …06"),
    ),
    Character(
        phone="+84900000011",
        full_name="Bùi Văn Hải",
        branch="B",
        post="secretary",
        role=Text(vi="bí thư chi bộ thôn Đoài, cùng xã", en="secretary of branch B, same commune"),
    ),
    Character(
        phone="+84900000013",
        full_name="Đinh Thị Kim",
        sex="female",
        branch="B",
        role=Text(vi="đảng viên chi bộ thôn Đoài", en="member of branch B"),
    ),
    Character(
        phone="+84900000021",
        full_name="Ngô Văn Lâm",
        branch="office",
        post="committee_officer",
        post_in="commune",
        role=Text(vi="cán bộ đảng ủy xã", en="officer of the commune's committee"),
    ),
    Character(
        phone="+84900000023",
        full_name="Dương Thị Mai",
        sex="female",
        branch="far",
        role=Text(vi="đảng viên ở xã khác", en="member in another commune"),
    ),
    Character(
        phone="+84900000031",
        full_name="Lý Văn Nam",
        branch="office",
        post="administrator",
        post_in="province",
        role=Text(vi="quản trị", en="administrator"),
    ),
    Character(
        phone="+84900000041",
        full_name="Phan Thị Oanh",
        sex="female",
        branch="office",
        post="auditor",
        post_in="province",
        role=Text(vi="kiểm tra (chỉ đọc nhật ký)", en="auditor (reads the log only)"),
    ),
)

_IS_CURRENT = """
SELECT EXISTS (
    SELECT FROM meetings JOIN organisations ON organisations.id = meetings.organisation_id
    WHERE organisations.code = %s AND meetings.announced_at IS NOT NULL AND meetings.starts_at > %s
)
"""
_IS_SETTLED = """
SELECT NOT EXISTS (
    SELECT FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND (scheduled_at IS NULL OR scheduled_at <= clock_timestamp())
)
"""


def is_current(connection: psycopg.Connection, now: datetime) -> bool:
    """Say whether branch A has been called to a meeting that lies ahead: seeding would then change nothing."""
    row = connection.execute(_IS_CURRENT, [BRANCH_CODE, now]).fetchone()
    return row == (True,)


def is_there(connection: psycopg.Connection) -> bool:
    """Say whether the people of the demonstration are in the database, whose password everybody knows."""
    row = connection.execute("SELECT EXISTS (SELECT FROM organisations WHERE code = %s)", [BRANCH_CODE]).fetchone()
    return row == (True,)


def is_settled(connection: psycopg.Connection) -> bool:
    """Say whether every push that may leave now has left."""
    row = connection.execute(_IS_SETTLED).fetchone()
    return row == (True,)
