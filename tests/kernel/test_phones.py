"""Phone numbers as people and spreadsheets write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.phones import parse_phone


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("0900000001", "+84900000001"),
        ("0912 345 678", "+84912345678"),
        ("0912.345.678", "+84912345678"),
        ("(0912) 345-678", "+84912345678"),
        ("912345678", "+84912345678"),
        ("84912345678", "+84912345678"),
        ("+84912345678", "+84912345678"),
        ("+84 (0)912 345 678", "+84912345678"),
        ("0084912345678", "+84912345678"),
        ("\u202a0912\u00a0345\u00a0678\u202c", "+84912345678"),
        ("845678901", "+84845678901"),
        ("0845678901", "+84845678901"),
        ("84845678901", "+84845678901"),
        ("024 3825 1234", "+842438251234"),
        ("842438251234", "+842438251234"),
        ("+49 151 12345678", "+4915112345678"),
        ("0049 151 12345678", "+4915112345678"),
    ],
)
def test_a_number_is_understood_however_it_is_written(typed: str, stored: str) -> None:
    assert parse_phone(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "không có",
        "0912 345 67",
        "0912 345 6789",
        "01234567890",
        "0112345678",
        "0912345678 / 0987654321",
        "+84 123",
        "+0123456789",
        "+1234567890123456",
        "++84912345678",
        "٠٩١٢٣٤٥٦٧٨",
        "9" * 1000,
    ],
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert parse_phone(typed) is None


@given(st.text(alphabet="+0123456789 .-()", max_size=20))
def test_a_parsed_number_parses_to_itself(text: str) -> None:
    parsed = parse_phone(text)
    assert parsed is None or parse_phone(parsed) == parsed
