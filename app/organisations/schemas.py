"""Bodies of organisations."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from app.kernel.days import Day
from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Line, Request, Response, Versioned
from app.kernel.timezones import TimeZone
from app.organisations.models import OrganisationKind


def _fourteen_digits(code: str) -> str:
    if not re.fullmatch(r"[0-9]{14}", code):
        raise FieldError(
            "organisation_code_malformed",
            Text(vi="Mã tổ chức gồm đúng 14 chữ số", en="An official code has exactly 14 digits"),
        )
    return code


OfficialCode = Annotated[
    str,
    Field(
        max_length=14,
        examples=["37003012000005"],
        description="14 digits in groups 2-3-3-3-3; `000` for a level that is absent",
        json_schema_extra={"pattern": "^[0-9]{14}$"},
    ),
    AfterValidator(_fourteen_digits),
]
Name = Annotated[Line, Field(examples=["Chi bộ thôn Đông"])]
Zone = Annotated[
    TimeZone,
    Field(examples=["Asia/Ho_Chi_Minh"], description="Where its meetings are; that of the one above if absent"),
]


class OrganisationCreate(Request):
    """An organisation below another one."""

    id: UUID | None = Field(default=None, description="A client may make the id (UUIDv7) itself")
    parent_id: UUID = Field(description="The organisation it stands under")
    kind: OrganisationKind = Field(examples=["branch"])
    name: Name
    code: OfficialCode | None = None
    time_zone: Zone | None = None
    valid_from: Day | None = Field(default=None, description="Its first day; today if absent", examples=["2026-12-01"])


class OrganisationPatch(Request):
    """What may change; a field not sent stays."""

    name: Name | None = None
    code: OfficialCode | None = None
    time_zone: Zone | None = None


class OrganisationView(Versioned):
    """An organisation as it is today."""

    parent_id: UUID | None = Field(description="Null at the root")
    kind: OrganisationKind = Field(examples=["branch"])
    code: str | None = Field(examples=["37003012000005"])
    name: str = Field(examples=["Chi bộ thôn Đông"])
    time_zone: str = Field(examples=["Asia/Ho_Chi_Minh"])
    valid_from: date = Field(examples=["2025-07-01"])
    valid_until: date | None = Field(description="Its last day; null while it lasts", examples=[None])
    successor_id: UUID | None = Field(description="The lasting organisation that it was merged into", examples=[None])


class OrganisationPage(Page[OrganisationView]):
    """Organisations by name."""


class OrganisationRef(Response):
    """An organisation by name."""

    id: UUID
    name: str = Field(examples=["Chi bộ thôn Đông"])
