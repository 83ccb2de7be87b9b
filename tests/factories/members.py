"""What tests send about members, and a standing added to one."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from app.kernel.db import Session
from app.members.models import Standing, StandingKind

HIEN: dict[str, str] = {
    "full_name": "Trịnh Thị Hiền",
    "born_on": "1990-02-03",
    "sex": "female",
    "card_number": "37012345",
    "citizen_id": "037 190 001 234",
    "phone": "0912 345 678",
    "admitted_on": "2015-05-19",
    "official_on": "2016-05-19",
}


def new_member(**changes: Any) -> dict[str, Any]:
    """Return the body for a faultless official member; Any: JSON. A value None leaves the field out."""
    return {name: value for name, value in {**HIEN, **changes}.items() if value is not None}


async def add_standing(
    session: Session,
    member_id: UUID,
    organisation_id: UUID,
    kind: StandingKind,
    *,
    starts_on: date = date(2026, 1, 1),
    ends_on: date | None = None,
) -> None:
    """Give a member one more dated state."""
    session.add(
        Standing(
            id=uuid4(),
            member_id=member_id,
            organisation_id=organisation_id,
            kind=kind,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )
    await session.flush()
