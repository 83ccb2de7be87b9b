"""Refusals about duplicates."""

from app.kernel.errors import Unprocessable
from app.kernel.i18n import Text


class OnePersonOnly(Unprocessable):
    title = Text(vi="Cần hai hồ sơ khác nhau", en="Two different records are needed")
