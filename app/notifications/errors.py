"""Refusals of the inbox."""

from app.kernel.errors import NotFound
from app.kernel.i18n import Text


class NotificationNotFound(NotFound):
    title = Text(vi="Không tìm thấy thông báo", en="There is no such notification")
