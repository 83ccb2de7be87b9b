"""Head counts, rate and quorum by domain.md 15 to 17, in numbers worked out by hand."""

from datetime import date
from fractions import Fraction

import pytest

from app.meetings.attendance import suggest, tally
from app.meetings.models import Attendance, ReplyKind
from app.rules import rules_in_force

RULES = rules_in_force(date(2026, 12, 4))


def test_rate_is_present_out_of_all_but_the_exempt() -> None:
    counted = tally(
        {
            (Attendance.present, False): 13,
            (Attendance.present, True): 1,  # exempt, and came
            (Attendance.present_online, False): 2,
            (Attendance.late, False): 1,
            (Attendance.excused, False): 2,
            (Attendance.unexcused, False): 1,
            (Attendance.exempt, False): 1,
            (None, True): 1,
            (None, False): 1,
        }
    )
    assert (counted.total, counted.present, counted.expected) == (23, 17, 21)
    assert (counted.of(Attendance.exempt), counted.not_taken) == (2, 1)
    assert counted.rate == Fraction(17, 21)
    assert RULES.attendance_band(counted.rate).code == "good"


@pytest.mark.parametrize(("present", "of", "reached"), [(2, 3, True), (14, 21, True), (13, 21, False), (0, 3, False)])
def test_quorum_is_two_thirds(present: int, of: int, *, reached: bool) -> None:
    counted = tally({(Attendance.present, False): present, (None, False): of - present})
    assert counted.has_quorum(RULES) is reached


def test_where_everybody_is_exempt_there_is_no_rate_and_no_quorum() -> None:
    counted = tally({(None, True): 4})
    assert (counted.total, counted.rate, counted.has_quorum(RULES)) == (4, None, False)


def test_who_does_not_come_is_exempt_before_excused() -> None:
    assert suggest(is_exempt=True, is_away=True, reply=ReplyKind.absent) is Attendance.exempt
    assert suggest(is_exempt=False, is_away=False, reply=ReplyKind.absent) is Attendance.excused
    assert suggest(is_exempt=False, is_away=False, reply=ReplyKind.attending) is None
    assert suggest(is_exempt=False, is_away=False, reply=None) is None


def test_who_is_temporarily_away_is_excused_unless_they_said_that_they_come() -> None:
    assert suggest(is_exempt=False, is_away=True, reply=None) is Attendance.excused
    assert suggest(is_exempt=False, is_away=True, reply=ReplyKind.absent) is Attendance.excused
    assert suggest(is_exempt=False, is_away=True, reply=ReplyKind.attending_online) is None
