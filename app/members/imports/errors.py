"""Why a whole roster file is refused, before any of its rows is judged."""

from app.kernel.errors import TooLarge, Unprocessable
from app.kernel.i18n import Text


class RosterUnreadable(Unprocessable):
    title = Text(vi="Không đọc được tệp danh sách", en="The roster file cannot be read")


class RosterTooLarge(TooLarge):
    title = Text(vi="Tệp danh sách quá lớn", en="The roster file is too large")


class RosterHeaderMissing(Unprocessable):
    title = Text(vi="Không tìm thấy dòng tiêu đề cột", en="No row of column headings was found")


class RosterEmpty(Unprocessable):
    title = Text(vi="Danh sách không có đảng viên nào", en="The roster names nobody")
