"""Bodies of proxy contacts."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.kernel.schemas import Instant, Line, Request, Response
from app.members.schemas import FullName, Phone


class ProxyContactReplace(Request):
    """Whom the branch asks about a member; what is not sent is empty. They should know that they stand here."""

    full_name: FullName = Field(examples=["Phạm Văn Đông"])
    relation: Annotated[Line, Field(max_length=100, examples=["Anh trai, ở cùng thôn"])]
    phone: Phone | None = None
    note: Line | None = Field(default=None, examples=["Gọi sau 19 giờ"])


class ProxyContactView(Response):
    """Whom to ask about a member, with the number in clear: whoever sees it is named to the member."""

    member_id: UUID
    full_name: str = Field(examples=["Phạm Văn Đông"])
    relation: str = Field(examples=["Anh trai, ở cùng thôn"])
    phone: str | None = Field(examples=["+84912345789"])
    note: str | None = Field(examples=["Gọi sau 19 giờ"])
    entered_by: UUID = Field(description="The member who wrote it down: oneself, or an organiser")
    entered_at: Instant
