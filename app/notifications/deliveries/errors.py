"""Refusals about deliveries."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class DeliveryNotFound(NotFound):
    title = Text(vi="Không tìm thấy lượt gửi này", en="There is no such delivery")


class NoticeOver(Conflict):
    title = Text(vi="Thông báo đã hết hạn hoặc đã thu hồi", en="The notice has expired or was withdrawn")


class DeliveryNotDeadLetter(Conflict):
    title = Text(vi="Lượt gửi này không phải là lượt bị trả lại", en="This delivery was not refused")
