"""Refusals of minutes, named by the state they stand for."""

from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.i18n import Text


class MinutesNotFound(NotFound):
    title = Text(vi="Không tìm thấy biên bản", en="There are no such minutes")


class MinutesTooEarly(Conflict):
    title = Text(vi="Biên bản có sau khi cuộc họp kết thúc", en="There are minutes once the meeting has ended")


class MinutesFrozen(Conflict):
    title = Text(vi="Biên bản đã được thông qua nên không sửa được", en="The minutes are approved and cannot change")


class MinutesAlreadySent(Conflict):
    title = Text(vi="Biên bản đã được gửi lấy ý kiến", en="The minutes have been sent for remarks already")


class MinutesNotInReview(Conflict):
    title = Text(vi="Biên bản không ở bước lấy ý kiến", en="The minutes are not open for remarks")


class MinutesNotApproved(Conflict):
    title = Text(
        vi="Chỉ công bố được biên bản đã thông qua và chưa công bố",
        en="Only minutes that are approved, and not published yet, can be published",
    )


class NotAnAttendee(Forbidden):
    title = Text(vi="Chỉ người dự họp góp ý được vào biên bản", en="Only those who took part may remark on the minutes")


class RemarkNotFound(NotFound):
    title = Text(vi="Không tìm thấy góp ý", en="There is no such remark")
