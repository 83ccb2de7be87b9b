"""One row of a roster: every way to write a cell, every fault by its name and weight."""

from datetime import date, datetime

import pytest

from app.members.imports.roster import Roster, RowStatus, read_roster
from tests.members.imports.files import HEADINGS, Value, person, workbook

TODAY = date(2026, 11, 22)


def read_rows(*rows: list[Value]) -> Roster:
    return read_roster(workbook([HEADINGS, *rows]), filename=None, today=TODAY)


def codes(roster: Roster) -> list[str]:
    return [finding.code for finding in roster.verdicts[0].findings]


@pytest.mark.parametrize(
    "cell",
    [
        date(1960, 2, 3),
        datetime(1960, 2, 3, 12, 30),  # noqa: DTZ001  (Excel knows no time zones)
        21949,
        "03/02/1960",
        "3-2-1960",
        "3.2.1960",
        "3 / 2 / 1960",
        "1960-02-03",
        "1960-02-03T00:00:00",
        "03/02/1960 00:00",
    ],
)
def test_a_date_is_read_however_it_is_written(cell: Value) -> None:
    assert read_rows(person(born=cell)).rows[0].born_on == date(1960, 2, 3)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1960", "date_only_year"),
        (1960, "date_only_year"),
        ("02/1960", "date_without_day"),
        ("3/2/60", "date_short_year"),
        ("31/02/1960", "date_impossible"),
        ("12/25/1960", "date_impossible"),
        ("0000-01-01", "date_impossible"),
        ("tháng hai", "date_unreadable"),
        (19600203, "date_unreadable"),
        (-5, "date_unreadable"),
        (True, "date_unreadable"),
        ("31/12/1899", "date_before_1900"),
        ("23/11/2026", "date_in_future"),
    ],
)
def test_a_wrong_birth_date_says_what_is_wrong(cell: Value, code: str) -> None:
    roster = read_rows(person(born=cell, admitted=None))
    assert code in codes(roster)
    assert roster.verdicts[0].status is RowStatus.error
    assert roster.rows == ()
    assert next(f for f in roster.verdicts[0].findings if f.code == code).column == "Ngày sinh"


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"admitted": "02/02/1978", "official": "02/02/1979"}, "admitted_too_young", RowStatus.error),
        ({"admitted": "04/03/2020", "official": "04/03/2021"}, "admitted_late", RowStatus.warning),
        ({"official": "18/05/1985"}, "official_before_admission", RowStatus.error),
        ({"official": "23/11/2026"}, "date_in_future", RowStatus.error),
        (
            {"born": "03/02/2000", "admitted": "23/11/2026", "official": None},
            "date_in_future",
            RowStatus.error,
        ),
        (
            {"admitted": None, "official": None},
            "admission_and_official_dates_missing",
            RowStatus.error,
        ),
        ({"admitted": None}, "admission_date_missing", RowStatus.warning),
        ({"official": None}, "probation_over", RowStatus.warning),
        ({"born": None}, "birth_date_missing", RowStatus.warning),
        ({"name": None}, "name_missing", RowStatus.error),
        ({"name": "12 / 3"}, "name_unreadable", RowStatus.error),
        ({"name": "a" * 121}, "name_unreadable", RowStatus.error),
        ({"sex": "chưa rõ"}, "sex_unreadable", RowStatus.error),
        ({"sex": "x"}, "sex_unclear", RowStatus.warning),
        ({"phone": "0912"}, "phone_unreadable", RowStatus.error),
        ({"card": "12AB"}, "card_number_unreadable", RowStatus.error),
        ({"card": 1234567.0}, "card_number_unusual", RowStatus.warning),
        ({"citizen": "12345"}, "citizen_id_unreadable", RowStatus.error),
        ({"note": "a" * 501}, "text_too_long", RowStatus.error),
    ],
)
def test_each_fault_has_a_name_and_a_weight(changes: dict[str, Value], code: str, status: RowStatus) -> None:
    roster = read_rows(person(**changes))
    assert codes(roster) == [code]
    assert roster.verdicts[0].status is status
    assert len(roster.rows) == (status is not RowStatus.error)
    assert all(finding.text.vi and finding.text.en for finding in roster.verdicts[0].findings)


def test_the_eighteenth_and_the_sixtieth_birthday_are_in_time() -> None:
    assert codes(read_rows(person(admitted="03/02/1978"))) == []
    assert codes(read_rows(person(admitted="03/02/2020", official="03/02/2021"))) == []


def test_a_recent_admission_without_an_official_date_is_probationary() -> None:
    roster = read_rows(person(born="03/02/2000", admitted="19/05/2026", official="chưa"))
    assert roster.rows[0].standing == "probationary"
    assert roster.verdicts[0].status is RowStatus.ok


def test_zeros_and_types_that_excel_lost_are_restored() -> None:
    (row,) = read_rows(person(phone=912345678.0, card=12345678.0, citizen=36060012345)).rows
    assert (row.phone, row.card_number, row.citizen_id) == ("+84912345678", "12345678", "036060012345")
    (row,) = read_rows(person(phone="'0912345678", card="12.345678", citizen=1060012345)).rows
    assert (row.phone, row.card_number, row.citizen_id) == ("+84912345678", "12345678", "001060012345")
    assert read_rows(person(citizen="012345678")).rows[0].citizen_id == "012345678"


def test_a_member_without_a_phone_is_welcome() -> None:
    for nothing in (None, "-", "Không có"):
        roster = read_rows(person(phone=nothing))
        assert (roster.rows[0].phone, roster.verdicts[0].status) == (None, RowStatus.ok)
