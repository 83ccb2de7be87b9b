"""Refusals of the meeting, named by the state they stand for."""

from app.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from app.kernel.i18n import Text


class MeetingNotFound(NotFound):
    title = Text(vi="Không tìm thấy cuộc họp", en="There is no such meeting")


class MeetingAlreadyExists(Conflict):
    title = Text(vi="Mã định danh này đã được dùng", en="This id is taken already")


class MeetingNotDraft(Conflict):
    title = Text(vi="Chỉ bản nháp mới làm được việc này", en="Only a draft allows this")


class MeetingNotUpcoming(Conflict):
    title = Text(
        vi="Cuộc họp chưa được thông báo, đã bắt đầu hoặc đã hủy",
        en="The meeting is not announced, has begun or is cancelled",
    )


class MeetingNotInSession(Conflict):
    title = Text(vi="Cuộc họp chưa bắt đầu hoặc đã kết thúc", en="The meeting has not begun or is over")


class MeetingClosed(Conflict):
    title = Text(vi="Cuộc họp đã bắt đầu, kết thúc hoặc bị hủy", en="The meeting has begun, is over or is cancelled")


class MeetingInPast(Unprocessable):
    title = Text(vi="Giờ họp nằm trong quá khứ", en="The meeting would lie in the past")


class MeetingTimePassed(Conflict):
    title = Text(vi="Giờ họp trong bản nháp đã qua", en="The draft's time has passed")


class MeetingPlaceMissing(Conflict):
    title = Text(
        vi="Cần địa điểm hoặc đường dẫn trực tuyến trước khi thông báo",
        en="Name a place or an online address before announcing",
    )


class ReplyClosed(Conflict):
    title = Text(vi="Cuộc họp đã bắt đầu nên không đổi trả lời được", en="The meeting has begun; replies are closed")


class NotConvened(Forbidden):
    title = Text(vi="Đảng viên không thuộc thành phần được triệu tập", en="The member is not convened to this meeting")


class MemberRepliedThemselves(Conflict):
    title = Text(
        vi="Đảng viên đã tự trả lời; chỉ họ đổi được", en="The member has replied themselves; only they can change it"
    )


class MeetingNotBegun(Conflict):
    title = Text(vi="Cuộc họp chưa bắt đầu nên chưa có danh sách điểm danh", en="There is no roll before the meeting")


class MeetingNotEnded(Conflict):
    title = Text(vi="Cuộc họp chưa kết thúc hoặc biên bản đã thông qua", en="The meeting is not over, or is minuted")


class MeetingNotMinuted(Conflict):
    title = Text(vi="Biên bản cuộc họp chưa được thông qua", en="The minutes of the meeting are not approved")


class RollClosed(Conflict):
    title = Text(
        vi="Biên bản đã thông qua nên không sửa điểm danh được", en="The minutes are approved; the roll is closed"
    )


class NotOnRoster(Unprocessable):
    title = Text(vi="Đảng viên không có trong danh sách điểm danh", en="The member is not on the meeting's roster")


class CourseClosed(Conflict):
    title = Text(
        vi="Biên bản đã thông qua nên không sửa diễn biến cuộc họp được",
        en="The minutes are approved; how the meeting ran stays as it is",
    )


class CourseImpossible(Unprocessable):
    title = Text(vi="Cuộc họp không thể bắt đầu và kết thúc như vậy", en="The meeting cannot have begun and ended so")


class GuestNotFound(NotFound):
    title = Text(vi="Không có khách mời này", en="There is no such guest")


class CheckInCodeInvalid(Unprocessable):
    title = Text(vi="Mã điểm danh không phải của cuộc họp này", en="This is not a code of this meeting")


class CheckInCodeExpired(Conflict):
    title = Text(vi="Mã điểm danh đã hết hạn, hãy quét lại", en="The code has expired; scan it again")


class MeetingMinuted(Conflict):
    title = Text(
        vi="Biên bản đã thông qua nên không giao thêm việc được", en="The minutes are approved; no task can be added"
    )


class TaskNotFound(NotFound):
    title = Text(vi="Không tìm thấy việc được giao", en="There is no such task")


class TaskDropped(Conflict):
    title = Text(vi="Việc này không phải làm nữa", en="The task has been dropped")


class NotYourTask(Forbidden):
    title = Text(vi="Việc này được giao cho người khác", en="The task is somebody else's")


class AssigneeNotInBranch(Unprocessable):
    title = Text(
        vi="Người được giao không thuộc chi bộ hoặc cấp ủy", en="The assignee is not of the branch or the committee"
    )
