"""The live screen: a line for each change, to whoever sees the meeting, and nothing of what it was."""

import json

from fastapi import FastAPI
from httpx import Response

from app.kernel.pokes import HEARTBEAT_TICKS, Pokes
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import SignedIn, said
from tests.factories.meetings import announced as called
from tests.factories.world import World


def pokes_of(answer: Response) -> list[object]:
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n") if line.startswith("data: ")]


async def test_screen_hears_of_each_change_and_of_nothing_else(
    world: World, signed_in: SignedIn, app: FastAPI, database: RolledBackDatabase
) -> None:
    meeting_id = await called(signed_in(world.secretary), world.branch_a)
    ticks = 0

    async def pause() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 2:
            assert (await said(signed_in(world.away), meeting_id, "absent", "Đi công tác")).status_code == 200

    app.state.pokes = Pokes(database, pause=pause, longest=HEARTBEAT_TICKS + 3)
    answer = await signed_in(world.member).get(f"/v1/meetings/{meeting_id}/events")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    scope = str(world.branch_a)
    assert pokes_of(answer) == [{"scope": scope, "seq": 2}, {"scope": scope, "seq": 3}]
    assert answer.text.endswith(": ping\n\n")
    assert "công tác" not in answer.text


async def test_screen_is_for_whoever_sees_the_meeting(world: World, signed_in: SignedIn) -> None:
    meeting_id = await called(signed_in(world.secretary), world.branch_a)
    for person in (world.stranger, world.administrator, world.sister_secretary):
        assert (await signed_in(person).get(f"/v1/meetings/{meeting_id}/events")).status_code == 404
    assert (await signed_in(world.officer).get(f"/v1/meetings/{meeting_id}/events")).status_code == 200
