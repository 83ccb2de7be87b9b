"""Numbers that name a person: their shape, and their masks for everyone but the person (domain.md 6)."""

import re

_SEPARATORS = re.compile(r"[ .\-]")


def parse_card_number(text: str) -> str | None:
    """Return the digits of a party card number, usually 8 and never more than 14; None when it is none."""
    digits = _SEPARATORS.sub("", text)
    return digits if re.fullmatch(r"[0-9]{4,14}", digits) else None


def parse_citizen_id(text: str) -> str | None:
    """Return the 12 digits of a citizen id or the 9 of an old identity card; None when it is neither."""
    digits = _SEPARATORS.sub("", text)
    return digits if re.fullmatch(r"[0-9]{12}|[0-9]{9}", digits) else None


def mask_phone(phone: str) -> str:
    """Show the country's first digits and the last three: `+84*****001`; the length is not told."""
    return f"{phone[:3]}*****{phone[-3:]}"


def mask_citizen_id(citizen_id: str) -> str:
    """Show the last four digits: `********1234`."""
    return f"********{citizen_id[-4:]}"
