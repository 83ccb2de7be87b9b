"""Merges that meet what is written of a member, on a database that really commits: nobody waits in a ring."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from app.kernel.db import PooledDatabase
from app.members.models import Member
from app.transfers.models import Transfer
from tests.factories.meetings import SignedIn, announced, said
from tests.factories.reorganisations import ask
from tests.factories.transfers import STAY, post_transfer, started, step, took
from tests.factories.world import World
from tests.memberships.test_deciding import EXEMPT, REMOVED, post_standing
from tests.racing import in_order, waiting

Change = Callable[[AsyncClient, World], Coroutine[Any, Any, Response]]  # Any: what coroutines are sent


async def correct_dates(secretary: AsyncClient, people: World) -> Response:
    url = f"/v1/members/{people.member.member_id}"
    seen = {"If-Match": (await secretary.get(url)).headers["etag"]}
    return await secretary.patch(url, json={"official_on": "2001-06-01"}, headers=seen)


CHANGES: dict[str, Change] = {
    "exempt": lambda secretary, people: post_standing(secretary, people.member, EXEMPT),
    "correct": correct_dates,
    "nudge": lambda secretary, people: secretary.post(f"/v1/members/{people.member.member_id}/nudges"),
    "transfer": lambda secretary, people: post_transfer(secretary, people.member, people.branch_b),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_member_is_written_of_while_their_branch_is_merged(
    change: str, live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    administrator, secretary = client_of(people.administrator), client_of(people.secretary)
    row = select(Member.id).where(Member.id == people.member.member_id)
    async with live.session() as other, live.session() as watcher:
        await other.execute(row.with_for_update(key_share=True))
        written = await waiting(watcher, CHANGES[change](secretary, people))
        merged = await waiting(watcher, ask(administrator, people.branch_a, "merge", into_id=people.branch_b), after=1)
        assert not written.done()
    assert ((await written).status_code in {200, 201}, (await merged).status_code) == (True, 201)


@pytest.mark.parametrize("into", ["branch_b", "office"])
async def test_a_transfer_is_accepted_while_the_old_branch_is_merged(
    into: str, live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    administrator, new = client_of(people.administrator), client_of(people.sister_secretary)
    transfer = await started(client_of(people.secretary), people.member, people.branch_b)
    async with live.session() as other, live.session() as watcher:
        await other.execute(select(Transfer.id).where(Transfer.id == UUID(transfer)).with_for_update())
        accepted = await waiting(watcher, step(new, transfer, "accept", received_on="2026-11-22"))
        merge = ask(administrator, people.branch_a, "merge", into_id=getattr(people, into))
        merged = await waiting(watcher, merge, after=1)
        assert not accepted.done()
    assert ((await accepted).status_code, (await merged).status_code) == (200, 201)
    home = (await client_of(people.member).get("/v1/me")).json()["organisation"]["id"]
    assert home == str(people.branch_b)


async def test_a_guests_membership_ends_while_their_host_is_merged(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary, host = client_of(people.secretary), client_of(people.sister_secretary)
    stay = await started(secretary, people.member, people.branch_b, **STAY)
    await took(host, stay, "accept", received_on="2026-11-22")
    meeting = await announced(host, people.branch_b)
    assert (await said(client_of(people.member), meeting, "attending")).status_code == 200
    merge = ask(client_of(people.administrator), people.branch_b, "merge", into_id=people.office)
    ending = post_standing(secretary, people.member, REMOVED)
    assert [answer.status_code for answer in await in_order(live, meeting, merge, ending)] == [201, 201]
