"""What every route does beside its own work: bodies are read strictly, and a write sent twice takes effect once."""

import unicodedata
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic_core import from_json
from python_multipart.multipart import parse_options_header

from app.kernel.errors import AppError, FieldProblem, Malformed, Unprocessable
from app.kernel.i18n import Text
from app.kernel.idempotency import AnsweredBefore, Once
from app.kernel.preferences import minimal
from app.kernel.problems import FormNotSent
from app.kernel.security import require_sign_in

MAX_JSON_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_INTEGER = 2**63 - 1
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ALLOWED_CONTROLS = frozenset("\n\r\t")
_UTF_8 = frozenset({b"utf-8", b"utf8"})


class BodyNotJson(Malformed):
    title = Text(vi="Nội dung gửi lên không phải JSON hợp lệ", en="The body is not valid JSON")


class BodyTooDeep(Malformed):
    title = Text(vi="Nội dung JSON lồng nhau quá sâu", en="The JSON body is nested too deeply")


class TextNotAllowed(Unprocessable):
    title = Text(vi="Văn bản có ký tự không dùng được", en="The text holds characters that cannot be used")


def parse_json(body: bytes) -> Any:
    """Return the JSON value with every string in NFC; Any, because JSON is.

    Raises BodyNotJson (also for lone surrogates, NaN and integers beyond 64 bits), BodyTooDeep beyond 16
    levels, TextNotAllowed with a pointer to the string that holds NUL or another control character.
    """
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="none")
    except ValueError as error:
        # jiter stops at its own limit of nesting, far beyond ours.
        raise BodyTooDeep if "recursion" in str(error) else BodyNotJson from None
    return _clean(value, pointer="", depth=0)


def _clean(value: Any, *, pointer: str, depth: int) -> Any:
    if depth >= MAX_DEPTH and isinstance(value, list | dict):
        raise BodyTooDeep
    if isinstance(value, str):
        if any(unicodedata.category(char) == "Cc" and char not in _ALLOWED_CONTROLS for char in value):
            problem = FieldProblem(
                pointer=pointer,
                code="control_character",
                detail=Text(
                    vi="Có ký tự điều khiển không nhìn thấy được", en="It holds an invisible control character"
                ),
            )
            raise TextNotAllowed(fields=(problem,))
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_clean(item, pointer=f"{pointer}/{index}", depth=depth + 1) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {
            _clean(key, pointer=pointer, depth=depth): _clean(item, pointer=pointer + _step(key), depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, int | float) and not abs(value) <= MAX_INTEGER:  # 1e999 is read as infinity
        raise BodyNotJson
    return value


def _step(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")  # RFC 6901, 3


def _require_form(request: Request) -> None:
    """Raise FormNotSent for content of another kind; what was left out altogether is asked for field by field.

    Also for a form in another charset than UTF-8 (RFC 7578, 5.1.2): some make text that nobody can write down again.
    """
    kind, length = (request.headers.get(name, "") for name in ("content-type", "content-length"))
    if not kind.lower().startswith("multipart/form-data") and (kind or length not in {"", "0"}):
        raise FormNotSent
    _, options = parse_options_header(kind)  # as Starlette reads it
    if options.get(b"charset", b"utf-8").lower() not in _UTF_8:
        raise FormNotSent


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `parse_json`; every router is made with it.

    A write takes `Idempotency-Key`, and so needs a sign-in; one that hands out secrets is a `SecretRoute`. A PUT or a
    DELETE too: sent twice alone it does no harm, but a first attempt that was held up on its way would undo what the
    same phone has changed since.
    """

    keeps_answers: ClassVar[bool] = True

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: set[str] | list[str] | None = None,
        dependencies: Sequence[Depends] | None = None,
        **options: Any,
    ) -> None:
        """Any: FastAPI's own options and the endpoint are passed through untouched."""
        asked = list(dependencies or ())
        if self.keeps_answers and not _WRITES.isdisjoint(methods or ()):
            asked.append(Once)
        super().__init__(path, endpoint, methods=methods, dependencies=asked, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler; the parsed value is left where Starlette's `Request.json()` looks first.

        What is returned here is serialised, and the session commits only when this has returned (`kernel/db.py`): so
        the answer is kept in the transaction of its effect.
        """
        handler = super().get_route_handler()
        reads_json = self.body_field is not None and not self.is_multipart

        async def strict(request: Request) -> Response:
            request.state.reads_form = self.is_multipart
            if self.is_multipart:
                await require_sign_in(request)
                _require_form(request)
            if reads_json:
                await _read_json(request)
            try:
                answer = await handler(request)
            except AnsweredBefore as before:
                answer = before.answer
            except RequestValidationError as error:
                raise self._naming_fields(error) from None
            except AppError:
                if claim := getattr(request.state, "claim", None):
                    await claim.require_first()
                raise
            else:
                if claim := getattr(request.state, "claim", None):
                    await claim.keep(answer)
            return minimal(request, answer)

        return strict

    def _naming_fields(self, error: RequestValidationError) -> RequestValidationError:
        """Return what is wrong: of a body that was left out altogether, each field that must be in it."""
        found = error.errors()
        for item in found:
            if self.body_field is not None and (item["type"], item["loc"]) == ("missing", ("body",)):
                _, missing = self.body_field.validate({}, loc=("body",))
                return RequestValidationError([other for other in found if other is not item] + (missing or [item]))
        return error

    @property
    def is_multipart(self) -> bool:
        """Say whether the route takes a file."""
        return self.body_field is not None and type(self.body_field.field_info).__name__ in {"File", "Form"}


async def _read_json(request: Request) -> None:
    body = await request.body()
    content_type = request.headers.get("content-type", "").lower()
    if body and "json" in content_type:  # any other kind FastAPI hands on unread, and it is refused
        request._json = parse_json(body)  # noqa: SLF001 the cache behind Request.json()


class SecretRoute(StrictRoute):
    """A route that takes or hands out passwords, codes, tokens or ballots: nothing of it is kept, not even a hash."""

    keeps_answers = False
