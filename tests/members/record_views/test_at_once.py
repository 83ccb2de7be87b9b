"""Two who open a record at the same instant, on a database that really commits."""

from sqlalchemy import func, select, text

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, transaction
from app.kernel.pagination import PageRequest
from app.members.queries import MemberFilter
from app.members.record_views.models import RecordView
from app.members.record_views.service import get_member, list_members
from tests.factories.world import World


async def test_a_look_that_another_request_has_noted_meanwhile_is_shown_and_noted_once(
    live: PooledDatabase, people: World
) -> None:
    who = people.secretary
    async with live.session() as first, transaction(live) as second:
        await live.freeze(first)
        actor = await find_actor(first, session_id=who.session_id, account_id=who.account_id)
        assert actor is not None
        shown = await get_member(second, actor, people.member.member_id)
        await second.commit()
        assert await get_member(first, actor, people.member.member_id) == shown
        await first.commit()

    async with live.session() as session:
        assert await session.scalar(select(func.count()).select_from(RecordView)) == 1


async def test_a_list_on_which_another_request_has_noted_somebody_meanwhile_leaves_the_trace_of_all_others(
    live: PooledDatabase, people: World
) -> None:
    who = people.secretary
    async with live.session() as first, transaction(live) as second:
        await live.freeze(first)
        actor = await find_actor(first, session_id=who.session_id, account_id=who.account_id)
        assert actor is not None
        for session, limit in ((second, 2), (first, 20)):
            page = PageRequest(limit=limit, after=None)
            await list_members(session, actor, people.branch_a, wanted=MemberFilter(), page=page)
            await session.commit()

    async with live.session() as session:
        noted = await session.scalars(select(RecordView.member_id))
        assert sorted(noted) == sorted(one.member_id for one in people.branch_members if one is not who)
        facts = await session.scalars(text("SELECT jsonb_array_length(data -> 'member_ids') FROM events ORDER BY id"))
        assert sum(facts) == len(people.branch_members) - 1, "each in one"
