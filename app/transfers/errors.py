"""Refusals about transfers."""

from app.kernel.errors import Conflict, NotFound, Unprocessable
from app.kernel.i18n import Text


class TransferNotFound(NotFound):
    title = Text(vi="Không tìm thấy hồ sơ chuyển sinh hoạt", en="There is no such transfer")


class AlreadyMoving(Conflict):
    title = Text(
        vi="Đồng chí đang có thủ tục chuyển sinh hoạt hoặc đang sinh hoạt tạm thời ở nơi khác",
        en="This member is moving already, or is a guest of another branch",
    )


class NotYetAMember(Conflict):
    title = Text(vi="Chỉ đảng viên mới chuyển sinh hoạt", en="Only members are transferred")


class TransferDecided(Conflict):
    title = Text(vi="Hồ sơ chuyển sinh hoạt đã được giải quyết", en="The transfer has been decided already")


class NoStayUnderWay(Conflict):
    title = Text(vi="Không có đợt sinh hoạt tạm thời đang diễn ra", en="There is no stay under way")


class DestinationNotValid(Unprocessable):
    title = Text(vi="Không thể chuyển đến nơi này", en="Nobody can be transferred there")
