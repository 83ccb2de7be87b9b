"""Refusals of comments, named by the state they stand for."""

from app.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from app.kernel.i18n import Text


class CommentNotFound(NotFound):
    title = Text(vi="Không tìm thấy góp ý", en="There is no such comment")


class CommentNotYours(Forbidden):
    title = Text(vi="Chỉ người viết mới sửa hoặc xóa được góp ý", en="Only its author changes a comment")


class CommentAlreadyExists(Conflict):
    title = Text(vi="Mã định danh này đã được dùng", en="This id is taken already")


class CommentsClosed(Conflict):
    title = Text(vi="Không trong thời gian góp ý", en="Comments are not open")


class CommentAlreadyAnswered(Conflict):
    title = Text(vi="Góp ý đã được trả lời nên không đổi được", en="The comment is answered and stays as it is")


class CommentIsYourOwn(Conflict):
    title = Text(vi="Không tự ủng hộ góp ý của mình", en="Nobody supports their own comment")


class CommentPlaceUnknown(Unprocessable):
    title = Text(vi="Không có bản hoặc đoạn được góp ý", en="There is no such version or paragraph")
