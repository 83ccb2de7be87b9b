"""Every error as RFC 9457 problem+json, in the reader's language, with nothing of the inside in it."""

import traceback
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.kernel.errors import (
    AppError,
    FieldProblem,
    Malformed,
    NotFound,
    Stale,
    TooLarge,
    Unavailable,
    Unprocessable,
    UnsupportedMedia,
)
from app.kernel.etags import NotModified
from app.kernel.fields import FieldError
from app.kernel.i18n import Locale, Text, negotiate
from app.kernel.schemas import Int32

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger()


class PathNotFound(NotFound):
    title = Text(vi="Không có địa chỉ này", en="There is no such address")


class MethodNotAllowed(AppError):
    status = 405
    title = Text(vi="Địa chỉ này không nhận phương thức đó", en="This address does not take that method")


class BodyTooLarge(TooLarge):
    title = Text(vi="Nội dung gửi lên quá lớn", en="The body is too large")


class MediaTypeNotSupported(UnsupportedMedia):
    title = Text(vi="Cần gửi Content-Type: application/json", en="Send Content-Type: application/json")


class FormNotSent(UnsupportedMedia):
    title = Text(
        vi="Cần gửi Content-Type: multipart/form-data, chữ mã hóa UTF-8",
        en="Send Content-Type: multipart/form-data, its texts in UTF-8",
    )


class FieldsNotValid(Unprocessable):
    title = Text(vi="Một số trường chưa hợp lệ", en="Some fields are not valid")


class DatabaseUnavailable(Unavailable):
    title = Text(
        vi="Máy chủ tạm thời chưa kết nối được cơ sở dữ liệu",
        en="The server cannot reach its database right now",
    )


class TooSlow(Unavailable):
    title = Text(vi="Yêu cầu xử lý quá lâu nên đã dừng", en="The request took too long and was stopped")


class InternalError(AppError):
    status = 500
    title = Text(vi="Lỗi của máy chủ; đã được ghi lại", en="The server failed; it has been noted")


class FieldView(BaseModel):
    """One field that is wrong."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the body, or `query/name`", examples=["/starts_at"])
    code: str = Field(description="Stable, snake_case", examples=["missing"])
    detail: str = Field(description="In the reader's language", examples=["Thiếu trường này"])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="A page about this code", examples=["/problems/meeting_not_found"])
    title: str = Field(description="In the reader's language", examples=["Không tìm thấy cuộc họp"])
    status: int = Field(json_schema_extra={"format": "int32"}, examples=[404])
    code: str = Field(description="Stable, snake_case: what a client branches on", examples=["meeting_not_found"])
    detail: str | None = Field(description="In the reader's language", examples=[None])
    request_id: str | None = Field(description="Names the request in the server's log", examples=["5f1c9f0e"])
    errors: list[FieldView] = Field(description="The fields that are wrong, if it is that", examples=[[]])
    current_version: Int32 | None = Field(
        description="The version that `If-Match` should have named; of `version_changed` alone", examples=[None]
    )
    minimum_version: str | None = Field(
        description="The oldest version of the app that is served; of `app_too_old` alone", examples=[None]
    )


_FIELD_TEXTS: dict[str, Text] = {
    "missing": Text(vi="Thiếu trường này", en="This field is missing"),
    "extra_forbidden": Text(vi="Không có trường nào tên như vậy", en="There is no field of this name"),
    "string_too_short": Text(vi="Không được để trống hoặc quá ngắn", en="It must not be empty or too short"),
    "string_too_long": Text(
        vi="Quá dài: nhiều nhất {max_length} ký tự", en="Too long: at most {max_length} characters"
    ),
    "too_long": Text(vi="Quá nhiều: nhiều nhất {max_length}", en="Too many: at most {max_length}"),
    "too_short": Text(vi="Quá ít: ít nhất {min_length}", en="Too few: at least {min_length}"),
    "enum": Text(vi="Phải là một trong: {expected}", en="It must be one of: {expected}"),
    "greater_than_equal": Text(vi="Phải từ {ge} trở lên", en="It must be {ge} or more"),
    "less_than_equal": Text(vi="Phải từ {le} trở xuống", en="It must be {le} or less"),
    "string_pattern_mismatch": Text(vi="Không đúng dạng yêu cầu", en="It is not written as it must be"),
    "model_attributes_type": Text(vi="Phải là một đối tượng JSON", en="It must be a JSON object"),
    "dict_type": Text(vi="Phải là một đối tượng JSON", en="It must be a JSON object"),
    "list_type": Text(vi="Phải là một danh sách", en="It must be a list"),
    "int_type": Text(vi="Phải là số nguyên", en="It must be a whole number"),
    "int_parsing": Text(vi="Phải là số nguyên", en="It must be a whole number"),
    "int_from_float": Text(vi="Phải là số nguyên", en="It must be a whole number"),
    "uuid_parsing": Text(vi="Không phải mã định danh hợp lệ", en="This is not a valid identifier"),
    "uuid_type": Text(vi="Không phải mã định danh hợp lệ", en="This is not a valid identifier"),
    "string_type": Text(vi="Phải là văn bản", en="It must be text"),
    "bool_type": Text(vi="Phải là true hoặc false", en="It must be true or false"),
    "bool_parsing": Text(vi="Phải là true hoặc false", en="It must be true or false"),
    "date_from_datetime_parsing": Text(vi="Phải là ngày, ví dụ 2026-12-04", en="It must be a date such as 2026-12-04"),
    "date_parsing": Text(vi="Phải là ngày, ví dụ 2026-12-04", en="It must be a date such as 2026-12-04"),
    "datetime_from_date_parsing": Text(
        vi="Phải là thời điểm, ví dụ 2026-12-04T12:30:00Z",
        en="It must be an instant such as 2026-12-04T12:30:00Z",
    ),
    "datetime_parsing": Text(
        vi="Phải là thời điểm, ví dụ 2026-12-04T12:30:00Z",
        en="It must be an instant such as 2026-12-04T12:30:00Z",
    ),
}
_FIELD_OTHERWISE = Text(vi="Giá trị không hợp lệ", en="The value is not valid")


def problem(request: Request, error: AppError) -> Response:
    """Render a refusal in the language of the request."""
    locale = negotiate(request.headers.get("accept-language"))
    body: dict[str, Any] = {  # Any: JSON
        "type": f"/problems/{error.code}",
        "title": error.title.to(locale),
        "status": error.status,
        "code": error.code,
        "detail": error.detail.to(locale) if error.detail else None,
        "request_id": getattr(request.state, "request_id", None),
        "errors": [
            {"pointer": field.pointer, "code": field.code, "detail": field.detail.to(locale)} for field in error.fields
        ],
        "current_version": None,
        "minimum_version": None,
        **error.extra,
    }
    return JSONResponse(
        body,
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers={"Content-Language": locale.value, "Vary": "Accept-Language", **error.headers},
    )


def _field_problems(error: RequestValidationError) -> tuple[FieldProblem, ...]:
    found = []
    for item in error.errors():
        where, *path = item["loc"]
        steps = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
        pointer = steps if where == "body" else f"{where}{steps}"
        context = {name: value for name, value in item.get("ctx", {}).items() if name != "error"}
        if "expected" in context:  # Pydantic lists in English: 'a', 'b' or 'c'
            context["expected"] = context["expected"].replace("' or '", "', '")
        raised = item.get("ctx", {}).get("error")
        if isinstance(raised, FieldError):
            found.append(FieldProblem(pointer=pointer + raised.below, code=raised.code, detail=raised.text))
            continue
        text = _FIELD_TEXTS.get(item["type"], _FIELD_OTHERWISE)
        found.append(FieldProblem(pointer=pointer, code=item["type"], detail=text.format(**context)))
    return tuple(found)


async def _app_error(request: Request, error: AppError) -> Response:
    return problem(request, error)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    if any(
        item["type"] in {"model_attributes_type", "dict_type"} and item["loc"] == ("body",) for item in error.errors()
    ):
        content_type = request.headers.get("content-type", "")
        if "json" not in content_type.lower():
            return problem(request, MediaTypeNotSupported())
    return problem(request, FieldsNotValid(fields=_field_problems(error)))


async def _http(request: Request, error: HTTPException) -> Response:
    refusals: dict[int, type[AppError]] = {
        404: PathNotFound,
        405: MethodNotAllowed,
        413: BodyTooLarge,
        415: MediaTypeNotSupported,
    }
    refusal = refusals.get(error.status_code, Malformed)
    headers = dict(error.headers or {})
    if refusal is MethodNotAllowed:
        headers["Allow"] = ", ".join(_methods(request))
    return problem(request, refusal(headers=headers))


def _methods(request: Request) -> list[str]:
    # Each method of an address is a route of its own, and the first of them only named itself.
    taken = [
        method
        for method in ("GET", "PUT", "POST", "PATCH", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
    return [*taken, "HEAD"] if "GET" in taken else taken


async def _database(request: Request, error: Exception) -> Response:
    code = getattr(getattr(error, "orig", error), "sqlstate", None)
    lost = isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if code == "57014":  # query_canceled: the statement timeout
        log.warning("statement_timeout")
        return problem(request, TooSlow(headers={"Retry-After": "5"}))
    if lost or isinstance(error, OperationalError | psycopg.OperationalError):
        log.warning("database_unavailable", error=type(error).__name__)
        return problem(request, DatabaseUnavailable(headers={"Retry-After": "2"}))
    return unexpected(request, error)


def unexpected(request: Request, error: Exception) -> Response:
    """Answer 500 and log where it happened; messages stay out, since they quote rows: phone numbers, hashes."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    log.error(
        "unexpected_error",
        errors=[type(link).__qualname__ for link in chain],
        sqlstate=getattr(getattr(error, "orig", error), "sqlstate", None),
        stack="".join(traceback.format_tb(error.__traceback__)),
    )
    return problem(request, InternalError())


async def _not_modified(_: Request, error: NotModified) -> Response:
    # Vary as on the 200 it stands for (RFC 9110, 15.4.5).
    return Response(status_code=304, headers={"ETag": error.etag, "Vary": "Accept-Encoding"})


def install(app: FastAPI) -> None:
    """Register the handlers: whatever a route raises, the caller gets a problem (`RequestContext` sees to the rest)."""
    handlers: dict[type[Exception], Any] = {  # Any: each handler takes its own kind of exception
        AppError: _app_error,
        RequestValidationError: _invalid,
        HTTPException: _http,
        DBAPIError: _database,
        psycopg.Error: _database,
        PoolTimeout: _database,
        NotModified: _not_modified,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def problems(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """Describe a route's refusals for the OpenAPI document: one response a status, its codes as examples.

    Any: the values are OpenAPI fragments.
    """
    by_status: dict[int | str, list[type[AppError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {status: describe(kinds) for status, kinds in by_status.items()}


def describe(kinds: list[type[AppError]]) -> dict[str, Any]:
    """Return the OpenAPI response object for refusals of one status; Any: an OpenAPI fragment."""
    return {
        "description": " · ".join(f"`{kind.code}`: {kind.title.en}" for kind in kinds),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    kind.code: {
                        "value": {
                            "type": f"/problems/{kind.code}",
                            "title": kind.title.to(Locale.vi),
                            "status": kind.status,
                            "code": kind.code,
                            "detail": None,
                            "request_id": "01a20554aa227cf5",
                            "errors": [],
                            "current_version": 4 if kind.status == Stale.status else None,
                            "minimum_version": None,
                        }
                    }
                    for kind in kinds
                },
            }
        },
    }
