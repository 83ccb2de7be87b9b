"""Rosters as branches keep them: titles, merged headings, lost zeros, footers; and files that are none."""

import unicodedata
from datetime import date

import pytest

from app.members.imports.roster import Roster, RowStatus, Severity, read_roster
from tests.members.imports.files import HEADINGS, Value, delimited, person, workbook

TODAY = date(2026, 11, 22)


def read(content: bytes) -> Roster:
    return read_roster(content, filename="danh-sach.xlsx", today=TODAY)


def read_rows(*rows: list[Value]) -> Roster:
    return read(workbook([HEADINGS, *rows]))


def codes(roster: Roster, index: int = 0) -> list[str]:
    return [finding.code for finding in roster.verdicts[index].findings]


def test_a_faultless_row_is_read_whole() -> None:
    roster = read_rows(person())
    (row,) = roster.rows
    assert (row.row_number, row.full_name, row.born_on) == (2, "Nguyễn Văn An", date(1960, 2, 3))
    assert (row.sex, row.card_number, row.citizen_id) == ("male", "01234567", "036060012345")
    assert (row.admitted_on, row.official_on) == (date(1985, 5, 19), date(1986, 5, 19))
    assert (row.phone, row.post_title, row.note) == ("+84912345678", "Bí thư", None)
    assert row.standing == "official"
    assert roster.verdicts[0].status is RowStatus.ok
    assert roster.ignored_columns == ()


def test_headings_are_found_below_merged_titles_and_row_numbers_are_those_of_excel() -> None:
    rows: list[list[Value]] = [[] for _ in range(5)]
    content = workbook(
        [*rows, list(HEADINGS), person()],
        merges=[(0, 0, 0, 10, "ĐẢNG BỘ XÃ YÊN MÔ"), (2, 0, 2, 10, "DANH SÁCH ĐẢNG VIÊN")],
    )
    assert read(content).rows[0].row_number == 7


def test_a_list_that_begins_away_from_the_corner_keeps_its_row_numbers() -> None:
    assert read(workbook([HEADINGS, person()], offset=(3, 2))).rows[0].row_number == 5


def test_the_first_sheet_with_headings_counts() -> None:
    roster = read(workbook([["Bìa"]], [HEADINGS, person()], [HEADINGS, person(name="Lê Văn Ba")]))
    assert [row.full_name for row in roster.rows] == ["Nguyễn Văn An"]


def test_headings_match_without_accents_in_any_composition_with_marks_and_remarks() -> None:
    headings = [
        unicodedata.normalize("NFD", "HỌ VÀ TÊN (*)"),
        "ngay sinh (dd/mm/yyyy)",
        "SĐT",
        "Date of admission?",
        "Admission\ndate",
    ]
    roster = read(workbook([headings, ["An", "3/2/1960", 912345678, "?", "19-5-1985"]]))
    assert (roster.rows[0].phone, roster.rows[0].admitted_on) == ("+84912345678", date(1985, 5, 19))
    assert roster.ignored_columns == ("Date of admission?",)


def test_decomposed_and_dirty_text_is_stored_clean() -> None:
    name = unicodedata.normalize("NFD", "  Nguyễn\tThị \u200bHồng ")
    assert read_rows(person(name=name)).rows[0].full_name == "Nguyễn Thị Hồng"


def test_two_heading_rows_are_combined() -> None:
    upper = ["STT", "Họ và tên", "Ngày sinh", None, "Ngày vào Đảng", None, "Quê quán"]
    lower = [None, None, "Nam", "Nữ", "Dự bị", "Chính thức", None]
    numbers: list[Value] = [f"({n})" for n in range(1, 8)]
    roster = read(
        workbook(
            [
                upper,
                lower,
                numbers,
                [1, "Nguyễn Văn An", "03/02/1960", None, "19/05/1985", "19/05/1986", "Yên Mô"],
                [2, "Trần Thị Bình", None, date(1970, 1, 2), "19/05/2000", "19/05/2001", "Yên Mô"],
            ]
        )
    )
    an, binh = roster.rows
    assert (an.sex, an.born_on, an.admitted_on, an.official_on) == (
        "male",
        date(1960, 2, 3),
        date(1985, 5, 19),
        date(1986, 5, 19),
    )
    assert (binh.row_number, binh.sex, binh.born_on) == (5, "female", date(1970, 1, 2))
    assert roster.ignored_columns == ("Quê quán",)
    assert [(finding.row_number, finding.code) for finding in roster.skipped] == [(3, "not_a_person")]


def test_a_finding_names_the_heading_as_in_the_file() -> None:
    roster = read(
        workbook(
            [
                ["Họ và tên", "Ngày vào Đảng", None],
                [None, "Dự bị", "Chính thức"],
                ["Nguyễn Văn An", "1985", "1986"],
            ]
        )
    )
    assert [finding.column for finding in roster.verdicts[0].findings] == [
        None,
        "Ngày vào Đảng – Dự bị",
        "Ngày vào Đảng – Chính thức",
    ]


def test_male_and_female_columns_may_hold_ticks() -> None:
    heading = ["Họ và tên", "Nam", "Nữ", "Ngày vào Đảng", "Ngày chính thức", "Ngày sinh"]
    days: list[Value] = ["19/05/2000", "19/05/2001", "03/02/1960"]
    roster = read(
        workbook(
            [
                heading,
                ["A", "x", None, *days],
                ["B", None, "X", *days],
                ["C", "x", "x", *days],
                ["D", None, None, *days],
            ]
        )
    )
    assert [row.sex for row in roster.rows] == ["male", "female", None]
    assert codes(roster, 2) == ["sex_twice"]


def test_a_column_for_women_alone_leaves_the_others_men() -> None:
    heading = ["Họ và tên", "Nữ", "Ngày vào Đảng"]
    roster = read(workbook([heading, ["A", "x", "19/05/2026"], ["B", None, "19/05/2026"]]))
    assert [row.sex for row in roster.rows] == ["female", "male"]


@pytest.mark.parametrize(
    "headings", [("Họ và tên đệm", "Tên"), ("Họ và tên", None)], ids=["two headings", "one merged heading"]
)
def test_a_name_in_two_columns_is_joined(headings: tuple[str, str | None]) -> None:
    roster = read(workbook([[*headings, "Ngày vào Đảng"], ["Nguyễn Văn", "An", "19/05/2026"]]))
    assert roster.rows[0].full_name == "Nguyễn Văn An"


def test_a_year_column_is_not_taken_for_men() -> None:
    upper = ["Họ và tên", "Ngày sinh", None, None, "Ngày vào Đảng"]
    roster = read(workbook([upper, [None, "Ngày", "Tháng", "Năm"], ["An", 3, 2, 1960, "19/05/2026"]]))
    assert roster.rows[0].sex is None


def test_repeats_inside_the_file_name_the_other_rows() -> None:
    roster = read_rows(
        person(),
        person(name="Lê Văn Ba", phone="84912345678", card="02", citizen="036060012346"),
        person(name="Vũ Văn Tư", phone=None, card="07654321", citizen=36060012345),
        person(name="Đỗ Thị Năm", phone=912345678, card="11111111", citizen=None),
    )
    texts = {f.code: f.text.en for f in roster.verdicts[0].findings}
    assert texts == {
        "phone_repeated": "The same as in row 3, 5.",
        "citizen_id_repeated": "The same as in row 4.",
    }
    assert roster.rows == ()
    assert codes(roster, 2) == ["citizen_id_repeated"]
    assert roster.verdicts[0].findings[0].severity is Severity.error


def test_blank_group_total_and_signature_rows_are_skipped_and_reported() -> None:
    other = person(name="Lê Văn Ba", phone=None, card=None, citizen=None)
    content = workbook(
        [
            HEADINGS,
            ["I", "Tổ đảng số 1"],
            person(),
            [],
            ["Tổ đảng số 2"],
            other,
            ["Tổng số: 24 đảng viên"],
            [None, "Tổng cộng", 24],
            [None, None, None, None, None, "Yên Mô, ngày 5 tháng 3 năm 2026"],
            [None, "Người lập biểu", None, None, None, "T/M CHI BỘ"],
            [None, "Trần Thị Bình", None, None, None, "Nguyễn Văn An"],
        ]
    )
    roster = read(content)
    assert [row.row_number for row in roster.rows] == [3, 6]
    assert len(roster.verdicts) == 2
    assert [finding.row_number for finding in roster.skipped] == [2, 5, 7, 8, 9, 10, 11]
    assert "Tổng số: 24 đảng viên" in roster.skipped[2].text.vi


def test_people_below_a_subtotal_are_still_read() -> None:
    roster = read_rows(person(), [None, "Cộng: 1"], person(name="Lê Ba", phone=None, card=None, citizen=None))
    assert [row.full_name for row in roster.rows] == ["Nguyễn Văn An", "Lê Ba"]


def test_a_name_alone_is_a_person_whose_dates_are_missing() -> None:
    roster = read_rows([1, "Tống Văn Sơ"])
    assert codes(roster) == ["birth_date_missing", "admission_and_official_dates_missing"]


def test_a_row_with_words_but_no_name_is_an_error_not_lost() -> None:
    roster = read_rows([1, None, None, "Nam", None, None, None, None, None, "Đảng viên"])
    assert "name_missing" in codes(roster)
    assert roster.verdicts[0].full_name == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimited_text_is_read_in_every_usual_encoding(encoding: str, delimiter: str) -> None:
    rows = [["DANH SÁCH"], [], HEADINGS, person(name="Đặng Văn Cương")]
    roster = read(_encoded(delimited(rows, delimiter=delimiter), encoding))
    assert roster.rows[0].full_name == "Đặng Văn Cương"
    assert roster.rows[0].row_number == 4


def _encoded(text: str, encoding: str) -> bytes:
    if encoding != "cp1258":
        return text.encode(encoding)
    # Windows-1258 has letters like "ê" as one byte, and each tone as a byte after its vowel.
    tones = "\u0300\u0301\u0303\u0309\u0323"
    encoded = ""
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        shape = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        encoded += shape + "".join(part for part in parts if part in tones)
    return encoded.encode("cp1258")


def test_a_lone_quote_in_the_notes_does_not_hide_the_right_delimiter() -> None:
    rows = [f'An {n};19/05/2001;ghi,"chú {"x" * 200}' for n in range(900)]
    roster = read("\n".join(["Họ và tên;Ngày chính thức;Ghi chú", *rows]).encode())
    assert len(roster.rows) == 900
