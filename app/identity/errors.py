"""Refusals of signing in; what must look alike is one class."""

from app.kernel.errors import Conflict, NotFound, NotSignedIn, Unprocessable
from app.kernel.i18n import Text


class CredentialsRefused(NotSignedIn):
    title = Text(vi="Số điện thoại hoặc mật khẩu không đúng", en="The phone number or the password is wrong")


class ActivationRefused(NotSignedIn):
    title = Text(vi="Mã kích hoạt không đúng hoặc đã hết hạn", en="The activation code is wrong or has expired")


class RefreshRefused(NotSignedIn):
    title = Text(vi="Phiên đăng nhập đã kết thúc, hãy đăng nhập lại", en="The session has ended; sign in again")


class PasswordTooCommon(Unprocessable):
    title = Text(
        vi="Mật khẩu này quá dễ đoán, hãy chọn mật khẩu khác", en="This password is too easy to guess; choose another"
    )


class MemberHasNoPhone(Conflict):
    title = Text(
        vi="Hồ sơ đảng viên chưa có số điện thoại nên chưa thể cấp mã",
        en="The member's record holds no phone number, so no code can be issued",
    )


class MembershipEnded(Conflict):
    title = Text(vi="Đảng viên không còn sinh hoạt ở đây", en="The membership has ended")


class SessionNotFound(NotFound):
    title = Text(vi="Không tìm thấy phiên đăng nhập", en="There is no such session")


class DeviceNotFound(NotFound):
    title = Text(vi="Không tìm thấy thiết bị", en="There is no such device")


class InstallationTaken(Conflict):
    title = Text(
        vi="Thiết bị này đang thuộc tài khoản khác, hãy đăng nhập trên thiết bị trước",
        en="This installation belongs to another account; sign in on it first",
    )


class PushServiceUnknown(Unprocessable):
    title = Text(
        vi="Trình duyệt này dùng dịch vụ thông báo mà máy chủ không gửi tới",
        en="The browser's push service is none that this server writes to",
    )
