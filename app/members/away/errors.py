"""Refusals about time away."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class AwayPeriodNotFound(NotFound):
    title = Text(vi="Không tìm thấy đợt đi làm ăn xa", en="There is no such time away")


class AwayPeriodsOverlap(Conflict):
    title = Text(vi="Đã có một đợt đi làm ăn xa trong những ngày này", en="There is a time away on these days already")
