"""Which answers are kept, for how long, and for whom."""

from httpx import Response as Answer
from sqlalchemy import text

from app.kernel.db import Database
from app.worker import TASKS
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.world import World
from tests.kernel.idempotency.asking import code_of, count, with_key
from tests.worker import JobRunner


async def test_what_holds_secrets_is_not_kept(world: World, signed_in: SignedIn, database: Database) -> None:
    path = f"/v1/members/{world.member.member_id}/activation-code"
    headers = with_key()

    codes = [(await signed_in(world.secretary).post(path, headers=headers)).json()["activation_code"] for _ in "12"]

    assert codes[0] != codes[1]
    assert await count(database, "idempotency_keys") == 0


async def test_answers_are_forgotten_after_thirty_days(
    world: World, signed_in: SignedIn, database: Database, jobs: JobRunner, clock: FakeClock
) -> None:
    path = f"/v1/organisations/{world.branch_a}/meetings"
    body = {"title": "Sinh hoạt tháng 12", "starts_at": "2027-03-04T12:30:00Z", "place": "Nhà văn hóa"}
    purge = next(task for task in TASKS if task.name == "privacy.purge")
    assert purge.cron is not None
    await signed_in(world.secretary).post(path, json=body, headers=with_key())

    clock.advance(days=30)
    await purge.run(jobs.office, timestamp=0)
    assert await count(database, "idempotency_keys") == 1
    clock.advance(seconds=1)
    await purge.run(jobs.office, timestamp=0)
    assert await count(database, "idempotency_keys") == 0


async def test_who_has_lost_a_post_or_left_the_branch_is_not_told_the_answer_again(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    """The secretary's phone comes back late: what it was answered about the branch is no longer theirs to see."""
    secretary = signed_in(world.secretary)
    body = {"title": "Họp", "starts_at": "2026-12-04T12:30:00Z", "place": "Nhà văn hóa", "kind": "regular"}
    headers = with_key()
    path = f"/v1/organisations/{world.branch_a}/meetings"

    async def ask() -> Answer:
        return await secretary.post(path, json=body, headers=headers)

    async def change(statement: str, **values: object) -> None:
        async with database.session() as session:
            await session.execute(text(statement), values)
            await session.commit()

    first = await ask()
    assert first.status_code == 201, first.text
    here = {"member": world.secretary.member_id, "branch": world.branch_a}

    await change(
        "INSERT INTO posts (id, member_id, organisation_id, kind, starts_on) "
        "VALUES (gen_random_uuid(), :member, :branch, 'auditor', '2026-01-01')",
        **here,
    )
    more = await ask()  # whoever has got more still has what it was then
    assert (more.content, more.headers["idempotency-replayed"]) == (first.content, "true")

    await change("UPDATE posts SET ends_on = '2026-11-21' WHERE member_id = :member AND kind = 'secretary'", **here)
    assert code_of(await ask()) == (403, "answer_no_longer_yours")

    await change("UPDATE posts SET ends_on = NULL WHERE member_id = :member", **here)
    assert (await ask()).content == first.content
    await change(
        "UPDATE members SET organisation_id = :other WHERE id = :member", member=here["member"], other=world.branch_b
    )
    left = await ask()
    assert code_of(left) == (403, "answer_no_longer_yours")
    assert "Họp" not in left.text
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM meetings")) == 1
