"""Refusals of the calendar, named by the state they stand for."""

from app.kernel.errors import Gone, NotFound
from app.kernel.i18n import Text


class CalendarNotFound(NotFound):
    title = Text(vi="Không có lịch nào ở địa chỉ này", en="There is no calendar at this address")


class CalendarRevoked(Gone):
    title = Text(
        vi="Địa chỉ lịch này đã bị thu hồi, hãy lấy địa chỉ mới trong ứng dụng",
        en="This address has been revoked; get a new one in the app",
    )
