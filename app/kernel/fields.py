"""Rules of request bodies that types cannot say."""

from app.kernel.i18n import Text


class FieldError(ValueError):
    """A rule that a validator found broken; `below` is a JSON pointer from the validated value to the field."""

    def __init__(self, code: str, text: Text, *, below: str = "") -> None:
        """Keep the stable code and the sentence."""
        super().__init__(code)
        self.code = code
        self.text = text
        self.below = below
