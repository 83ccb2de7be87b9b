"""Refusals about decisions on a membership."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class StandingNotFound(NotFound):
    title = Text(vi="Không tìm thấy quyết định này", en="There is no such decision")


class StandingsOverlap(Conflict):
    title = Text(
        vi="Trong thời gian này đồng chí đã có trạng thái như vậy", en="The member has this standing on these days"
    )


class StandingRevoked(Conflict):
    title = Text(vi="Quyết định này đã được hủy vì ghi nhầm", en="This decision was revoked as a mistake")


class StandingFinal(Conflict):
    title = Text(
        vi="Trạng thái này không có ngày kết thúc; nếu ghi nhầm thì hủy", en="This is final; revoke it if it is wrong"
    )


class StandingOver(Conflict):
    title = Text(vi="Trạng thái này đã kết thúc", en="This is over already")
