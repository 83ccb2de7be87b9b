"""Refusals about posts."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class PostNotFound(NotFound):
    title = Text(vi="Không tìm thấy chức vụ", en="There is no such post")


class PostAlreadyHeld(Conflict):
    title = Text(vi="Đồng chí đã giữ chức vụ này trong thời gian đó", en="The member holds this post at that time")


class LastAdministrator(Conflict):
    title = Text(
        vi="Đây là người quản trị cuối cùng của tổ chức cao nhất: hãy giao chức vụ này cho người khác trước",
        en="Nobody else administers the root organisation: give somebody else this post first",
    )


class MemberOutsideOrganisation(Conflict):
    title = Text(
        vi="Đồng chí không sinh hoạt trong tổ chức này hoặc tổ chức bên dưới",
        en="The member's branch is neither this organisation nor below it",
    )
