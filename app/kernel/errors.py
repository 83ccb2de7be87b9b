"""The tree of refusals: a service raises one by name, `problems.py` renders it in the reader's language.

AppError
├── Malformed             400  the request cannot be read
├── NotSignedIn           401  nobody, or nobody any more
├── Forbidden             403  seen, but not allowed
├── NotFound              404  not there, or not the caller's to see
├── Conflict              409  the state does not allow it
├── Gone                  410  it was there; start anew
├── Stale                 412  somebody changed it meanwhile
├── TooLarge              413  more than the server takes
├── UnsupportedMedia      415  a kind of content the server does not read
├── Unprocessable         422  read, but a field is wrong
├── PreconditionMissing   428  say which version you mean
├── TooManyRequests       429  later
└── Unavailable           503  the server cannot do it now
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from app.kernel.i18n import Text


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one place of the body: a JSON pointer, a stable code and a sentence."""

    pointer: str
    code: str
    detail: Text


class AppError(Exception):
    """A refusal with a name; `code` is the class's name in snake_case and never changes once released."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[Text]

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(
        self,
        *,
        detail: Text | None = None,
        fields: tuple[FieldProblem, ...] = (),
        headers: dict[str, str] | None = None,
        **extra: object,
    ) -> None:
        """Keep what the answer shows: a sentence, the fields, headers, and further members by name."""
        super().__init__(self.code)
        self.detail = detail
        self.fields = fields
        self.headers = headers or {}
        self.extra = extra


class Malformed(AppError):
    status = 400
    title = Text(vi="Yêu cầu không đọc được", en="The request cannot be read")


class NotSignedIn(AppError):
    status = 401
    title = Text(vi="Cần đăng nhập", en="Sign in first")


class Forbidden(AppError):
    status = 403
    title = Text(vi="Không được phép", en="Not allowed")


class NotFound(AppError):
    status = 404
    title = Text(vi="Không tìm thấy", en="Not found")


class Conflict(AppError):
    status = 409
    title = Text(vi="Trạng thái hiện tại không cho phép", en="The present state does not allow it")


class Gone(AppError):
    status = 410
    title = Text(vi="Không còn nữa", en="No longer there")


class Stale(AppError):
    status = 412
    title = Text(vi="Đã có người sửa trước", en="Somebody changed it first")


class TooLarge(AppError):
    status = 413
    title = Text(vi="Nội dung quá lớn", en="The content is too large")


class UnsupportedMedia(AppError):
    status = 415
    title = Text(vi="Loại nội dung không được hỗ trợ", en="This kind of content is not read here")


class Unprocessable(AppError):
    status = 422
    title = Text(vi="Dữ liệu chưa hợp lệ", en="Some data is not valid")


class PreconditionMissing(AppError):
    status = 428
    title = Text(vi="Thiếu tiêu đề If-Match", en="The If-Match header is missing")


class TooManyRequests(AppError):
    status = 429
    title = Text(vi="Quá nhiều yêu cầu", en="Too many requests")


class Unavailable(AppError):
    status = 503
    title = Text(vi="Máy chủ tạm thời chưa phục vụ được", en="The server cannot serve this now")
