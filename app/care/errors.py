"""Refusals of care."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class ProxyContactNotFound(NotFound):
    title = Text(vi="Chưa ghi người liên hệ thay", en="No proxy contact is written down")


class NudgedRecently(Conflict):
    title = Text(vi="Tuần này đã hỏi thăm đồng chí này", en="This member was nudged within the week")


class NobodyToNudge(Conflict):
    title = Text(
        vi="Đồng chí này chưa có điện thoại nhận được thông báo, hãy gọi điện",
        en="This member has no phone that can be notified; ring them up",
    )
