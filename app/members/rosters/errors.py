"""Refusals about corrected rosters, beside those of imports."""

from app.kernel.errors import Conflict, Unprocessable
from app.kernel.i18n import Text


class RosterTooLong(Conflict):
    title = Text(
        vi="Quá nhiều đảng viên cho một bảng; hãy chọn từng tổ chức cấp dưới",
        en="Too many members for one spreadsheet; choose an organisation below",
    )


class RosterColumnsWrong(Unprocessable):
    title = Text(vi="Các cột không như bảng đã tải về", en="The columns are not those of the spreadsheet given out")


class RosterHasFormulas(Unprocessable):
    title = Text(vi="Tệp có công thức; hãy dán lại thành giá trị", en="The file has formulas; paste them as values")


class PreviewOutdated(Conflict):
    title = Text(
        vi="Nội dung không còn như khi xem trước; hãy xem lại rồi xác nhận",
        en="What would be changed is not what was previewed; look at it again",
    )
