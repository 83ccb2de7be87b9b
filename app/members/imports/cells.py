"""One cell of a roster, read as what its column holds; each reader refuses with a code and a sentence."""

import re
from datetime import date, datetime, timedelta
from typing import Literal

from app.kernel.i18n import Text
from app.kernel.phones import parse_phone
from app.members.imports.headings import normalise
from app.members.imports.sheets import Cell, clean_text

Sex = Literal["male", "female"]

LONGEST_NAME = 120
LONGEST_TEXT = 500

_EXCEL_EPOCH = date(1899, 12, 30)
_LAST_SERIAL = 110_000  # the year 2201
_EARLIEST_YEAR = 1900
_YEARS = range(_EARLIEST_YEAR, 2101)

_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_DAY_FIRST = re.compile(rf"(\d{{1,2}}) ?[/.\-] ?(\d{{1,2}}) ?[/.\-] ?(\d{{4}}){_TIME}", re.ASCII)
_YEAR_FIRST = re.compile(rf"(\d{{4}}) ?[/.\-] ?(\d{{1,2}}) ?[/.\-] ?(\d{{1,2}}){_TIME}", re.ASCII)
_MONTH_ONLY = re.compile(r"\d{1,2} ?[/.\-] ?\d{4}|\d{4} ?[/.\-] ?\d{1,2}", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2} ?[/.\-] ?\d{1,2} ?[/.\-] ?\d{2}", re.ASCII)

_NOTHING = frozenset({"", "khong", "khong co", "chua", "chua co", "none", "n a"})
_MARKS = frozenset({"x", "v", "✓", "✔", "+", "1", "√", "☑", "☒", "*"})
_SEXES: dict[str, Sex] = {
    "nam": "male",
    "male": "male",
    "m": "male",
    "nu": "female",
    "female": "female",
    "f": "female",
}

_CARD_LENGTHS = range(4, 15)
_CARD_FULL_LENGTH = 8
_CITIZEN_LENGTHS = {8: 9, 9: 9, 10: 12, 11: 12, 12: 12}
"""Digits found → digits meant: 9 (CMND) or 12 (CCCD). Excel drops leading zeros, at most two of a CCCD:
province codes run from 001 to 096 (Circular 07/2016/TT-BCA)."""


class CellError(ValueError):
    """A cell that does not hold what its column asks for: a stable code and a sentence for the person."""

    def __init__(self, code: str, *, vi: str, en: str) -> None:
        """Keep the code and the sentence."""
        super().__init__(code)
        self.code = code
        self.text = Text(vi=vi, en=en)


def is_nothing(cell: Cell) -> bool:
    """Tell whether the cell is empty or says so in words ("-", "không có")."""
    return isinstance(cell, str) and (not cell or normalise(cell[:LONGEST_NAME]) in _NOTHING)


def is_mark(cell: Cell) -> bool:
    """Tell whether the cell only ticks its column, as the Nam | Nữ columns of official lists do."""
    return text_of(cell).casefold() in _MARKS


def is_sex(cell: Cell) -> bool:
    """Tell whether the cell says a sex in words."""
    return normalise(text_of(cell)) in _SEXES


def read_text(cell: Cell) -> str:
    """Return the cell's text in NFC, trimmed; at most `LONGEST_TEXT` characters."""
    text = text_of(cell)
    if len(text) > LONGEST_TEXT:
        raise CellError(
            "text_too_long", vi=f"Dài hơn {LONGEST_TEXT} ký tự.", en=f"Longer than {LONGEST_TEXT} characters."
        )
    return text


def read_name(text: str) -> str:
    """Return a person's name; refuses one without letters or longer than `LONGEST_NAME` characters."""
    if len(text) > LONGEST_NAME or not any(map(str.isalpha, text)):
        raise CellError("name_unreadable", vi="Không phải họ tên.", en="This is no person's name.")
    return text


def read_date(cell: Cell) -> date:
    """Return the day of an Excel date, an Excel serial number, dd/mm/yyyy, d-m-yyyy, d.m.yyyy or yyyy-mm-dd.

    A month or a year alone, a two-digit year and days that never were are refused, each with its own code.
    """
    if isinstance(cell, datetime):
        day = cell.date()
    elif isinstance(cell, date):
        day = cell
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        day = _date_of_number(cell)
    else:
        day = _date_of_text(text_of(cell))
    if day.year < _EARLIEST_YEAR:
        raise CellError("date_before_1900", vi="Ngày trước năm 1900.", en="The date lies before 1900.")
    return day


def read_phone(cell: Cell) -> str:
    """Return the number in E.164; see `app.kernel.phones.parse_phone` for what is understood."""
    phone = parse_phone(_digits_text(cell))
    if phone is None:
        raise CellError(
            "phone_unreadable",
            vi="Không phải số điện thoại; ví dụ đúng: 0912 345 678.",
            en="This is no phone number; a right one: 0912 345 678.",
        )
    return phone


def read_card_number(cell: Cell) -> str:
    """Return the digits of a party card number, as text; dots and spaces between them do not count."""
    digits = re.sub(r"[ .\-]", "", _digits_text(cell))
    if not re.fullmatch(r"[0-9]+", digits) or len(digits) not in _CARD_LENGTHS:
        raise CellError(
            "card_number_unreadable",
            vi="Số thẻ đảng chỉ gồm chữ số, thường là 8 chữ số.",
            en="A party card number is digits only, usually 8.",
        )
    return digits


def is_usual_card_number(card_number: str) -> bool:
    """Tell whether the number has the usual eight digits; a shorter one may have lost zeros in Excel."""
    return len(card_number) == _CARD_FULL_LENGTH


def read_citizen_id(cell: Cell) -> str:
    """Return the 12 digits of a citizen id or the 9 of an old identity card, lost leading zeros restored."""
    digits = re.sub(r"[ .\-]", "", _digits_text(cell))
    if not re.fullmatch(r"[0-9]+", digits) or len(digits) not in _CITIZEN_LENGTHS:
        raise CellError(
            "citizen_id_unreadable",
            vi="Số căn cước gồm 12 chữ số (CMND cũ: 9 chữ số).",
            en="A citizen id has 12 digits (an old identity card 9).",
        )
    return digits.zfill(_CITIZEN_LENGTHS[len(digits)])


def read_sex(cell: Cell) -> Sex:
    """Return the sex of nam, nữ, male or female, in any case, with or without accents."""
    sex = _SEXES.get(normalise(text_of(cell)))
    if sex is None:
        raise CellError("sex_unreadable", vi="Chỉ nhận “Nam” hoặc “Nữ”.", en="Only “Nam” (male) or “Nữ” (female).")
    return sex


def _date_of_number(number: float) -> date:
    if number in _YEARS:
        raise _only_year()
    if not 1 <= number < _LAST_SERIAL:
        raise _no_date()
    return _EXCEL_EPOCH + timedelta(days=int(number))


def _date_of_text(text: str) -> date:
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match.groups()
    elif _MONTH_ONLY.fullmatch(text):
        raise CellError(
            "date_without_day",
            vi="Thiếu ngày; cần đủ ngày/tháng/năm.",
            en="The day is missing; write day/month/year in full.",
        )
    elif _SHORT_YEAR.fullmatch(text):
        raise CellError("date_short_year", vi="Viết năm đủ bốn chữ số.", en="Write the year with its four digits.")
    elif re.fullmatch(r"[0-9]{4}", text):
        raise _only_year()
    else:
        raise _no_date()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise CellError(
            "date_impossible",
            vi=f"Không có ngày {text}; viết theo ngày/tháng/năm.",
            en=f"There is no {text}; write day/month/year.",
        ) from None


def _only_year() -> CellError:
    return CellError(
        "date_only_year",
        vi="Chỉ có năm; cần đủ ngày/tháng/năm.",
        en="Only a year; write day/month/year in full.",
    )


def _no_date() -> CellError:
    return CellError(
        "date_unreadable",
        vi="Không phải ngày; viết ngày/tháng/năm, ví dụ 03/02/1990.",
        en="This is no date; write day/month/year, for example 03/02/1990.",
    )


def text_of(cell: Cell) -> str:
    """Return what a person sees in the cell, in NFC and trimmed; whole numbers without decimals."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.strftime("%d/%m/%Y")
    return clean_text(str(cell))


def _digits_text(cell: Cell) -> str:
    # `'0912…` is how people force text in Excel; `912345678.0` how other programs export a number.
    text = text_of(cell).removeprefix("'")
    return text[:-2] if re.fullmatch(r"[0-9]+\.0", text) else text
