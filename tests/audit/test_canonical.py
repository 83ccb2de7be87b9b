"""Canonical JSON against the rules of RFC 8785, written down a second time."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.canonical import canonical, read_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def as_rfc_8785_says(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(SHORT.get(c, f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(as_rfc_8785_says, value)) + "]"
    return "{" + ",".join(f"{as_rfc_8785_says(k)}:{as_rfc_8785_says(value[k])}" for k in sorted(value)) + "}"


def equal(one: Any, other: Any) -> bool:
    """Python takes True for 1; JSON does not."""
    return as_rfc_8785_says(one) == as_rfc_8785_says(other)


@given(VALUES)
def test_it_is_written_as_the_rules_say(value: Any) -> None:
    assert canonical(value).decode() == as_rfc_8785_says(value)


@given(VALUES)
def test_what_is_read_back_is_the_same_however_it_was_written(value: Any) -> None:
    def backwards(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(reversed(pairs))

    for text in (canonical(value).decode(), json.dumps(value, indent=2), json.dumps(value, ensure_ascii=False)):
        shuffled = json.dumps(json.loads(text, object_pairs_hook=backwards))
        assert canonical(read_json(shuffled)) == canonical(value)


@given(VALUES, VALUES)
def test_two_values_share_no_text(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) is equal(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "true"), ("1", "1.0"), ("1.50", '"1.50"'), ("0.1", "0.10000000000000000001"), ("5", '"5"'),
     ("9" * 30, '"' + "9" * 30 + '"'), ("9" * 5_000, "9" * 4_999), ("null", '""'), ("[]", "{}")],
)  # fmt: skip
def test_no_two_values_of_a_jsonb_are_taken_for_each_other(one: str, other: str) -> None:
    assert canonical(read_json(one)) != canonical(read_json(other))


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical("\ud800")
