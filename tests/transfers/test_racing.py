"""A worker that tells of a transfer while it is accepted: neither waits for the other in a ring."""

from sqlalchemy import text

from app.kernel.db import PooledDatabase
from app.kernel.events import select_fact
from app.kernel.notices import by_code
from app.notices import NOTICES
from app.notifications.service import expand
from tests.factories.meetings import SignedIn, inbox
from tests.factories.transfers import started, step
from tests.factories.world import World
from tests.racing import waiting


async def test_a_transfer_is_accepted_while_a_worker_tells_of_its_start(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    new = client_of(people.sister_secretary)
    transfer = await started(client_of(people.secretary), people.member, people.branch_b)
    async with live.session() as worker, live.session() as watcher:
        wanted = text("SELECT id FROM events WHERE code = 'transfers.started'")
        event_id = (await worker.execute(wanted)).scalar_one()
        row = (await worker.execute(select_fact(event_id))).mappings().one()
        notice = by_code(NOTICES)[row["code"]]
        await notice.prepare(worker, notice.event.from_row(row))
        accepting = await waiting(watcher, step(new, transfer, "accept", received_on="2026-11-22"))
        assert not accepting.done()
        await expand(worker, event_id, notices=NOTICES)
        await worker.commit()
    accepted = await accepting
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    assert "transfer_started" in {one["type"] for one in await inbox(client_of(people.member))}
