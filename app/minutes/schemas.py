"""Bodies of minutes: what organisers write, what everybody reads, and remarks."""

import hashlib
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Line, Prose, Request, Response, Versioned
from app.members.schemas import MemberRef
from app.minutes.models import MinutesStatus
from app.minutes.record import MinutesRecord

MAX_SECTIONS = 60
Narrative = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]


class SectionWrite(Request):
    """One point of the minutes."""

    heading: Line = Field(examples=["Đánh giá kết quả công tác tháng 11"])
    body: Narrative | None = Field(default=None, examples=["Đồng chí bí thư báo cáo; chi bộ nhất trí."])


class MinutesReplace(Request):
    """What people write of minutes, whole; the head counts, votes and tasks come from the meeting itself."""

    sections: list[SectionWrite] = Field(max_length=MAX_SECTIONS, description="In their order")
    conclusion: Narrative | None = Field(
        default=None, examples=["Chi bộ nhất trí với báo cáo và phương hướng nhiệm vụ tháng 12."]
    )


class MinutesView(Versioned, MinutesRecord):
    """The minutes of a meeting; `id` is the meeting's."""

    organisation_id: UUID
    status: MinutesStatus
    number: str | None = Field(description="Given at the approval", examples=["Số 01-BB/CB"])
    publish_by: Instant | None = Field(description="Two days after the meeting, or as the rules of its day say")
    sent_at: Instant | None
    approved_at: Instant | None
    approved_by: MemberRef | None
    published_at: Instant | None

    def state(self) -> str:
        """Return what the ETag stands for: until the approval, roll, polls and tasks change what the minutes say."""
        return f"{super().state()}.{hashlib.sha256(self.model_dump_json().encode()).hexdigest()}"


class RemarkWrite(Request):
    """What somebody has to say of the draft."""

    body: Prose = Field(examples=["Mục 2: số tiền là 85 triệu đồng, không phải 58 triệu."])


class RemarkAnswer(Request):
    """Whether the minutes were changed for a remark, and why not."""

    taken: bool
    body: Prose | None = Field(default=None, examples=["Đã sửa ở mục 2."])


class RemarkView(Response):
    """What somebody who was there says of the draft, and what an organiser answered.

    For those who took part and the organisers; the published minutes do not show it.
    """

    id: UUID
    author: MemberRef
    body: str = Field(examples=["Mục 2: số tiền là 85 triệu đồng, không phải 58 triệu."])
    created_at: Instant
    taken: bool | None = Field(description="Null until it is answered", examples=[True])
    answer: str | None = Field(examples=["Đã sửa ở mục 2."])
    answered_at: Instant | None

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class RemarkPage(Page[RemarkView]):
    """Remarks, in the order they were made."""
