"""Bodies of posts."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.days import Day, require_order
from app.kernel.pagination import Page
from app.kernel.schemas import Request, Response
from app.kernel.security import PostKind
from app.members.models import Tenure
from app.members.schemas import MemberRef


class PostCreate(Request):
    """A post for a member, from a day to a day (both included)."""

    member_id: UUID
    kind: PostKind = Field(examples=["secretary"])
    tenure: Tenure = Field(
        default=Tenure.elected, description="`acting`: for the time being (quyền, phụ trách)", examples=["elected"]
    )
    starts_on: Day = Field(examples=["2026-12-01"])
    ends_on: Day | None = Field(default=None, description="Open if absent", examples=["2031-11-30"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        require_order(self.starts_on, self.ends_on)
        return self


class PostView(Response):
    """A post held by a member."""

    id: UUID
    kind: PostKind = Field(examples=["secretary"])
    tenure: Tenure = Field(description="`acting`: for the time being (quyền, phụ trách)", examples=["elected"])
    member: MemberRef
    organisation_id: UUID
    starts_on: date = Field(examples=["2026-12-01"])
    ends_on: date | None = Field(description="Null where no end is set", examples=["2031-11-30"])

    def state(self) -> str:
        """Return all that is shown: a post has no version."""
        return self.model_dump_json()


class PostPage(Page[PostView]):
    """Posts by the names of those who hold them."""
