"""Refusals about members; a value that somebody else has is refused without saying who."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class MemberNotFound(NotFound):
    title = Text(vi="Không tìm thấy đảng viên", en="There is no such member")


class MemberIdTaken(Conflict):
    title = Text(vi="Mã định danh này đã dùng cho người khác", en="Another member has this id")


class CardNumberTaken(Conflict):
    title = Text(vi="Số thẻ đảng này đã có trong hệ thống", en="This party card number is on record already")


class CitizenIdTaken(Conflict):
    title = Text(vi="Số căn cước này đã có trong hệ thống", en="This citizen id is on record already")


class PhoneTaken(Conflict):
    title = Text(vi="Số điện thoại này đã có trong hệ thống", en="This phone number is on record already")


class NotABranch(Conflict):
    title = Text(vi="Chỉ chi bộ mới kết nạp đảng viên", en="Only a branch enrols members")


class FormerMember(Conflict):
    title = Text(vi="Đồng chí này không còn sinh hoạt ở đây", en="This person's membership has ended")


class CorrectionTooLate(Conflict):
    title = Text(
        vi="Đã quá thời hạn sửa nhầm lẫn; nếu đồng chí trở lại thì nhập mới vào chi bộ",
        en="It is too late to correct a mistake; who comes back is entered anew",
    )


class MembershipDatesFixed(Conflict):
    title = Text(
        vi="Đảng viên đã chuyển hoặc thôi sinh hoạt: không sửa được ngày vào Đảng, ngày chính thức",
        en="Transferred or ended membership: its admission and official dates can no longer be corrected",
    )


class StillCandidate(Conflict):
    title = Text(
        vi="Đồng chí là quần chúng ưu tú, chưa phải đảng viên", en="This person is a candidate and not a member yet"
    )


class RosterHasErrors(Conflict):
    title = Text(vi="Danh sách còn dòng lỗi nên chưa nhập dòng nào", en="Some rows have errors, so no row was imported")
