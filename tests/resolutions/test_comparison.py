from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.organisations.models import OrganisationKind
from app.resolutions.comparison import (
    Paragraph,
    ParagraphChange,
    Segment,
    SegmentKind,
    compare_paragraphs,
    compare_words,
)
from app.resolutions.numbering import quoted_number

SAME, REMOVED, ADDED = SegmentKind.same, SegmentKind.removed, SegmentKind.added
TEXTS = st.text(alphabet="ab .\n;ố", max_size=60)


def before(segments: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in segments if segment.kind is not ADDED)


def after(segments: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in segments if segment.kind is not REMOVED)


@given(TEXTS, TEXTS, st.sampled_from([0, 20, 1_000_000]))
@settings(max_examples=300)
def test_segments_join_to_both_texts_whatever_the_budget(old: str, new: str, budget: int) -> None:
    segments, spent = compare_words(old, new, budget=budget)
    assert (before(segments), after(segments)) == (old, new)
    assert all(segment.text for segment in segments)
    assert spent <= budget


def test_changed_words_stand_between_those_that_stayed() -> None:
    segments, _ = compare_words(
        "Thu đảng phí. Mở rộng đường thôn trong quý II. Hết.", "Thu đảng phí. Mở rộng ngõ thôn trong quý I. Hết."
    )
    assert segments == (
        Segment(SAME, "Thu đảng phí. Mở rộng "),
        Segment(REMOVED, "đường"),
        Segment(ADDED, "ngõ"),
        Segment(SAME, " thôn trong quý "),
        Segment(REMOVED, "II."),
        Segment(ADDED, "I."),
        Segment(SAME, " Hết."),
    )


def test_beyond_the_budget_only_the_ends_are_matched() -> None:
    segments, spent = compare_words("một hai ba bốn năm", "một 2 ba 4 năm", budget=0)
    assert segments == (
        Segment(SAME, "một "),
        Segment(REMOVED, "hai ba bốn"),
        Segment(ADDED, "2 ba 4"),
        Segment(SAME, " năm"),
    )
    assert spent == 0


def test_paragraphs_are_matched_by_their_ids_and_removed_ones_keep_their_place() -> None:
    gone_first, kept, gone, changed, new = (uuid4() for _ in range(5))
    old = [
        Paragraph(gone_first, 1, "đầu"),
        Paragraph(kept, 2, "giữ"),
        Paragraph(gone, 3, "bỏ"),
        Paragraph(changed, 4, "cũ"),
    ]
    later = [Paragraph(kept, 1, "giữ"), Paragraph(new, 2, "thêm"), Paragraph(changed, 3, "mới")]
    compared = compare_paragraphs(old, later)
    assert [(one.id, one.change) for one in compared] == [
        (gone_first, ParagraphChange.removed),
        (kept, ParagraphChange.unchanged),
        (gone, ParagraphChange.removed),
        (new, ParagraphChange.added),
        (changed, ParagraphChange.changed),
    ]


def repeated(count: int, words: str) -> list[Paragraph]:
    return [Paragraph(UUID(int=place), place, words) for place in range(1, count + 1)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 2500, "b " + "a " * 2498 + "b"),
        ("x " + " ".join(f"a {chr(0x4E00 + n)}" for n in range(200)), "y " + " ".join(f"a {n}" for n in range(200))),
        (
            " ".join(f"{chr(0x4E00 + n)} {n % 7}" for n in range(1200)),
            " ".join(f"{chr(0x4E00 + n)}" for n in range(1200)),
        ),
        ("." * 5000, ";" * 5000),
        ("x" + " " * 4999, " " * 4999 + "x"),
        ("a." * 2500, "b." + "a." * 2498 + "b."),
    ],
    ids=["one word", "pairs of one word", "many blocks", "no words", "spaces", "one sentence"],
)
def test_the_largest_and_oddest_resolutions_are_compared(old: str, new: str) -> None:
    before, after = repeated(200, old[:5000]), repeated(200, new[:5000])
    compared = compare_paragraphs(before, after)
    assert len(compared) == 200


def test_number_says_whose_resolution_it_is() -> None:
    assert quoted_number(5, kind=OrganisationKind.branch) == "Số 05-NQ/CB"
    assert quoted_number(112, kind=OrganisationKind.commune) == "Số 112-NQ/ĐU"
