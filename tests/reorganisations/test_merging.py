"""Two branches become one, two communes become one: who is where, what is whose, and what stays readable."""

from datetime import date
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text

from app.kernel.security import PostKind
from app.members.models import Standing
from app.members.posts.models import Post
from app.organisations.models import Organisation
from tests.changes.phones import announce_world, fresh, named
from tests.conftest import RolledBackDatabase
from tests.factories import announcements, resolutions
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, drafted, said
from tests.factories.minutes import published_minutes
from tests.factories.reorganisations import codes, done
from tests.factories.world import World
from tests.worker import JobRunner


@pytest.fixture
def administrator(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.administrator)


async def test_members_of_a_merged_branch_are_at_home_in_the_other_from_that_day(
    world: World, administrator: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    view = await done(administrator, world.branch_a, "merge", into_id=world.branch_b, reason="Nghị quyết 12")

    assert view["status"] == "carried_out"
    assert view["members_moving"] == 6
    assert [post["kind"] for post in view["posts"]] == ["secretary", "minute_taker"]
    me = (await signed_in(world.member).get("/v1/me")).json()
    assert me["organisation"]["id"] == str(world.branch_b)
    assert (await signed_in(world.secretary).get("/v1/me")).json()["posts"] == []
    async with database.session() as session:
        rows = await session.execute(
            select(Standing.organisation_id, Standing.kind, Standing.starts_on, Standing.ends_on)
            .where(Standing.member_id == world.member.member_id)
            .order_by(Standing.starts_on)
        )
        assert rows.all() == [
            (world.branch_a, "official", date(2001, 5, 19), date(2026, 11, 21)),
            (world.branch_b, "official", date(2026, 11, 22), None),
        ]
        left = await session.scalar(
            select(Standing.organisation_id).where(Standing.member_id == world.former.member_id)
        )
        assert left == world.branch_a
