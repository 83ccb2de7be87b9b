"""Texts for people: Vietnamese first, English second, chosen by the reader's wish."""

from dataclasses import dataclass
from enum import StrEnum


class Locale(StrEnum):
    """The languages this server speaks."""

    vi = "vi"
    en = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; `{name}` places are filled by `format`."""

    vi: str
    en: str

    def to(self, locale: Locale) -> str:
        """Return the text in the reader's language."""
        return self.vi if locale is Locale.vi else self.en

    def format(self, **values: object) -> "Text":
        """Fill the named places; raises KeyError for a place without a value."""
        return Text(vi=self.vi.format(**values), en=self.en.format(**values))


def negotiate(accept_language: str | None) -> Locale:
    """Choose the language for an `Accept-Language` header (RFC 9110, 12.5.4); Vietnamese when in doubt."""
    wishes: list[tuple[float, Locale]] = []
    for part in (accept_language or "").split(","):
        tag, _, quality = part.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        if primary not in Locale.__members__:
            continue
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            wishes.append((-weight, Locale(primary)))
    return min(wishes, key=lambda wish: wish[0])[1] if wishes else Locale.vi
