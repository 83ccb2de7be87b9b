"""What tests of care need: meetings that are over, and members who work away."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID, uuid4

from httpx import AsyncClient
from sqlalchemy import insert

from app.kernel.db import Database
from app.meetings.models import (
    Attendance,
    Meeting,
    MeetingKind,
    MeetingStatus,
    RollSource,
    RosterEntry,
    RosterStanding,
)
from app.members.models import AwayPeriod
from tests.factories.meetings import Json
from tests.factories.world import HANOI, Person, World

CONTACT = {
    "full_name": "Phạm Văn Đông",
    "relation": "Anh trai, ở cùng thôn",
    "phone": "0912 345 789",
    "note": "Gọi sau 19 giờ",
}


async def held(database: Database, world: World, at: datetime, marks: Mapping[Person, Attendance]) -> UUID:
    """Write a meeting of branch A that is over, with these people on its roster."""
    identifier = uuid4()
    async with database.session() as session:
        await session.execute(
            insert(Meeting).values(
                id=identifier,
                organisation_id=world.branch_a,
                kind=MeetingKind.regular,
                status=MeetingStatus.ended,
                title=f"Sinh hoạt tháng {at.month}",
                starts_at=at,
                started_at=at,
                time_zone=HANOI,
                created_by=world.secretary.member_id,
                created_at=at,
            )
        )
        for person, mark in marks.items():
            await session.execute(
                insert(RosterEntry).values(
                    meeting_id=identifier,
                    member_id=person.member_id,
                    standing=RosterStanding.official,
                    is_exempt=False,
                    is_away=False,
                    attendance=mark,
                    source=RollSource.secretary,
                )
            )
        await session.commit()
    return identifier


async def went_away(database: Database, person: Person, *, starts_on: date, ends_on: date | None = None) -> None:
    async with database.session() as session:
        session.add(
            AwayPeriod(
                id=uuid4(),
                member_id=person.member_id,
                starts_on=starts_on,
                ends_on=ends_on,
                place="Bình Dương",
                time_zone=HANOI,
                created_at=session.now(),
            )
        )
        await session.commit()


async def members_away(caller: AsyncClient, organisation_id: UUID, query: str = "") -> list[Json]:
    answer = await caller.get(f"/v1/organisations/{organisation_id}/members-away{query}")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def my_care(caller: AsyncClient) -> Json:
    answer = await caller.get("/v1/me/care")
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def unreached(caller: AsyncClient, organisation_id: UUID) -> Json:
    answer = await caller.get(f"/v1/organisations/{organisation_id}/unreached")
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view
