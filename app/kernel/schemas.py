"""The bases of request and response bodies: input forbids what it does not know, output leaves nothing out."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.kernel.fields import FieldError
from app.kernel.i18n import Text

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
_NOT_AN_INSTANT = Text(
    vi="Phải là thời điểm, ví dụ 2026-12-04T12:30:00Z", en="It must be an instant such as 2026-12-04T12:30:00Z"
)
_NOT_A_DAY = Text(vi="Phải là ngày, ví dụ 2026-12-04", en="It must be a date such as 2026-12-04")
_OUT_OF_RANGE = Text(vi="Thời điểm phải từ năm 1900 đến năm 2199", en="The instant must lie in the years 1900 to 2199")


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[
    datetime,
    PlainSerializer(lambda value: _utc(value).isoformat().replace("+00:00", "Z"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant in an answer: RFC 3339, UTC, with Z."""

Int32 = Annotated[int, Field(ge=0, le=2**31 - 1, json_schema_extra={"format": "int32"})]
"""A count or a version."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
"""One line of text that a person typed."""

Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
"""Text that may have several lines."""


def _written_as(pattern: str, code: str, text: Text) -> BeforeValidator:
    # Pydantic also reads numbers as seconds since 1970: a client that sends them has a mistake to hear of.
    wanted = re.compile(pattern)

    def check(value: Any) -> Any:
        if isinstance(value, int | float) or (isinstance(value, str) and not wanted.fullmatch(value.strip())):
            raise FieldError(code, text)
        return value

    return BeforeValidator(check)


WRITTEN_INSTANT = _written_as(f"{_DAY}[Tt ]{_TIME}", "datetime_parsing", _NOT_AN_INSTANT)
"""Lets pass an instant of a request only as RFC 3339 text (the offset is judged by others)."""

WRITTEN_DAY = _written_as(_DAY, "date_parsing", _NOT_A_DAY)
"""Lets pass a day of a request only as `2026-12-04`."""


def _of_our_time(value: datetime) -> datetime:
    if not 1900 <= value.year <= 2199:  # noqa: PLR2004 the years of every day in a request
        raise FieldError("date_out_of_range", _OUT_OF_RANGE)
    return value


DayOrInstant = Annotated[
    datetime,
    _written_as(f"{_DAY}([Tt ]{_TIME})?", "datetime_parsing", _NOT_AN_INSTANT),
    AfterValidator(_of_our_time),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY}([Tt ]{_TIME})?$"}),
]
"""A bound of a query: a day's beginning, or an instant."""


class Request(BaseModel):
    """A request body: unknown fields are refused, and null counts as not sent (generated clients send it)."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_sent(cls, data: Any) -> Any:
        # Any: whatever JSON held; the model's own validation comes after.
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None or name not in cls.model_fields}
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say in the document too that null is taken for every field that may be left out."""
        described = handler(core_schema)
        model = handler.resolve_ref_schema(described)
        required = model.get("required", ())
        for name, field in model.get("properties", {}).items():
            if name not in required and {"type": "null"} not in field.get("anyOf", ()):
                beside = {key: field.pop(key) for key in ("default", "description", "examples") if key in field}
                model["properties"][name] = {"anyOf": [field, {"type": "null"}], **beside}
        return described


class Response(BaseModel):
    """A response body: every field always present, nullable where it may be empty."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


class Versioned(Response):
    """A resource that two people may change: its ETag is made of the version and of what the viewer added."""

    id: UUID
    version: Int32 = Field(description="Rises with every change; the ETag begins with it", examples=[3])

    def edition(self) -> int:
        """Return what If-Match is compared with: the version, but where something else rises with every change."""
        return self.version

    def state(self) -> str:
        """Return what the ETag stands for; a view that also shows the viewer's own state adds it."""
        return f"{self.id}.{self.version}"


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the offset is missing")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise FieldError("date_out_of_range", _OUT_OF_RANGE) from None


AwareInstant = Annotated[datetime, WRITTEN_INSTANT, AfterValidator(_aware)]
"""An instant in a request: RFC 3339 with an offset."""
