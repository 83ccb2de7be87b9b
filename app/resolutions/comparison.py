"""What changed between two versions, paragraph by paragraph and word by word, at a bounded cost."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby
from uuid import UUID

BUDGET = 3_000_000
"""Units of work for one comparison (see `_cost`): a fraction of a second whatever the texts are."""

_WORDS = re.compile(r"\s+|\S+")
_SENTENCES = re.compile(r"[^.;\n]*[.;\n]+\s*|[^.;\n]+")


class ParagraphChange(StrEnum):
    unchanged = "unchanged"
    changed = "changed"
    added = "added"
    removed = "removed"


class SegmentKind(StrEnum):
    """`same` stands in both texts."""

    same = "same"
    removed = "removed"
    added = "added"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of one version; its id is the same in all of them."""

    id: UUID
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text."""

    kind: SegmentKind
    text: str


@dataclass(frozen=True, slots=True)
class ParagraphComparison:
    """One paragraph in two versions; None where it does not stand in one of them."""

    before: Paragraph | None
    after: Paragraph | None
    change: ParagraphChange
    segments: tuple[Segment, ...]

    @property
    def id(self) -> UUID:
        """Return the paragraph's id."""
        found = self.after or self.before
        assert found is not None
        return found.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions of one resolution."""

    from_version: int
    to_version: int
    title_before: str
    title_after: str
    paragraphs: tuple[ParagraphComparison, ...]


def compare_paragraphs(before: Sequence[Paragraph], after: Sequence[Paragraph]) -> list[ParagraphComparison]:
    """Compare two versions, each in the order of its positions.

    The answer follows the later version; a removed paragraph stands behind the one it used to follow. Once the budget
    is spent, what changed in a paragraph's middle is shown as replaced whole.
    """
    earlier = {paragraph.id: paragraph for paragraph in before}
    later = {paragraph.id for paragraph in after}
    removed_behind: dict[UUID | None, list[Paragraph]] = {}
    kept: UUID | None = None
    for paragraph in before:
        if paragraph.id in later:
            kept = paragraph.id
        else:
            removed_behind.setdefault(kept, []).append(paragraph)
    budget = BUDGET
    compared = [_removed(paragraph) for paragraph in removed_behind.get(None, ())]
    for paragraph in after:
        one, spent = _compare(earlier.get(paragraph.id), paragraph, budget=budget)
        budget -= spent
        compared.append(one)
        compared += [_removed(gone) for gone in removed_behind.get(paragraph.id, ())]
    return compared


def _removed(paragraph: Paragraph) -> ParagraphComparison:
    return ParagraphComparison(
        paragraph, None, ParagraphChange.removed, (Segment(SegmentKind.removed, paragraph.text),)
    )


def _compare(before: Paragraph | None, after: Paragraph, *, budget: int) -> tuple[ParagraphComparison, int]:
    if before is None:
        return ParagraphComparison(None, after, ParagraphChange.added, (Segment(SegmentKind.added, after.text),)), 0
    if before.text == after.text:
        same = (Segment(SegmentKind.same, after.text),)
        return ParagraphComparison(before, after, ParagraphChange.unchanged, same), 0
    segments, spent = compare_words(before.text, after.text, budget=budget)
    return ParagraphComparison(before, after, ParagraphChange.changed, segments), spent


def compare_words(before: str, after: str, *, budget: int = BUDGET) -> tuple[tuple[Segment, ...], int]:
    """Return the runs of words that are the same, removed and added, and the units of work that were spent.

    The runs join to either text: all but the added ones to `before`, all but the removed ones to `after`. Sentences
    that stayed are set aside first, so that words are compared only where sentences changed.
    """
    sentences, spent = _runs(_SENTENCES.findall(before), _SENTENCES.findall(after), budget=budget)
    runs: list[tuple[SegmentKind, str]] = []
    for old, new in sentences:
        if old == new:
            runs.append((SegmentKind.same, old))
            continue
        words, cost = _runs(_WORDS.findall(old), _WORDS.findall(new), budget=budget - spent)
        spent += cost
        for gone, come in words:
            if gone == come:
                runs.append((SegmentKind.same, gone))
            else:
                runs += [(SegmentKind.removed, gone), (SegmentKind.added, come)]
    return _joined(runs), spent


def _runs(old: Sequence[str], new: Sequence[str], *, budget: int) -> tuple[list[tuple[str, str]], int]:
    """Return pairs of texts that stand for each other, equal or replaced, and what it cost."""
    start = _common_length(old, new)
    end = _common_length(old[start:][::-1], new[start:][::-1])
    head, tail = "".join(old[:start]), "".join(old[len(old) - end :])
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    cost = _cost(old, new)
    if cost > budget:
        return [(head, head), ("".join(old), "".join(new)), (tail, tail)], 0
    # White space alone is no match: "junk" is only taken beside words that match.
    matcher = SequenceMatcher(str.isspace, old, new, autojunk=False)
    middle = [("".join(old[a:b]), "".join(new[c:d])) for _, a, b, c, d in matcher.get_opcodes()]
    return [(head, head), *middle, (tail, tail)], cost


def _common_length(one: Sequence[str], other: Sequence[str]) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def _cost(old: Sequence[str], new: Sequence[str]) -> int:
    """Bound the steps of SequenceMatcher: as many searches as words can match, each over all words and all pairs."""
    words, others = (Counter(token for token in tokens if not token.isspace()) for tokens in (old, new))
    pairs = sum(count * others[word] for word, count in words.items())
    matches = sum(min(count, others[word]) for word, count in words.items())
    return (matches + 1) * (len(old) + pairs)


def _joined(runs: Sequence[tuple[SegmentKind, str]]) -> tuple[Segment, ...]:
    """Leave out empty runs, and make one of neighbours of a kind."""
    filled = [(kind, text) for kind, text in runs if text]
    return tuple(
        Segment(kind, "".join(text for _, text in group)) for kind, group in groupby(filled, key=lambda run: run[0])
    )
