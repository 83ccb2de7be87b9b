"""Bodies of duplicates."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.kernel.pagination import Page
from app.kernel.schemas import Response
from app.members.schemas import MemberView


class Likeness(StrEnum):
    """What two records share; numbers but for zeros in front, which Excel drops, names but for accents."""

    card_number = "card_number"
    citizen_id = "citizen_id"
    name_and_birth_date = "name_and_birth_date"


class DuplicatePair(Response):
    """Two records that may be of one person."""

    first: MemberView
    second: MemberView
    likenesses: list[Likeness] = Field(examples=[["name_and_birth_date"]])


class DuplicatePage(Page[DuplicatePair]):
    """Pairs, in no order that means anything."""


class DistinctMembersView(Response):
    """Two people who are not one."""

    first_id: UUID
    second_id: UUID
    said_by: UUID
    said_at: datetime = Field(examples=["2026-11-22T08:15:00Z"])
