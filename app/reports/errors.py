"""Refusals of reports."""

from app.kernel.errors import Conflict, NotFound, Unprocessable
from app.kernel.i18n import Text


class ReportPeriodInvalid(Unprocessable):
    title = Text(
        vi="Kỳ báo cáo kết thúc trước khi bắt đầu hoặc quá dài",
        en="The period ends before it begins, or is too long",
    )


class TargetTermInvalid(Unprocessable):
    title = Text(vi="Nhiệm kỳ phải dài từ hai đến năm năm", en="A term lasts from two to five years")


class TargetNotFound(NotFound):
    title = Text(vi="Chưa đặt chỉ tiêu này", en="No such plan is set")


class RatingNotFound(NotFound):
    title = Text(
        vi="Chi bộ không có đảng viên này, hoặc năm đó chưa xếp loại",
        en="This is no member of the branch, or they are not rated for that year",
    )


class RatingsNotForBranch(Conflict):
    title = Text(vi="Chỉ chi bộ xếp loại đảng viên", en="Members are rated in branches only")


class RatedElsewhere(Unprocessable):
    title = Text(vi="Có người không phải đảng viên của chi bộ này", en="Somebody is no member of this branch")
