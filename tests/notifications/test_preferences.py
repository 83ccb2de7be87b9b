import pytest

from app.kernel.push import Channel
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox
from tests.factories.world import World
from tests.worker import JobRunner

URL = "/v1/me/notification-preferences"


def _wish(kind: str, *, enabled: bool) -> dict[str, object]:
    return {"kind": kind, "channel": "push", "enabled": enabled}


async def test_everything_is_on_until_somebody_says_otherwise(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.member).get(URL)
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [_wish(kind.value, enabled=True) for kind in Channel],
        "next_cursor": None,
    }


async def test_put_replaces_all_wishes(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)

    async def off(*wishes: dict[str, object]) -> set[str]:
        answer = await member.put(URL, json={"items": list(wishes)})
        assert answer.status_code == 200, answer.text
        assert answer.json() == (await member.get(URL)).json()
        return {item["kind"] for item in answer.json()["items"] if not item["enabled"]}

    assert await off(_wish("meeting_changed", enabled=False)) == {"meeting_changed"}
    assert await off(_wish("announcement", enabled=False), _wish("system", enabled=True)) == {"announcement"}
    # Of two wishes for the same kind the later counts.
    assert await off(_wish("announcement", enabled=False), _wish("announcement", enabled=True)) == set()
    assert await off(_wish("resolution", enabled=False)) == {"resolution"}
    assert await off() == set()
    assert (await signed_in(world.away).get(URL)).json()["items"][0]["enabled"] is True


async def test_wish_that_is_wrong_changes_nothing(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    await member.put(URL, json={"items": [_wish("meeting_changed", enabled=False)]})
    for body, pointer in (
        ({"items": [_wish("meetings", enabled=False)]}, "/items/0/kind"),
        ({"items": [{"kind": "system", "channel": "sms", "enabled": False}]}, "/items/0/channel"),
        ({"items": [{"kind": "system", "channel": "push"}]}, "/items/0/enabled"),
        ({"items": [{**_wish("system", enabled=True), "until": "x"}]}, "/items/0/until"),
        ({"items": [_wish("system", enabled=True)] * 51}, "/items"),
        ({}, "/items"),
    ):
        refused = await member.put(URL, json=body)
        assert refused.status_code == 422, body
        assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    kept = (await member.get(URL)).json()["items"]
    assert [item["kind"] for item in kept if not item["enabled"]] == ["meeting_changed"]


async def test_kind_that_is_switched_off_is_in_the_inbox_and_pushed_to_the_others(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    await signed_in(world.member).put(URL, json={"items": [_wish("meeting_changed", enabled=False)]})
    await signed_in(world.probationary).put(URL, json={"items": [_wish("meeting_reminder", enabled=False)]})
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert set(jobs.sender.tokens("meeting_announced")) == awake_phones_of(world) - {world.member.push_token}
    assert len(await inbox(signed_in(world.member))) == 1


@pytest.mark.parametrize(("kind", "is_pushed"), [("announcement", True), ("meeting_changed", False)])
async def test_what_waits_for_the_morning_leaves_unless_its_kind_was_switched_off_in_the_night(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, kind: str, *, is_pushed: bool
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await signed_in(world.away).put(URL, json={"items": [_wish(kind, enabled=False)]})
    clock.advance(hours=6)  # 08:00 in Berlin
    await jobs.run()
    assert (world.away.push_token in jobs.sender.tokens()) is is_pushed


async def test_kind_that_is_switched_on_again_is_pushed(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    member = signed_in(world.member)
    await member.put(URL, json={"items": [_wish("meeting_changed", enabled=False)]})
    await member.put(URL, json={"items": []})
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert world.member.push_token in jobs.sender.tokens("meeting_announced")
