"""Refresh tokens: a bad network signs nobody out, a stolen token ends the family."""

import asyncio
import random

from httpx import AsyncClient

from app.kernel.db import Database
from app.kernel.passwords import Passwords
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.identity.conftest import LiveApp
from tests.identity.steps import (
    Answer,
    SignedIn,
    bearer,
    change,
    give_password,
    refresh,
    rows,
    said,
    sign_in,
    try_to_sign_in,
    whoami,
)


async def begin(client: AsyncClient, database: Database, passwords: Passwords, world: World) -> Answer:
    await give_password(database, passwords, world.member)
    return await sign_in(client, world.member)


async def test_a_refresh_gives_the_next_pair(
    client: AsyncClient, database: Database, passwords: Passwords, world: World
) -> None:
    first = await begin(client, database, passwords, world)

    second = await refresh(client, first["refresh_token"])

    assert second.status_code == 200, second.text
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert second.json()["access_token"] != first["access_token"]
    assert (await whoami(client, second.json())).status_code == 200
    assert (await refresh(client, second.json()["refresh_token"])).status_code == 200


async def test_the_stored_rows_open_nothing_by_themselves(
    client: AsyncClient, database: Database, passwords: Passwords, world: World
) -> None:
    first = await begin(client, database, passwords, world)
    second = (await refresh(client, first["refresh_token"])).json()

    stored = await rows(database, "SELECT token_hash, child_hash, sealed_child FROM refresh_tokens")

    assert len(stored) == 2
    everything = b"".join(bytes(value) for row in stored for value in row if value is not None)
    assert first["refresh_token"].encode() not in everything
    assert second["refresh_token"].encode() not in everything


async def test_after_a_lost_answer_the_same_token_gets_the_same_child_for_a_minute(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock
) -> None:
    first = await begin(client, database, passwords, world)
    lost = (await refresh(client, first["refresh_token"])).json()
    for _ in range(3):
        clock.advance(seconds=20)
        again = await refresh(client, first["refresh_token"], installation_id=str(world.member.installation_id))
        assert again.status_code == 200, again.text
        assert again.json()["refresh_token"] == lost["refresh_token"]

    assert (await refresh(client, lost["refresh_token"])).status_code == 200


async def test_a_token_used_after_its_child_ends_the_family_and_tells_the_owner(
    live_app: LiveApp, passwords: Passwords
) -> None:
    client, database, jobs, member = live_app.client, live_app.database, live_app.jobs, live_app.world.member
    first = await begin(client, database, passwords, live_app.world)
    second = (await refresh(client, first["refresh_token"])).json()
    third = (await refresh(client, second["refresh_token"])).json()

    stolen = await refresh(client, first["refresh_token"])

    assert (stolen.status_code, stolen.json()["code"]) == (401, "refresh_refused")
    assert (await refresh(client, third["refresh_token"])).status_code == 401
    assert (await whoami(client, third)).status_code == 401
    await jobs.run()
    assert jobs.sender.tokens("session_ended") == [member.push_token]
    anew = await sign_in(client, member)
    inbox = (await client.get("/v1/me/notifications", headers=bearer(anew["access_token"]))).json()["items"]
    assert [notice["type"] for notice in inbox] == ["session_ended"]
    assert "Samsung A05" in inbox[0]["body"]
    message, _ = jobs.sender.pushes[0]
    assert "Samsung" not in message.title.vi + message.body.vi + message.title.en + message.body.en
    facts = await rows(database, "SELECT code FROM events WHERE code = 'identity.refresh_token_reused'")
    assert len(facts) == 1


async def test_a_second_replay_tells_nobody_again(live_app: LiveApp, passwords: Passwords) -> None:
    client, database = live_app.client, live_app.database
    first = await begin(client, database, passwords, live_app.world)
    second = (await refresh(client, first["refresh_token"])).json()
    await refresh(client, second["refresh_token"])

    answers = await asyncio.gather(*(refresh(client, first["refresh_token"]) for _ in range(4)))
    answers.append(await refresh(client, first["refresh_token"]))

    assert {answer.status_code for answer in answers} == {401}
    facts = await rows(database, "SELECT code FROM events WHERE code = 'identity.refresh_token_reused'")
    assert len(facts) == 1


async def test_a_token_used_again_after_a_minute_ends_the_family(live_app: LiveApp, passwords: Passwords) -> None:
    client, clock = live_app.client, live_app.clock
    first = await begin(client, live_app.database, passwords, live_app.world)
    second = (await refresh(client, first["refresh_token"])).json()
    clock.advance(seconds=61)

    assert (await refresh(client, first["refresh_token"])).status_code == 401
    assert (await refresh(client, second["refresh_token"])).status_code == 401
    assert (await whoami(client, second)).status_code == 401


async def test_a_token_from_another_phone_ends_the_family_even_unused(live_app: LiveApp, passwords: Passwords) -> None:
    client = live_app.client
    first = await begin(client, live_app.database, passwords, live_app.world)
    other = str(live_app.world.secretary.installation_id)

    assert (await refresh(client, first["refresh_token"], installation_id=other)).status_code == 401
    assert (await refresh(client, first["refresh_token"])).status_code == 401


async def test_a_retry_from_another_phone_ends_the_family_too(live_app: LiveApp, passwords: Passwords) -> None:
    client = live_app.client
    first = await begin(client, live_app.database, passwords, live_app.world)
    second = (await refresh(client, first["refresh_token"])).json()
    other = str(live_app.world.secretary.installation_id)

    assert (await refresh(client, first["refresh_token"], installation_id=other)).status_code == 401
    assert (await refresh(client, second["refresh_token"])).status_code == 401


async def test_the_familys_end_leaves_other_sessions_alone(live_app: LiveApp, passwords: Passwords) -> None:
    client = live_app.client
    first = await begin(client, live_app.database, passwords, live_app.world)
    elsewhere = (await try_to_sign_in(client, live_app.world.member.phone)).json()
    await refresh(client, first["refresh_token"])
    live_app.clock.advance(seconds=61)
    assert (await refresh(client, first["refresh_token"])).status_code == 401

    assert (await refresh(client, elsewhere["refresh_token"])).status_code == 200


async def test_refreshing_at_once_gives_both_the_same_child(live_app: LiveApp, passwords: Passwords) -> None:
    client = live_app.client
    first = await begin(client, live_app.database, passwords, live_app.world)

    answers = await asyncio.gather(*(refresh(client, first["refresh_token"]) for _ in range(6)))

    assert {answer.status_code for answer in answers} == {200}
    [child] = {answer.json()["refresh_token"] for answer in answers}
    assert (await refresh(client, child)).status_code == 200


async def test_thirty_days_of_silence_end_a_session(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock
) -> None:
    first = await begin(client, database, passwords, world)
    clock.advance(days=30, seconds=-1)
    second = await refresh(client, first["refresh_token"])
    assert second.status_code == 200
    clock.advance(days=30)

    refused = await refresh(client, second.json()["refresh_token"])

    assert (refused.status_code, refused.json()["code"]) == (401, "refresh_refused")


async def test_after_180_days_one_signs_in_again_however_busy(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock
) -> None:
    tokens = await begin(client, database, passwords, world)
    for _ in range(8):
        clock.advance(days=20)
        answer = await refresh(client, tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()
    clock.advance(days=20)

    assert (await refresh(client, tokens["refresh_token"])).status_code == 401
    assert (await whoami(client, tokens)).status_code == 401


async def test_who_is_back_today_refreshes_though_it_is_yesterday_in_london(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock
) -> None:
    """Days are those of Việt Nam, as for every other request."""
    await change(
        database,
        "INSERT INTO standings (id, member_id, organisation_id, kind, starts_on, ends_on)"
        " VALUES (gen_random_uuid(), :member, :branch, 'resigned', '2026-11-01', '2026-11-22')",
        member=world.member.member_id,
        branch=world.branch_a,
    )
    clock.advance(hours=17)  # an hour after midnight

    tokens = await begin(client, database, passwords, world)

    assert (await whoami(client, tokens)).status_code == 200
    assert (await refresh(client, tokens["refresh_token"])).status_code == 200


async def test_unknown_ended_and_garbled_tokens_are_refused_alike(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock
) -> None:
    tokens = await begin(client, database, passwords, world)
    signed_out = await client.post("/v1/auth/logout", headers=bearer(tokens["access_token"]))
    assert signed_out.status_code == 204
    idle = await sign_in(client, world.member)
    answers = [
        await refresh(client, tokens["refresh_token"]),
        await refresh(client, "không phải mã"),
        await refresh(client, "a" * 512),
        await refresh(client, tokens["access_token"][:500]),
    ]
    clock.advance(days=31)
    answers.append(await refresh(client, idle["refresh_token"]))

    assert {str(said(answer)) for answer in answers} == {str(said(answers[0]))}
    assert answers[0].status_code == 401


async def test_lost_answers_never_sign_anybody_out(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock
) -> None:
    """A phone keeps the token it last got an answer for; 30 % of the answers do not arrive."""
    chance = random.Random(20261122)  # noqa: S311 repeatable chance, no secret
    kept = (await begin(client, database, passwords, world))["refresh_token"]
    lost = arrived = 0
    while arrived < 80:
        answer = await refresh(client, kept, installation_id=str(world.member.installation_id))
        assert answer.status_code == 200, f"signed out after {arrived} answers and {lost} lost ones"
        if chance.random() < 0.3:
            lost += 1
            clock.advance(seconds=chance.uniform(0, 8))
            continue
        arrived += 1
        kept = answer.json()["refresh_token"]
        clock.advance(minutes=chance.uniform(0, 600))
    assert lost > 20


async def test_a_stolen_token_is_always_found_out(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock
) -> None:
    """Whoever of thief and owner comes second with a token whose child is used, or later, ends the family."""
    chance = random.Random(7)  # noqa: S311 repeatable chance, no secret
    await give_password(database, passwords, world.member)
    for _ in range(6):
        tokens = [(await sign_in(client, world.member))["refresh_token"]]
        for _ in range(chance.randint(2, 5)):
            tokens.append((await refresh(client, tokens[-1])).json()["refresh_token"])
        stolen = chance.choice(tokens[:-2])
        clock.advance(seconds=chance.uniform(0, 59))

        assert (await refresh(client, stolen)).status_code == 401
        assert (await refresh(client, tokens[-1])).status_code == 401


async def test_refreshing_moves_the_last_use_shown_in_the_list(
    client: AsyncClient, database: Database, passwords: Passwords, world: World, clock: FakeClock, signed_in: SignedIn
) -> None:
    tokens = await begin(client, database, passwords, world)
    clock.advance(hours=3)
    tokens = (await refresh(client, tokens["refresh_token"])).json()

    listed = (await client.get("/v1/me/sessions", headers=bearer(tokens["access_token"]))).json()["items"]

    assert [(item["current"], item["last_used_at"]) for item in listed] == [(True, "2026-11-22T04:00:00Z")]
    assert (await signed_in(world.member).get("/v1/me")).status_code == 401  # replaced on the same phone
