"""Refusals about the tree of organisations."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class OrganisationNotFound(NotFound):
    title = Text(vi="Không tìm thấy tổ chức", en="There is no such organisation")


class OrganisationIdTaken(Conflict):
    title = Text(vi="Mã định danh này đã dùng cho tổ chức khác", en="Another organisation has this id")


class OrganisationCodeTaken(Conflict):
    title = Text(vi="Mã tổ chức này đã được dùng", en="This official code is in use")


class OrganisationHasEnded(Conflict):
    title = Text(
        vi="Tổ chức này đã kết thúc hoạt động: chỉ còn để đọc", en="This organisation has ended: it can only be read"
    )
