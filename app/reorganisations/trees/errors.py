"""Why a whole file is refused before its rows are judged, or all of it because of them."""

from app.kernel.errors import Conflict, TooLarge, Unprocessable
from app.kernel.i18n import Text


class TreeUnreadable(Unprocessable):
    title = Text(vi="Không đọc được tệp cây tổ chức", en="The file of organisations cannot be read")


class TreeTooLarge(TooLarge):
    title = Text(vi="Tệp cây tổ chức quá lớn", en="The file of organisations is too large")


class TreeColumnsWrong(Unprocessable):
    title = Text(vi="Các cột của tệp chưa đúng", en="The file's columns are not the right ones")


class TreeHasFormulas(Unprocessable):
    title = Text(vi="Tệp có công thức; hãy dán lại thành giá trị", en="The file has formulas; paste them as values")


class TreeEmpty(Unprocessable):
    title = Text(vi="Tệp không có tổ chức nào", en="The file names no organisation")


class TreeHasErrors(Conflict):
    title = Text(vi="Còn dòng lỗi nên chưa tạo tổ chức nào", en="Some rows have errors, so no organisation was founded")
