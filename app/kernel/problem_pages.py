"""The pages behind `type` of every problem: what a code means, what to do, and which operations answer it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from app.kernel.errors import AppError
from app.kernel.i18n import Locale, Text, negotiate
from app.kernel.problems import MEDIA_TYPE, PathNotFound
from app.kernel.typesetting import Templates

router = APIRouter(prefix="/problems", tags=["service"], include_in_schema=False)

ADVICE: Mapping[int, Text] = {
    400: Text(
        vi="Máy chủ không đọc được yêu cầu. Đây là lỗi của ứng dụng: sửa rồi mới gửi lại.",
        en="The server cannot read the request. The app is at fault: correct it before sending again.",
    ),
    401: Text(
        vi="Làm mới mã truy cập một lần; vẫn bị từ chối thì mời người dùng đăng nhập lại.",
        en="Refresh the access token once; if that is refused too, ask the person to sign in.",
    ),
    403: Text(
        vi="Người dùng thấy được nội dung này nhưng không được làm việc đó. Gửi lại cũng không khác.",
        en="The person may see this but may not do that. Sending again changes nothing.",
    ),
    404: Text(
        vi="Không có ở đây, hoặc người dùng không được thấy. Bỏ khỏi màn hình nếu đang hiển thị.",
        en="It is not here, or not for this person to see. Remove it from the screen if it is shown.",
    ),
    405: Text(
        vi="Tiêu đề Allow của câu trả lời nêu các phương thức mà địa chỉ này nhận.",
        en="The answer's Allow header names the methods that this address takes.",
    ),
    409: Text(
        vi="Trạng thái hiện tại không cho phép. Tải lại để xem đã có gì thay đổi, rồi để người dùng quyết định.",
        en="The present state does not allow it. Load again to see what has changed, then let the person decide.",
    ),
    410: Text(
        vi="Đã hết hiệu lực. Bắt đầu lại từ đầu, giữ nguyên những gì chưa gửi.",
        en="It has ended. Start anew, and keep what has not been sent yet.",
    ),
    412: Text(
        vi="Đã có người sửa trước. Tải bản mới, đưa lại thay đổi của người dùng vào, rồi gửi với ETag mới.",
        en="Somebody changed it first. Load the new version, put the change into it, send it with the new ETag.",
    ),
    413: Text(
        vi="Nội dung vượt giới hạn. Gửi nội dung nhỏ hơn.",
        en="The content exceeds the limit. Send less.",
    ),
    415: Text(
        vi="Loại nội dung này không được đọc ở đây. Xem các loại được nhận trong tài liệu của thao tác.",
        en="This kind of content is not read here. The operation's documentation names the kinds that are.",
    ),
    416: Text(
        vi="Tệp không có khoảng byte được yêu cầu. Tải lại từ đầu.",
        en="The file has no such range of bytes. Load it from its beginning.",
    ),
    422: Text(
        vi="Đọc được nhưng có chỗ sai. Danh sách errors nêu từng trường; hiển thị câu giải thích cạnh trường đó.",
        en="It was read, but something is wrong. The list errors names each field; show its sentence beside the field.",
    ),
    426: Text(
        vi="Ứng dụng đã quá cũ. Cập nhật lên ít nhất phiên bản nêu trong minimum_version.",
        en="The app is too old. Update it at least to the version that minimum_version names.",
    ),
    428: Text(
        vi="Gửi tiêu đề If-Match với ETag của bản mà người dùng đã xem.",
        en="Send an If-Match header with the ETag of the version that the person has seen.",
    ),
    429: Text(
        vi="Quá nhiều yêu cầu. Chờ số giây trong tiêu đề Retry-After.",
        en="Too many requests. Wait for the seconds in the Retry-After header.",
    ),
    500: Text(
        vi="Lỗi của máy chủ; đã được ghi lại. Khi báo lỗi, hãy gửi kèm request_id.",
        en="The server is at fault, and it has been noted. Quote the request_id when you report it.",
    ),
    503: Text(
        vi="Máy chủ tạm thời chưa phục vụ được. Chờ số giây trong tiêu đề Retry-After rồi gửi lại.",
        en="The server cannot serve this right now. Wait for the seconds in the Retry-After header, then send again.",
    ),
}
"""What a client does about each status."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_TEMPLATES = Templates(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Answering:
    """An operation that answers a code."""

    method: str
    path: str
    name: str


@router.get("", name="problems")
async def list_problems(request: Request) -> HTMLResponse:
    """Return the page of all codes."""
    return _page(request, "problem_index.html.jinja", errors=sorted(known().values(), key=_by_status))


@router.get("/{code}", name="problem")
async def get_problem(request: Request, code: str) -> HTMLResponse:
    """Return the page of one code; raises PathNotFound for a code that no error has."""
    error = known().get(code)
    if error is None:
        raise PathNotFound
    return _page(
        request,
        "problem.html.jinja",
        error=error,
        advice=ADVICE[error.status],
        operations=list(answering(request.app, code)),
    )


def known() -> dict[str, type[AppError]]:
    """Return every error of the tree by its code."""
    return {kind.code: kind for kind in _below(AppError)}


def answering(app: FastAPI, code: str) -> Iterator[Answering]:
    """Yield the operations that declare the code."""
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            if any(
                code in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
                for response in operation["responses"].values()
            ):
                yield Answering(method.upper(), path, operation["operationId"])


def _below(kind: type[AppError]) -> Iterator[type[AppError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _by_status(error: type[AppError]) -> tuple[int, str]:
    return error.status, error.code


def _page(request: Request, template: str, **values: object) -> HTMLResponse:
    locale = negotiate(request.headers.get("accept-language"))
    other = Locale.en if locale is Locale.vi else Locale.vi
    html = _TEMPLATES.fill(template, {"locale": locale, "other": other, **values})
    headers = {"Content-Security-Policy": _POLICY, "Content-Language": locale.value, "Vary": "Accept-Language"}
    return HTMLResponse(html, headers=headers)
