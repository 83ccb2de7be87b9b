"""Two who open a record at the same instant, on a database that really commits."""

from sqlalchemy import func, select

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, transaction
from app.members.record_views.models import RecordView
from app.members.record_views.service import get_member
from tests.factories.clock import FakeClock
from tests.factories.world import make_world


async def test_a_look_that_another_request_has_noted_meanwhile_is_shown_and_noted_once(
    live_database_url: str, clock: FakeClock
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
    who = world.secretary

    async with database.session() as first, transaction(database) as second:
        await database.freeze(first)
        actor = await find_actor(first, session_id=who.session_id, account_id=who.account_id)
        assert actor is not None
        shown = await get_member(second, actor, world.member.member_id)
        await second.commit()
        assert await get_member(first, actor, world.member.member_id) == shown
        await first.commit()

    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(RecordView)) == 1
        await session.rollback()
    await database.close()
