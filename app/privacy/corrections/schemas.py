"""Bodies of correction requests."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError, model_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Line, Request, Response
from app.members.schemas import MemberPatch, MemberRef
from app.privacy.models import CorrectableField, CorrectionStatus

_NOT_VALID = Text(vi="Giá trị không hợp lệ cho mục này", en="The value is not valid for this field")

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class CorrectionRequestCreate(Request):
    """What should stand in a field of my record; the value is written as a correction of the record would be."""

    field: CorrectableField = Field(examples=["born_on"])
    value: Line = Field(examples=["1970-05-19"])
    reason: Reason | None = Field(default=None, examples=["Theo căn cước công dân"])

    @model_validator(mode="after")
    def _fits_the_field(self) -> Self:
        self.patch()
        return self

    def patch(self) -> MemberPatch:
        """Return the correction of the record that is asked for; raises FieldError."""
        return make_patch(self.field, self.value)


class CorrectionReject(Request):
    """Why the record stays as it is."""

    reason: Reason = Field(examples=["Giấy tờ kèm theo chưa khớp, đề nghị đồng chí mang bản gốc"])


class CorrectionRequestView(Response):
    """A request to correct a member's record."""

    id: UUID
    member: MemberRef
    field: CorrectableField = Field(examples=["born_on"])
    value: str = Field(
        description="As the record would hold it. In lists, `citizen_id` and `phone` are masked for all but the member",
        examples=["1970-05-19"],
    )
    reason: str | None = Field(examples=["Theo căn cước công dân"])
    status: CorrectionStatus = Field(examples=["pending"])
    answer: str | None = Field(description="Why it was rejected", examples=[None])
    decided_by: UUID | None = Field(description="The member who accepted or rejected it")
    decided_at: Instant | None
    created_at: Instant

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class CorrectionRequestPage(Page[CorrectionRequestView]):
    """Correction requests."""


def make_patch(field: CorrectableField, value: str) -> MemberPatch:
    """Return the correction of one field, validated as `PATCH /v1/members/{id}` would; raises FieldError."""
    try:
        return MemberPatch.model_validate({field.value: value})
    except ValidationError as error:
        found: Any = error.errors()[0].get("ctx", {}).get("error")  # Any: Pydantic hands on what was raised
        if isinstance(found, FieldError):
            raise FieldError(found.code, found.text, below="/value") from None
        raise FieldError("value_not_valid", _NOT_VALID, below="/value") from None
