"""Refusals of polls, named by the state they stand for."""

from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.i18n import Text


class PollNotFound(NotFound):
    title = Text(vi="Không tìm thấy cuộc biểu quyết", en="There is no such poll")


class PollAlreadyExists(Conflict):
    title = Text(vi="Mã định danh này đã được dùng", en="This id is taken already")


class PollNotDraft(Conflict):
    title = Text(
        vi="Cuộc biểu quyết đã mở nên không thay đổi được nữa",
        en="The poll has been opened and can no longer be changed",
    )


class PollNotOpen(Conflict):
    title = Text(vi="Cuộc biểu quyết chưa mở hoặc đã kết thúc", en="The poll has not been opened or is closed")


class PollHasBallots(Conflict):
    title = Text(
        vi="Đã có người biểu quyết nên chỉ có thể kết thúc cuộc biểu quyết",
        en="Somebody has voted, so the poll can only be closed",
    )


class PollNotClosed(Conflict):
    title = Text(vi="Cuộc biểu quyết chưa kết thúc", en="The poll is not closed yet")


class PollIsSecret(Conflict):
    title = Text(vi="Đây là bỏ phiếu kín", en="This is a secret ballot")


class TooFewElectors(Conflict):
    title = Text(vi="Không đủ đảng viên có quyền biểu quyết", en="There are too few members with a vote")


class MeetingTakesNoPolls(Conflict):
    title = Text(
        vi="Cuộc họp chưa được thông báo, đã kết thúc hoặc đã hủy",
        en="The meeting is not announced, is over or is cancelled",
    )


class NotAnElector(Forbidden):
    title = Text(vi="Đảng viên không có quyền biểu quyết trong lần này", en="The member has no vote in this poll")


class BallotAlreadyCast(Conflict):
    title = Text(vi="Đã biểu quyết với lựa chọn khác", en="A different ballot has been cast already")


class MemberVotedThemselves(Conflict):
    title = Text(
        vi="Đảng viên đã tự biểu quyết; không ghi thay được",
        en="The member has voted themselves; nobody enters it for them",
    )
