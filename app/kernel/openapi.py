"""The OpenAPI document as clients are generated from it: problems named, integers with a format, one house style."""

import copy
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app.kernel.bodies import BodyNotJson, BodyTooDeep, TextNotAllowed
from app.kernel.errors import AppError
from app.kernel.etags import IfMatchMissing, VersionChanged
from app.kernel.idempotency import HEADER as IDEMPOTENCY_KEY
from app.kernel.idempotency import REPLAYED, AnswerNoLongerYours, IdempotencyKeyReused, RequestInFlight
from app.kernel.preferences import APPLIED, MINIMAL
from app.kernel.preferences import HEADER as PREFER
from app.kernel.problems import (
    MEDIA_TYPE,
    BodyTooLarge,
    FieldsNotValid,
    FieldView,
    FormNotSent,
    InternalError,
    MediaTypeNotSupported,
    Problem,
    describe,
)
from app.kernel.rates import RateLimitExceeded
from app.kernel.security import TokenInvalid

Document = dict[str, Any]  # Any: an OpenAPI document is JSON

TAGS = [
    {
        "name": "auth",
        "description": "Đăng nhập: kích hoạt, mã truy cập, mật khẩu, khóa công khai. "
        "Signing in: activation, tokens, passwords, public keys.",
    },
    {
        "name": "me",
        "description": "Của tôi: tài khoản, phiên đăng nhập, thiết bị, hộp thư, lịch họp. "
        "What is mine: account, sessions, devices, inbox, meetings.",
    },
    {
        "name": "organisations",
        "description": "Tổ chức đảng: cây tổ chức và các chức vụ. The tree of organisations and the posts held in it.",
    },
    {
        "name": "members",
        "description": "Đảng viên: danh sách, tư cách, đi làm ăn xa, nhập từ bảng tính. "
        "Members, their standings, time away, and rosters to import.",
    },
    {
        "name": "meetings",
        "description": "Sinh hoạt chi bộ: lịch, chương trình, triệu tập, báo dự hoặc vắng, điểm danh, nhiệm vụ. "
        "Branch meetings: schedule, agenda, announcement, replies, roll, tasks.",
    },
    {
        "name": "announcements",
        "description": "Thông báo tới các tổ chức: người nhận, xác nhận đã đọc, tỷ lệ đọc. "
        "Announcements to a subtree: audience, acknowledgement, reach.",
    },
    {
        "name": "documents",
        "description": "Thư viện tài liệu: tệp, thư mục, đánh dấu, tìm kiếm không dấu. "
        "The library: files, folders, bookmarks, search without accents.",
    },
    {
        "name": "resolutions",
        "description": "Dự thảo nghị quyết: phiên bản, góp ý và trả lời, thông qua. "
        "Draft resolutions: versions, comments and answers, adoption.",
    },
    {
        "name": "polls",
        "description": "Biểu quyết và bỏ phiếu kín: người có quyền, phiếu, kiểm phiếu. "
        "Votes, open or secret: electorate, ballots, tally.",
    },
    {
        "name": "minutes",
        "description": "Biên bản họp: góp ý, thông qua, công bố bản PDF. "
        "Minutes of a meeting: remarks, approval, publication as PDF.",
    },
    {
        "name": "activity",
        "description": "Nhật ký hoạt động của đảng viên và chi bộ. What a member and a branch took part in.",
    },
    {
        "name": "reports",
        "description": "Báo cáo cho cấp ủy: sử dụng Sổ tay, dự sinh hoạt, phát triển đảng viên, xếp loại. "
        "Figures for committees: use of the app, meetings, admissions, ratings.",
    },
    {
        "name": "care",
        "description": "Đảng viên đi làm ăn xa: liên lạc, hỏi thăm, người liên hệ thay. "
        "Members away: how they fare, nudges, whom to ask instead.",
    },
    {
        "name": "changes",
        "description": "Đồng bộ: những gì điện thoại chưa có, và lần đầu mở ứng dụng. "
        "Catching up: all that a phone has missed, and its first start.",
    },
    {
        "name": "privacy",
        "description": "Dữ liệu của tôi: bản sao, đồng ý, đề nghị sửa. My data: a copy, consents, corrections.",
    },
    {
        "name": "service",
        "description": "Máy chủ: còn chạy, đã sẵn sàng. Whether the server lives and is ready.",
    },
]
HEADERS: Document = {
    "RequestId": {
        "description": "The caller's own `X-Request-Id` (up to 64 letters, digits and `_.:-`), or one made here; "
        "it names the request in the server's log",
        "required": True,
        "schema": {"type": "string", "examples": ["5f1c9f0e4d6b4b7d8f3c2a1b0e9d8c7b"]},
    },
    "ETag": {
        "description": "This version as this reader sees it: for `If-None-Match`, and for `If-Match` in a change",
        "required": True,
        "schema": {"type": "string", "examples": ['"3-9f8e7d6c5b4a39281706f5e4"']},
    },
    "RateLimitPolicy": {
        "description": "How many requests (`q`) an account may make in how many seconds (`w`); absent where no limit "
        "is set (draft-ietf-httpapi-ratelimit-headers)",
        "schema": {"type": "string", "examples": ['"account";q=120;w=60']},
    },
    "RateLimit": {
        "description": "How many requests (`r`) the account has left, and in how many seconds (`t`) it has all again",
        "schema": {"type": "string", "examples": ['"account";r=119;t=1']},
    },
    "RetryAfter": {
        "description": "Seconds to wait",
        "schema": {"type": "integer", "format": "int32", "examples": [1]},
    },
    "Link": {
        "description": 'The next page, if there is one: `</v1/…?cursor=…>; rel="next"` (RFC 8288)',
        "schema": {"type": "string", "examples": ['</v1/me/meetings?cursor=WyIyMDI2Il0>; rel="next"']},
    },
    "IdempotencyReplayed": {
        "description": "`true`: this is what the first request with the `Idempotency-Key` was answered; nothing was "
        "done again, and the thing may have changed since",
        "schema": {"type": "string", "examples": ["true"]},
    },
    "PreferenceApplied": {
        "description": "What was done as `Prefer` asked (RFC 7240)",
        "required": True,
        "schema": {"type": "string", "examples": [MINIMAL]},
    },
}
PREFERENCE: Document = {
    "name": PREFER,
    "in": "header",
    "required": False,
    "description": f"`{MINIMAL}`: answer 204 with the ETag instead of the body (RFC 7240)",
    "schema": {"type": "string", "examples": [MINIMAL]},
}
EXAMPLES = {
    "uuid": "01a20554-aa22-7cf5-97ba-64575c030d6e",
    "date-time": "2026-12-04T12:30:00Z",
}
SIZES = {"integer": "int32", "number": "double"}
"""Without one Kotlin takes an integer for 32 bits anyway, and any other number for a BigDecimal."""
RENAMED = {"Locale": "Language"}
"""Schemas by the names of their classes → what clients call them: Swift has a `Locale` of its own."""
_METHODS = ("get", "put", "post", "delete", "patch")
_SCHEMAS = "#/components/schemas/"
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


def operation_id(route: APIRoute) -> str:
    """Return the route function's name in lowerCamel: `schedule_meeting` → `scheduleMeeting`."""
    first, *rest = route.name.split("_")
    return first + "".join(word.title() for word in rest)


def install(app: FastAPI) -> None:
    """Replace the app's document by the one made here; it is made once."""

    def document() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's documented way


def build(app: FastAPI) -> Document:
    """Make the document from the routes."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=TAGS,
        servers=[{"url": "/", "description": "This server, in production as in a demonstration", "x-internal": False}],
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
        contact={"name": "Sổ tay"},
    )
    schemas: Document = made["components"]["schemas"]
    for unwanted in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unwanted, None)
    for model in (Problem, FieldView):
        schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas[model.__name__].pop("$defs", None)
    made["components"]["headers"] = HEADERS
    for operation in operations(made):
        _name_form(operation, schemas)
    for name in RENAMED.keys() & schemas.keys():
        schemas[RENAMED[name]] = schemas.pop(name)
    _finish(made["paths"])
    _finish(schemas)
    for path in made["paths"].values():
        for method in _METHODS:
            if method in path:
                _finish_operation(method, path[method], schemas)
    made["components"]["schemas"] = dict(sorted(schemas.items()))
    return made


def operations(document: Document) -> Iterator[Document]:
    """Yield every operation of a document."""
    for path in document["paths"].values():
        yield from (path[method] for method in _METHODS if method in path)


def _name_form(operation: Document, schemas: Document) -> None:
    # FastAPI calls it `Body_importMembers`, and clients would show that name.
    for content in operation.get("requestBody", {}).get("content", {}).values():
        given = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
        if given.startswith("Body_"):
            name = operation["operationId"][0].upper() + operation["operationId"][1:] + "Form"
            schemas[name] = schemas.pop(given)
            content["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _finish_operation(method: str, operation: Document, schemas: Document) -> None:
    responses: Document = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    # A command too makes its ETag where a read would compare it.
    tagged = "If-None-Match" in {parameter["name"] for parameter in operation.get("parameters", ())}
    names = _finish_parameters(method, operation)
    success = next(response for status, response in responses.items() if status.startswith("2"))
    limited = bool(operation.get("security"))
    _describe_headers(success, tagged=tagged, paged="cursor" in names, once=IDEMPOTENCY_KEY in names)
    _bound_page(operation, success, schemas)
    if tagged and method != "get":
        operation["parameters"] = [*operation.get("parameters", ()), copy.deepcopy(PREFERENCE)]
        responses["204"] = {"description": f"Done, as `{PREFER}: {MINIMAL}` asked: without the body"}
        _describe_headers(responses["204"], tagged=True, once=IDEMPOTENCY_KEY in names, preferred=True)
    if "If-None-Match" in names:
        responses["304"] = {"description": "Not modified: the caller holds this version"}
        _describe_headers(responses["304"], tagged=True)
    content: Document = operation.get("requestBody", {}).get("content", {})
    _add(responses, *_common_refusals(method, operation, names, content))
    # `default` covers it, but does not say that it too has a name.
    failed = f"`{InternalError.code}`: {InternalError.title.en}"
    responses["500"] = {"description": failed, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
    responses["default"] = {"description": "Any other error", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
    for status, response in responses.items():
        # Whose account is not known (401) has no allowance yet.
        counted = limited and status[0] in "24" and status != "401"
        _describe_headers(response, waiting=status == "429", limited=counted)
        for example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).values():
            # FastAPI leaves out what is null; the server does not.
            example["value"] = {name: example["value"].get(name) for name in Problem.model_fields}
    operation["responses"] = dict(sorted(responses.items()))
    operation.setdefault("security", [])  # open to everybody: said, not forgotten
    for media_type in content.values():
        _mark_files(schemas, media_type["schema"])


def _common_refusals(method: str, operation: Document, names: set[str], content: Document) -> Iterator[type[AppError]]:
    if "If-Match" in names:
        yield from (VersionChanged, IfMatchMissing) if method != "post" else (VersionChanged,)
    if IDEMPOTENCY_KEY in names:
        yield from (AnswerNoLongerYours, RequestInFlight, IdempotencyKeyReused)
    if operation.get("security"):
        yield from (TokenInvalid, RateLimitExceeded)
    yield BodyTooLarge
    if "application/json" in content:
        yield from (BodyNotJson, BodyTooDeep, TextNotAllowed, MediaTypeNotSupported)
    if "multipart/form-data" in content:
        yield FormNotSent
    if names or content:
        yield FieldsNotValid


def _finish_parameters(method: str, operation: Document) -> set[str]:
    given: list[Document] = operation.pop("parameters", [])
    kept = [parameter for parameter in given if method == "get" or parameter["name"] != "If-None-Match"]
    for parameter in kept:
        _finish_parameter(method, parameter)
    if kept:
        operation["parameters"] = kept
    return {parameter["name"] for parameter in kept}


def _finish_parameter(method: str, parameter: Document) -> None:
    schema: Document = parameter["schema"]
    # A parameter is there or not; none can be null.
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    for kind in kinds:
        schema.update(kind)
    if parameter["name"] == "If-Match":
        parameter["required"] = method != "post"  # without it: 428, by that name; a step takes it if it is sent


def _describe_headers(
    response: Document,
    *,
    tagged: bool = False,
    paged: bool = False,
    limited: bool = False,
    waiting: bool = False,
    once: bool = False,
    preferred: bool = False,
) -> None:
    wanted = {"X-Request-Id": "RequestId"}
    if tagged:
        wanted["ETag"] = "ETag"
    if paged:
        wanted["Link"] = "Link"
    if limited:
        wanted |= {"RateLimit-Policy": "RateLimitPolicy", "RateLimit": "RateLimit"}
    if waiting:
        wanted["Retry-After"] = "RetryAfter"
    if once:
        wanted[REPLAYED] = "IdempotencyReplayed"
    if preferred:
        wanted[APPLIED] = "PreferenceApplied"
    headers = response.setdefault("headers", {})
    for name, component in wanted.items():
        headers[name] = {"$ref": f"#/components/headers/{component}"}


def _bound_page(operation: Document, success: Document, schemas: Document) -> None:
    limits = [one["schema"]["maximum"] for one in operation.get("parameters", ()) if one["name"] == "limit"]
    name = success.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    fields: Document = schemas.get(name, {}).get("properties", {})
    # A page of changes may hold more: the scopes that were left come beside them.
    if limits and set(fields) == {"items", "next_cursor"}:
        fields["items"]["maxItems"] = limits[0]


def _mark_files(schemas: Document, schema: Document) -> None:
    found = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
    for field in found.get("properties", {}).values():
        if "contentMediaType" in field:
            field["format"] = "binary"  # what generators take for a file


def _add(responses: Document, *errors: type[AppError]) -> None:
    for error in errors:
        described = describe([error])
        present = responses.setdefault(str(error.status), described)
        if present is not described and error.code not in present["content"][MEDIA_TYPE]["examples"]:
            present["description"] += " · " + described["description"]
            present["content"][MEDIA_TYPE]["examples"].update(described["content"][MEDIA_TYPE]["examples"])


def _finish(node: Any) -> None:
    # Any: a node of the document. Titles made of field names are noise.
    if isinstance(node, list):
        for item in node:
            _finish(item)
    if not isinstance(node, dict):
        return
    if (size := SIZES.get(str(node.get("type")))) is not None:
        node.setdefault("format", size)
    if isinstance(node.get("title"), str):
        del node["title"]
    if (name := str(node.get("$ref", "")).removeprefix(_SCHEMAS)) in RENAMED:
        node["$ref"] = _SCHEMAS + RENAMED[name]
    for name, value in node.items():
        if name not in {"examples", "default", "const", "enum"}:
            _finish(value)
    if node.get("type") == "string" and node.get("format") in EXAMPLES:
        node.setdefault("examples", [EXAMPLES[node["format"]]])
