"""Whole files that are refused by name, whatever the bytes."""

import io
import struct
import time
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.members.imports.errors import RosterEmpty, RosterHeaderMissing, RosterTooLarge, RosterUnreadable
from app.members.imports.roster import Roster, read_roster
from app.members.imports.sheets import MOST_FORMULAS, formula_cells
from tests.factories.files import an_archive
from tests.members.imports.files import HEADINGS, Value, delimited, person, rezipped, workbook

TODAY = date(2026, 11, 22)
NAMED = (RosterUnreadable, RosterTooLarge, RosterHeaderMissing, RosterEmpty)
PLAIN = workbook([HEADINGS, person()])


def read(content: bytes) -> Roster:
    return read_roster(content, filename="ds.xlsx", today=TODAY)


def archive(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), ".xls"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"%PDF-1.7\n\x00\x01", "neither"),
        (b"\xff\xfe\x00", "neither"),
        (b"PK\x03\x04", "no .xlsx"),
        (archive(**{"word/document.xml": b"<a/>"}), "no .xlsx"),
        (archive(**{"[Content_Types].xml": b"", "content.xml": b"", "mimetype": b""}), "no .xlsx"),
        (archive(**{"[Content_Types].xml": b"<broken"}), "no .xlsx"),
        (rezipped(PLAIN, lambda name, part: part[:-9] if "sheet1" in name else part), "no .xlsx"),
        (rezipped(PLAIN, lambda _, part: part.decode().encode("utf-16")), "no .xlsx"),
        (b'"' + b"a" * 200_000, "overlong"),
    ],
)
def test_a_file_of_another_kind_is_unreadable(content: bytes, words: str) -> None:
    with pytest.raises(RosterUnreadable) as refusal:
        read(content)
    assert refusal.value.detail
    assert words in refusal.value.detail.en
    assert refusal.value.extra == {"filename": "ds.xlsx"}


def test_a_locked_archive_is_unreadable() -> None:
    content = bytearray(PLAIN)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            struct.pack_into("<H", content, at + flags, 1)
    with pytest.raises(RosterUnreadable):
        read(bytes(content))


def test_a_roster_without_known_headings_says_which_were_looked_for() -> None:
    for content in (workbook([["Tên hàng", "Giá"], ["Gạo", 1]]), b"", b"xin ch\xc3\xa0o"):
        with pytest.raises(RosterHeaderMissing) as refusal:
            read(content)
        assert refusal.value.detail
        assert "Ngày chính thức" in refusal.value.detail.vi


def test_headings_below_the_thirtieth_row_are_not_looked_for() -> None:
    title: list[list[Value]] = [["x"] for _ in range(29)]
    assert read(workbook([*title, list(HEADINGS), person()])).rows
    with pytest.raises(RosterHeaderMissing):
        read(workbook([*title, ["x"], list(HEADINGS), person()]))


def test_headings_without_anybody_are_an_empty_roster() -> None:
    for footer in ([], ["Tổng số: 0"]):
        with pytest.raises(RosterEmpty):
            read(workbook([HEADINGS, footer]))


def test_two_thousand_rows_are_taken_and_one_more_is_too_large() -> None:
    rows = [["Họ và tên", "Ngày chính thức"], *[["An", "19/05/2001"]] * 2000]
    assert len(read(delimited(rows).encode()).verdicts) == 2000
    with pytest.raises(RosterTooLarge):
        read(delimited([*rows, ["An", "19/05/2001"]]).encode())


def test_more_than_sixty_columns_are_too_large() -> None:
    assert read(workbook([HEADINGS, [*person(), *["x"] * 49]])).rows
    with pytest.raises(RosterTooLarge):
        read(workbook([HEADINGS, [*person(), *["x"] * 50]]))


def test_more_than_twenty_mebibytes_are_too_large() -> None:
    with pytest.raises(RosterTooLarge):
        read(b"a" * (20 * 1024 * 1024 + 1))


def test_an_archive_of_too_many_parts_is_too_large() -> None:
    with pytest.raises(RosterTooLarge):
        read(archive(**{f"{n}.xml": b"" for n in range(1001)}))


def test_an_archive_that_unpacks_to_more_than_a_hundred_mebibytes_is_too_large() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("[Content_Types].xml", bytes(100 * 1024 * 1024 + 1))
    with pytest.raises(RosterTooLarge):
        read(content.getvalue())


def test_parts_of_one_name_are_counted_each() -> None:
    large = bytes(60 * 1024 * 1024)
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as sound:
        parts = [(name, sound.read(name)) for name in sound.namelist()]
    with pytest.raises(RosterTooLarge):
        read(an_archive([*parts, ("xl/a.bin", large), ("xl\\a.bin", large)]))


def test_a_tag_without_an_end_does_not_keep_everybody_waiting() -> None:
    """Cells that are computed are looked for by an expression, and no other thread works meanwhile."""
    content = archive(**{"xl/worksheets/sheet1.xml": b"<c " * 20_000, "xl/worksheets/sheet2.xml": b"<f>" * 1_000})
    began = time.process_time()
    assert formula_cells(content) == ["?"] * MOST_FORMULAS
    assert time.process_time() - began < 1


def test_a_cell_at_the_far_corner_is_refused_before_it_takes_all_memory() -> None:
    far = b'<row r="1048576"><c x="/>" r="XFD1048576"><v>1</v></c></row></sheetData>'
    content = rezipped(PLAIN, lambda name, part: part.replace(b"</sheetData>", far) if "sheet1" in name else part)
    with pytest.raises(RosterTooLarge):
        read(content)


def test_a_formatted_but_empty_cell_far_out_does_no_harm() -> None:
    far = b'<row r="3"><c r="XFD3" s="1"/></row><row r="1048576" ht="20"/></sheetData>'
    content = rezipped(PLAIN, lambda name, part: part.replace(b"</sheetData>", far) if "sheet1" in name else part)
    assert read(content).rows


def readable_or_named(content: bytes) -> None:
    try:
        roster = read(content)
    except NAMED:
        return
    assert len(roster.rows) <= len(roster.verdicts)
    assert all(verdict.status for verdict in roster.verdicts)


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_any_bytes_give_a_roster_or_a_named_refusal(junk: bytes, start: bytes) -> None:
    readable_or_named(start + junk)


@settings(max_examples=40)
@given(st.lists(st.lists(st.text(max_size=15), max_size=11), max_size=4))
def test_any_texts_under_the_headings_give_a_roster_or_a_named_refusal(rows: list[list[str]]) -> None:
    text = delimited([HEADINGS, *rows])
    readable_or_named(text.encode("utf-8", "replace"))


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.none()
            | st.booleans()
            | st.integers(-(10**15), 10**15)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.dates(min_value=date(1900, 1, 1))
            | st.sampled_from(["x", "Nam", "Tổng số", "31/02/1990", "1960", "-", "+84"]),
            max_size=11,
        ),
        max_size=4,
    )
)
def test_any_values_under_the_headings_give_a_roster_or_a_named_refusal(rows: list[list[Value]]) -> None:
    readable_or_named(workbook([HEADINGS, *rows]))


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_workbook_gives_a_roster_or_a_named_refusal(damage: list[tuple[int, int]]) -> None:
    content = bytearray(PLAIN)
    for place, value in damage:
        content[place] = value
    readable_or_named(bytes(content))


@settings(max_examples=80)
@given(st.data())
def test_damaged_parts_in_a_sound_archive_give_a_roster_or_a_named_refusal(data: st.DataObject) -> None:
    def damage(name: str, part: bytes) -> bytes:
        if not name.startswith("xl/") or "theme" in name:
            return part
        place = data.draw(st.integers(0, len(part) - 1))
        return part[:place] + data.draw(st.binary(max_size=3)) + part[place + 1 :]

    readable_or_named(rezipped(PLAIN, damage))
