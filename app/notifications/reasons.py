"""Why a push has not arrived, in words a secretary or an administrator can act on."""

from enum import StrEnum

from app.kernel.i18n import Text
from app.notifications.models import Outcome


class DeliveryReason(StrEnum):
    """Why a push has not arrived, or not yet."""

    app_removed = "app_removed"
    other_app = "other_app"
    address_refused = "address_refused"
    message_refused = "message_refused"
    text_refused = "text_refused"
    too_late = "too_late"
    withdrawn = "withdrawn"
    no_longer_owed = "no_longer_owed"
    gathered = "gathered"
    not_tried_yet = "not_tried_yet"
    slowed_down = "slowed_down"
    keys_refused = "keys_refused"
    account_refused = "account_refused"
    service_down = "service_down"


WORDS = {
    DeliveryReason.app_removed: Text(
        vi="Ứng dụng đã bị gỡ khỏi máy, hoặc cài lại mà chưa mở",
        en="The app was removed from the phone, or installed anew and not opened yet",
    ),
    DeliveryReason.other_app: Text(
        vi="Máy cài bản ứng dụng của hệ thống khác; cần cài lại đúng bản",
        en="The phone has another system's app; the right one must be installed",
    ),
    DeliveryReason.address_refused: Text(
        vi="Google không nhận địa chỉ của máy này; cần mở lại ứng dụng",
        en="Google does not take this phone's address; the app must be opened again",
    ),
    DeliveryReason.message_refused: Text(
        vi="Google không nhận nội dung thông báo; quản trị viên cần xem lại",
        en="Google refused the message itself; an administrator must look into it",
    ),
    DeliveryReason.text_refused: Text(
        vi="Nhà mạng không nhận tin nhắn tới số điện thoại này", en="The carrier takes no text message to this number"
    ),
    DeliveryReason.too_late: Text(
        vi="Không gửi được trước khi việc đã qua", en="It could not be sent before the event was past"
    ),
    DeliveryReason.withdrawn: Text(vi="Thông báo đã được thu hồi", en="The notice was withdrawn"),
    DeliveryReason.no_longer_owed: Text(
        vi="Không cần gửi nữa: đã xem trong ứng dụng, đã đăng xuất hoặc đã chuyển đi",
        en="No longer needed: seen in the app, signed out, or moved away",
    ),
    DeliveryReason.gathered: Text(
        vi="Đã gộp với các thông báo khác thành một dòng chung",
        en="Gathered with other notices into one common line",
    ),
    DeliveryReason.not_tried_yet: Text(
        vi="Chưa đến lượt gửi, hoặc máy đang trong giờ yên tĩnh",
        en="Its turn has not come, or the phone keeps quiet hours",
    ),
    DeliveryReason.slowed_down: Text(
        vi="Google yêu cầu gửi chậm lại; sẽ gửi tiếp", en="Google asked to slow down; it will be sent later"
    ),
    DeliveryReason.keys_refused: Text(
        vi="Apple hoặc trình duyệt không nhận khóa của hệ thống; quản trị viên cần thay khóa",
        en="Apple or the browser refuses the system's keys; an administrator must renew them",
    ),
    DeliveryReason.account_refused: Text(
        vi="Google không chấp nhận tài khoản của hệ thống; quản trị viên cần kiểm tra",
        en="Google does not accept the system's account; an administrator must check it",
    ),
    DeliveryReason.service_down: Text(
        vi="Dịch vụ của Google tạm thời không nhận; sẽ gửi lại",
        en="Google's service cannot be reached for now; it will be sent again",
    ),
}

_BY_CODE: dict[Outcome | None, tuple[tuple[str, DeliveryReason], ...]] = {
    Outcome.quarantined: (("SENDER_ID_MISMATCH", DeliveryReason.other_app),),
    Outcome.withdrawn: (
        ("expired", DeliveryReason.too_late),
        ("withdrawn", DeliveryReason.withdrawn),
        ("gathered", DeliveryReason.gathered),
    ),
    None: (
        ("QUOTA_EXCEEDED", DeliveryReason.slowed_down),
        ("RESOURCE_EXHAUSTED", DeliveryReason.slowed_down),
        ("HTTP 429", DeliveryReason.slowed_down),
        ("THIRD_PARTY_AUTH_ERROR", DeliveryReason.keys_refused),
        ("UNAUTHENTICATED", DeliveryReason.account_refused),
        ("PERMISSION_DENIED", DeliveryReason.account_refused),
        ("NOT_FOUND", DeliveryReason.account_refused),
        ("no access token", DeliveryReason.account_refused),
    ),
}
_OTHERWISE = {
    Outcome.token_dead: DeliveryReason.app_removed,
    Outcome.quarantined: DeliveryReason.address_refused,
    Outcome.rejected: DeliveryReason.message_refused,
    Outcome.withdrawn: DeliveryReason.no_longer_owed,
    None: DeliveryReason.service_down,
}


def reason_of(outcome: Outcome | None, stored: str | None) -> DeliveryReason | None:
    """Return why a delivery has not arrived; None for one that was sent.

    `stored` is the row's reason, which begins with the push service's code; one that is owed has none before its
    first try.
    """
    if outcome is Outcome.sent:
        return None
    if outcome is None and stored is None:
        return DeliveryReason.not_tried_yet
    by_code = _BY_CODE.get(outcome, ())
    return next((why for code, why in by_code if (stored or "").startswith(code)), _OTHERWISE[outcome])
