"""Requests that meet over one organisation, on a database that really commits: nobody waits in a ring."""

from sqlalchemy import func, select

from app.kernel.db import PooledDatabase
from app.organisations.models import Organisation
from app.organisations.queries import TREE_LOCK
from tests.factories.meetings import SignedIn
from tests.factories.reorganisations import ask
from tests.factories.world import World
from tests.racing import waiting
from tests.reorganisations.trees import ROWS, as_csv


async def test_one_of_two_changes_to_the_same_version_is_made(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    administrator = client_of(people.administrator)
    url = f"/v1/organisations/{people.branch_a}"
    seen = {"If-Match": (await administrator.get(url)).headers["etag"]}
    row = select(Organisation.id).where(Organisation.id == people.branch_a)
    async with live.session() as writer, live.session() as watcher:
        await writer.execute(row.with_for_update(read=True, key_share=True))  # as whoever enrols somebody there
        first = await waiting(watcher, administrator.patch(url, json={"name": "Một"}, headers=seen))
        second = await waiting(watcher, administrator.patch(url, json={"name": "Hai"}, headers=seen), after=1)
        assert not first.done()
    assert [(await first).status_code, (await second).status_code] == [200, 412]
    assert (await administrator.get(url)).json()["name"] == "Một"


async def test_a_tree_is_judged_while_what_it_shall_hang_below_is_renamed(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    administrator = client_of(people.administrator)
    url = f"/v1/organisations/{people.province}/tree-imports"
    async with live.session() as founder, live.session() as watcher:
        await founder.execute(select(func.pg_advisory_xact_lock_shared(TREE_LOCK)))
        renamed = await waiting(watcher, ask(administrator, people.province, "rename", name="Đảng bộ tỉnh mới"))
        judged = await waiting(watcher, administrator.post(url, files={"file": ("cay.csv", as_csv(ROWS))}), after=1)
        assert not judged.done()
    assert [(await renamed).status_code, (await judged).status_code] == [201, 200]
    assert (await judged).json()["ok_count"] == len(ROWS)
