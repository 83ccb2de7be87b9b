"""Refusals of catching up."""

from app.kernel.errors import Gone
from app.kernel.i18n import Text


class SyncCursorExpired(Gone):
    title = Text(
        vi="Con trỏ đồng bộ đã quá cũ, hãy tải lại từ đầu", en="The sync cursor is too old; start again without one"
    )
