"""Refusals of privacy, named by the state they stand for."""

from app.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from app.kernel.i18n import Text


class ConsentTextUnknown(Unprocessable):
    title = Text(vi="Không có văn bản đồng ý nào của phiên bản này", en="There is no consent text of this version")


class ConsentTextReplaced(Conflict):
    title = Text(vi="Đã có văn bản mới hơn, hãy đọc lại", en="A newer text is in force; read that one")


class ConsentNotGiven(Conflict):
    title = Text(vi="Đồng chí chưa đồng ý nên không có gì để rút lại", en="There is no consent to withdraw")


class CorrectionRequestNotFound(NotFound):
    title = Text(vi="Không tìm thấy đề nghị sửa hồ sơ", en="There is no such correction request")


class CorrectionAlreadyRequested(Conflict):
    title = Text(vi="Đã có đề nghị sửa mục này đang chờ", en="A request for this field is waiting already")


class CorrectionChangesNothing(Conflict):
    title = Text(vi="Hồ sơ đã ghi như vậy", en="The record says so already")


class CorrectionRequestSettled(Conflict):
    title = Text(vi="Đề nghị này đã được giải quyết hoặc đã rút", en="The request is decided or withdrawn")


class OwnCorrectionRequest(Forbidden):
    title = Text(vi="Không ai tự quyết định đề nghị của mình", en="Nobody decides their own request")


class StillAMember(Conflict):
    title = Text(vi="Đồng chí này còn sinh hoạt đảng", en="This person's membership has not ended")
