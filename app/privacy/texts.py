"""What members agree to, as dated texts: a newer one is added, none is ever changed."""

from dataclasses import dataclass
from datetime import date

from app.kernel.i18n import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """A text in force from a day on; `version` is how consents refer to it."""

    version: str
    effective_on: date
    title: Text
    body: Text


CONSENT_TEXTS = (
    ConsentText(
        version="2026-11-23",
        effective_on=date(2026, 11, 23),
        title=Text(vi="Thông báo qua bên thứ ba", en="Notices by way of others"),
        body=Text(
            vi="Hồ sơ và sinh hoạt của đảng viên được quản lý theo quy định của Đảng, không dựa trên sự đồng ý "
            "này. Riêng thông báo đẩy đi qua máy chủ của Google, Apple hoặc hãng trình duyệt, có thể đặt ở "
            "nước ngoài: họ biết máy của đồng chí có ứng dụng này và nhận một dòng chung, không có tên, tiêu "
            "đề hay nội dung. Đồng chí có thể rút lại bất cứ lúc nào: khi đó mọi thông báo đẩy tắt, còn hộp "
            "thư trong ứng dụng vẫn đầy đủ. Bật lại một loại thông báo trong phần cài đặt là đồng ý lại cho "
            "loại đó.",
            en="A member's record and party life are kept by the party's rules, not by this consent. Pushes "
            "alone pass through servers of Google, Apple or a browser's maker, which may stand abroad: they "
            "learn that your phone has this app, and get one generic line without names, titles or contents. "
            "You may withdraw at any time: then all pushes are off, and the inbox in the app stays whole. "
            "Switching a kind of push on again in the settings agrees anew for that kind.",
        ),
    ),
)
"""In the order of their days."""


def consent_text_in_force(on: date, *, among: tuple[ConsentText, ...] = CONSENT_TEXTS) -> ConsentText:
    """Return the latest text in force on a day; the first one also stands for the days before it."""
    begun = [text for text in among if text.effective_on <= on]
    return begun[-1] if begun else among[0]
