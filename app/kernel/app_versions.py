"""Versions of the app: one too old to get things right is refused everywhere (api.md 13)."""

import re

from fastapi import Request

from app.kernel.errors import AppError
from app.kernel.i18n import Text
from app.kernel.settings import APP_VERSION

_BEGINNING = re.compile(APP_VERSION)
_PARTS = 4


class AppTooOld(AppError):
    status = 426
    title = Text(vi="Phiên bản ứng dụng quá cũ, hãy cập nhật", en="This version of the app is too old; update it")


def read_version(written: str) -> tuple[int, ...] | None:
    """Return the numbers a version begins with, four of them, missing ones 0; None where it begins with none."""
    found = _BEGINNING.match(written)
    if found is None:
        return None
    numbers = [int(number) for number in found[0].split(".")]
    return tuple(numbers + [0] * (_PARTS - len(numbers)))


async def refuse_old_apps(request: Request) -> None:
    """Refuse a request whose `App-Version` is below the minimum that is set; who names no version is no app of ours."""
    minimum: str | None = request.app.state.settings.minimum_app_version
    version = read_version(request.headers.get("app-version", ""))
    if minimum is not None and version is not None and version < (read_version(minimum) or ()):
        raise AppTooOld(minimum_version=minimum)
