"""What tests send about members, a standing or a post given to one, and a move to another branch."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update

from app.kernel.db import Database, Session
from app.kernel.security import PostKind
from app.members.models import Member, Post, Standing, StandingKind
from tests.factories.world import Person

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


async def give_post(
    database: Database,
    person: Person,
    kind: PostKind,
    organisation_id: UUID,
    *,
    starts_on: date = date(2026, 1, 1),
    ends_on: date | None = None,
) -> None:
    """A post besides those the world gave."""
    async with database.session() as session:
        session.add(
            Post(
                id=session.new_id(),
                member_id=person.member_id,
                organisation_id=organisation_id,
                kind=kind,
                starts_on=starts_on,
                ends_on=ends_on,
            )
        )
        await session.commit()


async def transfer(session: Session, person: Person, *, to: UUID) -> None:
    """Move a member to another branch for good, from today on."""
    today = session.today()
    await session.execute(
        update(Standing)
        .where(Standing.member_id == person.member_id, Standing.ends_on.is_(None))
        .values(ends_on=today - timedelta(days=1))
    )
    await add_standing(session, person.member_id, person.organisation_id, StandingKind.transferred, starts_on=today)
    await add_standing(session, person.member_id, to, StandingKind.official, starts_on=today)
    await session.execute(update(Member).where(Member.id == person.member_id).values(organisation_id=to))
