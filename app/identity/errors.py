"""Refusals of signing in; what must look alike is one class."""

from app.kernel.errors import Conflict, NotFound, NotSignedIn, TooManyRequests, Unavailable, Unprocessable
from app.kernel.i18n import Text


class CredentialsRefused(NotSignedIn):
    title = Text(vi="Số điện thoại hoặc mật khẩu không đúng", en="The phone number or the password is wrong")


class SignInDelayed(TooManyRequests):
    title = Text(
        vi="Đã sai nhiều lần, hãy chờ một lúc rồi thử lại", en="It was wrong many times; wait a while, then try again"
    )


class SecondFactorRequired(NotSignedIn):
    title = Text(
        vi="Hãy nhập thêm mã trong ứng dụng xác thực, hoặc một mã dự phòng",
        en="Send a code of your authenticator app too, or a recovery code",
    )


class SecondFactorRefused(NotSignedIn):
    title = Text(
        vi="Mã xác thực không đúng, đã hết hạn hoặc đã dùng", en="The code is wrong, out of its time, or was used"
    )


class SecondFactorOn(Conflict):
    title = Text(
        vi="Tài khoản đã có xác thực hai bước, hãy gỡ trước", en="The account has a second factor; remove it first"
    )


class SecondFactorOff(Conflict):
    title = Text(vi="Tài khoản chưa có xác thực hai bước", en="The account has no second factor")


class IdTokenRefused(NotSignedIn):
    title = Text(
        vi="Không nhận được danh tính từ nhà cung cấp, hãy đăng nhập lại ở đó",
        en="The provider's ID token was not taken; sign in there again",
    )


class IdentityNotLinked(NotSignedIn):
    title = Text(
        vi="Danh tính này chưa liên kết với tài khoản nào, hãy đăng nhập bằng mật khẩu rồi liên kết",
        en="This identity is linked to no account; sign in with the password, then link it",
    )


class IdentityProviderUnknown(Unprocessable):
    title = Text(vi="Máy chủ không dùng nhà cung cấp danh tính này", en="This server uses no such identity provider")


class IdentityProviderUnavailable(Unavailable):
    title = Text(
        vi="Nhà cung cấp danh tính chưa trả lời, hãy thử lại sau", en="The identity provider does not answer; try later"
    )

    def __init__(self) -> None:
        """Ask for half a minute's patience: so long it is not asked again."""
        super().__init__(headers={"Retry-After": "30"})


class IdentityTaken(Conflict):
    title = Text(
        vi="Danh tính này, hoặc tài khoản này ở nhà cung cấp đó, đã được liên kết",
        en="This identity is linked already, or the account has another one of this provider",
    )


class IdentityNotFound(NotFound):
    title = Text(vi="Không tìm thấy danh tính đã liên kết", en="There is no such linked identity")


class ActivationRefused(NotSignedIn):
    title = Text(
        vi="Mã kích hoạt không đúng, đã dùng hoặc đã hết hạn; nếu vừa đặt mật khẩu, hãy đăng nhập bằng mật khẩu đó",
        en="The activation code is wrong, was used or has expired; if you just chose a password, sign in with it",
    )


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
