"""The template a secretary downloads is one that the reader reads."""

from datetime import date

import pytest

from app.members.imports.errors import RosterEmpty
from app.members.imports.roster import RowStatus, read_roster
from app.members.imports.template import roster_template
from tests.members.imports.files import rezipped

TODAY = date(2026, 11, 22)


def test_an_unfilled_template_has_its_headings_found_and_nobody_in_it() -> None:
    with pytest.raises(RosterEmpty):
        read_roster(roster_template(), filename="mau.xlsx", today=TODAY)


def test_a_filled_template_is_read_back() -> None:
    cells = {
        "B": "Trần Thị Bình",
        "C": "03/02/1970",
        "D": "Nữ",
        "E": "01234567",
        "F": "19/05/2000",
        "G": "19/05/2001",
        "H": "0912345678",
        "I": "036170012345",
        "J": "Đại học",
        "K": "Mường",
        "L": "Nông dân",
        "M": "Phó bí thư",
        "N": "ở Nam Định",
    }
    filled = "".join(f'<c r="{c}4" t="inlineStr"><is><t>{text}</t></is></c>' for c, text in cells.items())

    def fill(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        return part.replace(b"</sheetData>", f'<row r="4">{filled}</row></sheetData>'.encode())

    roster = read_roster(rezipped(roster_template(), fill), filename="mau.xlsx", today=TODAY)
    assert roster.ignored_columns == ()
    assert [verdict.status for verdict in roster.verdicts] == [RowStatus.ok]
    (row,) = roster.rows
    assert (row.row_number, row.full_name, row.sex, row.standing) == (
        4,
        "Trần Thị Bình",
        "female",
        "official",
    )
    assert (row.born_on, row.admitted_on, row.official_on) == (
        date(1970, 2, 3),
        date(2000, 5, 19),
        date(2001, 5, 19),
    )
    assert (row.card_number, row.phone, row.citizen_id) == ("01234567", "+84912345678", "036170012345")
    assert (row.post_title, row.note) == ("Phó bí thư", "ở Nam Định")
