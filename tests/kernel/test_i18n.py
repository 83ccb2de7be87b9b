"""The language of the answer is the reader's wish, and Vietnamese when in doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.i18n import Locale, Text, negotiate


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "vi"),
        ("", "vi"),
        ("*", "vi"),
        ("en", "en"),
        ("EN-us", "en"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en;q=0.8, vi;q=0.9", "vi"),
        ("en, vi", "en"),
        ("de, fr;q=0.5", "vi"),
        ("de, en;q=0.1", "en"),
        ("en;q=0, vi;q=0", "vi"),
        ("en;q=high", "vi"),
        ("en;q=nan", "vi"),
        (",,;q=,", "vi"),
    ],
)
def test_the_wish_is_understood(header: str | None, chosen: str) -> None:
    assert negotiate(header) is Locale(chosen)


@given(st.text())
def test_no_wish_is_a_failure(header: str) -> None:
    assert negotiate(header) in Locale


def test_places_are_filled_in_both_languages() -> None:
    text = Text(vi="Chào {name}", en="Hello {name}").format(name="Cường")

    assert (text.to(Locale.vi), text.to(Locale.en)) == ("Chào Cường", "Hello Cường")


def test_a_place_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        Text(vi="Chào {name}", en="Hello").format(other=1)
