"""Vietnamese names in order, and found without accents."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from app.members.names import search_key, sort_key


def ordered(*names: str) -> list[str]:
    shuffled = names[::-1]  # a stable sort must not profit from the order given
    return sorted(shuffled, key=lambda name: sort_key(name).encode())


def test_the_given_name_leads_then_family_and_middle_names() -> None:
    names = ["Nguyễn Văn An", "Trần Thị An", "Lê Văn Bình", "Lê Thị Bình", "An Văn Cường"]
    assert ordered(*names) == [
        "Nguyễn Văn An",
        "Trần Thị An",
        "Lê Thị Bình",
        "Lê Văn Bình",
        "An Văn Cường",
    ]


def test_letters_follow_the_vietnamese_alphabet() -> None:
    names = [
        "A",
        "Az",
        "Ăn",
        "Âm",
        "Ba",
        "Da",
        "Dy",
        "Đa",
        "E",
        "Ên",
        "Ga",
        "O",
        "Ôn",
        "Ơn",
        "Pa",
        "U",
        "Ưng",
        "Va",
    ]
    assert ordered(*names) == names


def test_tones_go_level_falling_asking_tumbling_rising_heavy() -> None:
    names = ["Ma", "Mà", "Mả", "Mã", "Má", "Mạ", "Mai", "Mài", "Mây"]
    assert ordered(*names) == names


def test_all_of_one_given_name_stands_before_the_same_with_another_tone() -> None:
    names = ["Vũ Hà", "Bùi Hạ", "Bùi Hai"]
    assert ordered(*names) == names


def test_a_shorter_given_name_comes_before_a_longer_one() -> None:
    assert ordered("Vũ Văn An", "Bùi Văn Anh") == ["Vũ Văn An", "Bùi Văn Anh"]


def test_case_composition_eth_and_tone_placement_do_not_matter() -> None:
    assert sort_key("NGUYỄN VĂN ĐỨC") == sort_key("Nguyễn Văn Đức")
    assert sort_key(unicodedata.normalize("NFD", "Nguyễn Văn Đức")) == sort_key("Nguyễn Văn Đức")
    assert sort_key("Ðức") == sort_key("Đức")
    assert sort_key("Hoà") == sort_key("Hòa")


def test_marks_in_the_names_of_other_peoples_do_not_get_in_the_way() -> None:
    assert sort_key("Y'Bhĕ") == sort_key("YBhe")
    assert sort_key("…") == ""


def test_search_needs_no_accents() -> None:
    assert search_key("  Đỗ   Thị Ý ") == "do thi y"
    assert search_key(unicodedata.normalize("NFD", "ĐƯỜNG")) == "duong"
    assert search_key("Ðặng") == "dang"


@given(st.text(max_size=30))
def test_keys_exist_for_any_text_and_search_keys_are_stable(text: str) -> None:
    assert sort_key(text) == sort_key(text.strip())
    assert search_key(search_key(text)) == search_key(text)
