"""Refusals of announcements, named by the state they stand for."""

from app.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from app.kernel.i18n import Text


class AnnouncementNotFound(NotFound):
    title = Text(vi="Không tìm thấy thông báo này", en="There is no such announcement")


class AnnouncementAlreadyExists(Conflict):
    title = Text(vi="Mã định danh của thông báo đã được dùng", en="This id of an announcement is taken already")


class OrganisationNotYoursToAddress(Forbidden):
    title = Text(
        vi="Đồng chí không được gửi thông báo tới tổ chức này",
        en="An announcement to this organisation is not yours to send",
    )


class AnnouncementNotDraft(Conflict):
    title = Text(vi="Chỉ bản nháp mới đăng được", en="Only a draft can be published")


class AnnouncementAlreadyPublished(Conflict):
    title = Text(vi="Thông báo đã đăng nên không sửa được", en="The announcement is published and cannot be changed")


class AnnouncementWithdrawn(Conflict):
    title = Text(vi="Thông báo đã được thu hồi", en="The announcement has been withdrawn")


class AnnouncementTimePassed(Conflict):
    title = Text(vi="Thời hạn của thông báo đã qua", en="The announcement's end has passed")


class PublicationInPast(Unprocessable):
    title = Text(vi="Giờ đăng nằm trong quá khứ", en="The publication would lie in the past")


class ExpiryTooEarly(Unprocessable):
    title = Text(vi="Thông báo hết hạn trước khi được đăng", en="The announcement would expire before it is published")


class AcknowledgementNotAsked(Conflict):
    title = Text(vi="Thông báo này không yêu cầu xác nhận", en="This announcement asks for no acknowledgement")


class NotAddressed(Forbidden):
    title = Text(vi="Thông báo này không gửi tới đồng chí", en="This announcement is not addressed to you")
