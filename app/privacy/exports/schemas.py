"""Bodies of the export."""

from uuid import UUID

from pydantic import Field

from app.kernel.schemas import Instant, Response


class ExportPart(Response):
    """What is kept about me in one respect; the newest first."""

    name: str = Field(description="Stable; survive a new one", examples=["replies"])
    title: str = Field(description="In the reader's language", examples=["Trả lời lịch họp"])
    is_whole: bool = Field(description="False where there are older rows than the 10,000 that are shown")
    items: list[dict[str, str]] = Field(
        description="Rows as names and texts: instants in UTC, days as `2026-12-04`, `true` or `false`. What is empty "
        "is left out.",
        examples=[[{"meeting": "Sinh hoạt thường kỳ", "reply": "absent", "reason": "Đi công tác"}]],
    )


class MyExport(Response):
    """All that is kept about me, in the state of one moment."""

    made_at: Instant
    member_id: UUID
    account_id: UUID
    parts: list[ExportPart]
