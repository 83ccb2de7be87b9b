"""Bodies of catching up."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from app.kernel.pagination import Page
from app.kernel.schemas import Int32, Response


class ChangeOp(StrEnum):
    """What a phone does with it."""

    upsert = "upsert"
    delete = "delete"
    drop_scope = "drop_scope"


class ChangeView(Response):
    """One object as it is now, or that it is gone."""

    type: str = Field(
        description="`activity_entry`, `announcement`, `away_period`, `comment`, `document`, `meeting`, `member`, "
        "`minutes`, `notification`, `organisation`, `poll`, `post`, `resolution`, `roll` or `task`; `scope` with "
        "`drop_scope`. A client passes over a type it does not know",
        examples=["meeting"],
    )
    id: UUID = Field(description="The object's; of a roll and of minutes that of their meeting")
    op: ChangeOp = Field(
        description="`upsert`: store `resource`; `delete`: forget it, if it is known; `drop_scope`: forget all that "
        "came with this `scope_id`",
        examples=["upsert"],
    )
    version: Int32 = Field(description="The resource's version, for `If-Match`; 0 with `drop_scope`", examples=[3])
    scope_id: UUID = Field(description="The organisation, or the member, by whom it reaches me; stored with it")
    # Any: JSON. One shape a type and no `oneOf`, which generated clients read badly.
    resource: dict[str, Any] | None = Field(
        description="The body of a GET at the object's own URL, as I see it there; null where it is forgotten",
        examples=[{"id": "01a20554-aa22-7cf5-97ba-64575c030d6e", "title": "Sinh hoạt tháng 12"}],
    )


class ChangePage(Page[ChangeView]):
    """Changes; before `has_more` is false no object comes twice, unless it changed again meanwhile."""

    next_cursor: str = Field(
        description="Keep it once the items are stored, and hand it back as `cursor`: at once while there is more, "
        "and the next time otherwise",
        examples=["eNoNyrEOgjAQAFBm"],
    )
    has_more: bool = Field(description="Whether another page is ready", examples=[False])
