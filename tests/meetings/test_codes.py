"""Check-in codes prove by themselves which meeting showed them, and when."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.meetings.codes import CODE_LENGTH, begin_of, make_code, read_code, step_at

SECRET = b"s" * 32
MEETING = UUID(int=1)


def test_code_says_its_step_to_whoever_has_the_secret() -> None:
    step = step_at(datetime(2026, 12, 4, 12, 30, tzinfo=UTC))
    code = make_code(SECRET, MEETING, step)
    assert len(code) == CODE_LENGTH
    assert code.isalnum()
    assert read_code(SECRET, MEETING, code) == read_code(SECRET, MEETING, code.lower()) == step


def test_code_of_anything_else_is_none() -> None:
    code = make_code(SECRET, MEETING, 59_000_000)
    assert read_code(b"t" * 32, MEETING, code) is None
    assert read_code(SECRET, UUID(int=2), code) is None
    assert read_code(SECRET, MEETING, make_code(SECRET, MEETING, 59_000_001)[:8] + code[8:]) is None
    for wrong in ("", "A", "A" * CODE_LENGTH, code[:-8], code + code, "đảng", "=" * 8, code.replace(code[0], "1")):
        assert read_code(SECRET, MEETING, wrong) is None, wrong


def test_step_lasts_thirty_seconds() -> None:
    begin = datetime(2026, 12, 4, 12, 30, tzinfo=UTC)
    assert begin_of(step_at(begin)) == begin
    assert step_at(begin + timedelta(seconds=29, microseconds=999_999)) == step_at(begin)
    assert step_at(begin + timedelta(seconds=30)) == step_at(begin) + 1
