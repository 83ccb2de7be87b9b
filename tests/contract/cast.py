"""Everybody in the access table: the world's people, and a guest from far away who stays with branch A."""

from dataclasses import dataclass, fields
from datetime import date
from uuid import uuid4

from app.kernel.db import Session
from app.members.models import Standing, StandingKind
from tests.factories.world import Maker, Person, World, make_world


@dataclass(frozen=True, slots=True)
class Cast(World):
    """The world, with a member of the far branch in it who is a temporary guest of branch A (domain.md 7)."""

    guest: Person


async def make_cast(session: Session) -> Cast:
    """Make everybody; the caller commits."""
    world = await make_world(session)
    guest = await Maker(session).person("Tạ Văn Quý", world.far_branch)
    session.add(
        Standing(
            id=uuid4(),
            member_id=guest.member_id,
            organisation_id=world.branch_a,
            kind=StandingKind.temporary_guest,
            starts_on=date(2026, 9, 1),
        )
    )
    await session.flush()
    return Cast(**{one.name: getattr(world, one.name) for one in fields(world)}, guest=guest)
