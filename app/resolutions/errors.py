"""Refusals of resolutions, named by the state they stand for."""

from app.kernel.errors import Conflict, NotFound, Unprocessable
from app.kernel.i18n import Text


class ResolutionNotFound(NotFound):
    title = Text(vi="Không tìm thấy nghị quyết", en="There is no such resolution")


class ResolutionVersionNotFound(NotFound):
    title = Text(vi="Nghị quyết không có bản này", en="The resolution has no such version")


class ResolutionAlreadyExists(Conflict):
    title = Text(vi="Mã định danh này đã được dùng", en="This id is taken already")


class ResolutionNotDraft(Conflict):
    title = Text(vi="Chỉ bản nháp mới làm được việc này", en="Only a draft allows this")


class ResolutionNotOpen(Conflict):
    title = Text(vi="Dự thảo không trong thời gian góp ý", en="The draft is not open for comments")


class ResolutionNotClosed(Conflict):
    title = Text(
        vi="Chỉ quyết định được khi đã kết thúc góp ý và chưa có quyết định",
        en="It can be decided once comments are closed, and once only",
    )


class ResolutionDecided(Conflict):
    title = Text(vi="Nghị quyết đã được quyết định", en="The resolution is decided already")


class CommentsUntilOutOfRange(Unprocessable):
    title = Text(vi="Hạn góp ý phải sau hiện tại và trong vòng một năm", en="Comments end after now and within a year")


class ResolutionMeetingUnknown(Unprocessable):
    title = Text(vi="Tổ chức không có cuộc họp này", en="The organisation has no such meeting")


class ParagraphUnknown(Unprocessable):
    title = Text(vi="Nghị quyết không có đoạn này", en="The resolution has no such paragraph")


class PollMissing(Conflict):
    title = Text(vi="Cần nêu cuộc biểu quyết đã thông qua", en="Name the poll that decided")


class PollNotOfResolution(Conflict):
    title = Text(vi="Cuộc biểu quyết không phải về nghị quyết này", en="The poll is not about this resolution")


class ResolutionRevisedSincePoll(Conflict):
    title = Text(
        vi="Nghị quyết đã được sửa sau khi mở biểu quyết; cần biểu quyết lại",
        en="The resolution was rewritten after the poll was opened; vote again",
    )


class PollNotPassed(Conflict):
    title = Text(vi="Cuộc biểu quyết không thông qua nghị quyết", en="The poll did not pass the resolution")
