from uuid import UUID

from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import (
    SignedIn,
    announced,
    drafted,
    post_draft,
    put_meeting,
    said,
    took,
)
from tests.factories.world import World


async def test_each_command_counts_up_the_branch_and_each_reply_the_member_too(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = ""

    async def state() -> tuple[dict[UUID, int], dict[UUID, tuple[int, int, str]]]:
        async with database.session() as session:
            counters = {row.id: row.counter for row in await session.execute(text("SELECT * FROM scopes"))}
            rows = await session.execute(
                text("SELECT * FROM changes WHERE object_type = 'meeting' AND object_id = CAST(:id AS uuid)"),
                {"id": meeting_id or str(UUID(int=0))},
            )
            return counters, {row.scope_id: (row.counter, row.version, row.op) for row in rows}

    async def put() -> None:
        assert (await put_meeting(secretary, meeting_id, title="Tên khác")).status_code == 200

    async def move() -> None:
        assert (await put_meeting(secretary, meeting_id, place="Hội trường xã")).status_code == 200

    async def reply() -> None:
        assert (await said(signed_in(world.member), meeting_id, "attending")).status_code == 200

    async def postpone() -> None:
        await took(secretary, meeting_id, "postpone", {"starts_at": "2026-12-06T12:30:00Z", "reason": "x"})

    async def step(name: str) -> None:
        await took(secretary, meeting_id, name)

    assert (await state())[0] == {}
    meeting_id = await drafted(secretary, world.branch_a)
    assert await state() == ({world.branch_a: 1}, {world.branch_a: (1, 1, "upsert")})
    steps = (
        (put, 2),
        (lambda: step("announce"), 3),
        (move, 4),
        (postpone, 5),
        (lambda: step("start"), 6),
        (lambda: step("end"), 7),
    )
    for count, (command, version) in enumerate(steps, start=2):
        await command()
        assert await state() == ({world.branch_a: count}, {world.branch_a: (count, version, "upsert")})

    meeting_id = await announced(secretary, world.branch_a)
    await reply()
    counters, changed = await state()
    assert counters == {world.branch_a: 10, world.member.member_id: 1}
    assert changed == {world.branch_a: (10, 2, "upsert"), world.member.member_id: (1, 2, "upsert")}
    await took(secretary, meeting_id, "cancel", {"reason": "x"})
    assert (await state())[1][world.branch_a] == (11, 3, "upsert")

    meeting_id = await drafted(secretary, world.branch_a)
    seen = await secretary.get(f"/v1/meetings/{meeting_id}")
    await secretary.delete(f"/v1/meetings/{meeting_id}", headers={"If-Match": seen.headers["ETag"]})
    assert (await state())[1] == {world.branch_a: (13, 1, "delete")}


async def test_refused_command_and_reading_count_nothing(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    assert (await secretary.post(f"/v1/meetings/{meeting_id}/end")).status_code == 409
    assert (await post_draft(secretary, world.branch_a, id=meeting_id)).status_code == 409
    assert (await post_draft(secretary, world.branch_a, title="")).status_code == 422
    await secretary.get("/v1/me/meetings")
    async with database.session() as session:
        assert await session.scalar(text("SELECT counter FROM scopes")) == 1
        assert await session.scalar(text("SELECT count(*) FROM events")) == 1


async def test_facts_are_kept_with_who_did_them(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    meeting_id = await drafted(signed_in(world.secretary), world.branch_a)
    clock.advance(seconds=1)
    await took(signed_in(world.secretary), meeting_id, "announce")
    clock.advance(seconds=1)
    await put_meeting(signed_in(world.minute_taker), meeting_id, starts_at="2026-12-04T13:00:00Z")
    async with database.session() as session:
        rows = (await session.execute(text("SELECT * FROM events ORDER BY id"))).all()
    assert [(row.code, row.actor_member_id, str(row.subject_id)) for row in rows] == [
        ("meetings.scheduled", world.secretary.member_id, meeting_id),
        ("meetings.announced", world.secretary.member_id, meeting_id),
        ("meetings.moved", world.minute_taker.member_id, meeting_id),
    ]
    assert rows[-1].data == {
        "version": 3,
        "starts_before": "2026-12-04T12:30:00Z",
        "place_before": "Nhà văn hóa thôn Đông",
    }
    assert all(row.organisation_id == world.branch_a and row.request_id for row in rows)
