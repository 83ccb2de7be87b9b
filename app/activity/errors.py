"""Refusals of activity, named by the state they stand for."""

from app.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from app.kernel.i18n import Text


class ActivityEntryNotFound(NotFound):
    title = Text(vi="Không tìm thấy mục tự ghi", en="There is no such entry")


class ActivityEntryAlreadyExists(Conflict):
    title = Text(vi="Mã định danh này đã được dùng", en="This id is taken already")


class ActivityEntryConfirmed(Conflict):
    title = Text(vi="Mục này đã được xác nhận nên không sửa được", en="The entry is confirmed and cannot be changed")


class ActivityEntryNotSubmitted(Conflict):
    title = Text(vi="Mục này không chờ xác nhận", en="The entry is not waiting for a decision")


class ActivityEntryInFuture(Unprocessable):
    title = Text(vi="Ngày hoạt động nằm trong tương lai", en="The day of the activity lies in the future")


class OwnActivityEntry(Forbidden):
    title = Text(vi="Không ai tự xác nhận mục của mình", en="Nobody judges their own entry")
