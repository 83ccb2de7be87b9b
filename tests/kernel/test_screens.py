"""Screens: what the database writes is what the models say, the tag stands for all of it, nothing is left behind."""

from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import BaseModel
from sqlalchemy import Integer, bindparam, column, select, table, text

from app.announcements.schemas import AnnouncementPage
from app.kernel.db import PooledDatabase, Question, transaction
from app.kernel.screens import question
from app.kernel.security import NEEDING_SECOND_FACTOR
from app.kernel.settings import SecondFactorOf
from app.meetings.schemas import MeetingPage
from app.notifications.schemas import NotificationPage
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.meetings import Json, SignedIn, announced, drafted, said, took
from tests.factories.world import Person, World, make_world
from tests.worker import JobRunner

SCREENS: dict[str, type[BaseModel]] = {
    "/v1/me/meetings": MeetingPage,
    "/v1/me/announcements": AnnouncementPage,
    "/v1/me/notifications": NotificationPage,
}


async def shown(client: AsyncClient, path: str) -> Json:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


@pytest.fixture
async def busy(world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase) -> World:
    """Meetings in many states, with papers, replies and a moved hour; announcements with papers, and opened."""
    secretary, member, away = map(signed_in, (world.secretary, world.member, world.away))
    async with database.session() as session:
        paper, other = [str(await put_document(session, world.branch_a, world.secretary)) for _ in range(2)]
        await session.commit()
    points = [
        {"position": 2, "title": 'Việc khác \\ "+00:00"', "body": "Dòng 1\nDòng 2"},
        {"position": 1, "title": "Đánh giá tháng 11", "minutes": 30, "document_ids": [other, paper]},
    ]
    first = await announced(secretary, world.branch_a, agenda=points)
    short = {"starts_at": "2026-12-05T12:30:00Z", "ends_at": "2026-12-05T13:00:00Z"}
    second = await announced(secretary, world.branch_a, **short, title="ngắn +00:00")
    third = await announced(secretary, world.branch_a, starts_at="2026-12-06T12:30:00Z", ends_at=..., online_url=...)
    await drafted(secretary, world.branch_a)
    for client, meeting_id, *words in (
        (member, first, "attending"),
        (away, first, "absent", "Đi công tác"),
        (member, second, "attending_online"),
    ):
        assert (await said(client, meeting_id, *words)).status_code == 200
    moved = {"starts_at": "2026-12-07T12:30:00Z", "reason": "Trùng lịch"}
    await took(secretary, second, "postpone", moved)
    await took(secretary, third, "cancel", {"reason": "Mưa bão"})
    await took(secretary, first, "start")
    for changes in ({"document_ids": [paper, other]}, {"needs_acknowledgement": True}, {"audience": {"part": "away"}}):
        announcement_id = await published(secretary, world.branch_a, **changes)
        assert (await away.get(f"/v1/announcements/{announcement_id}")).status_code == 200
    await published(signed_in(world.officer), world.commune, expires_at="2027-01-31T00:00:00Z")
    await jobs.run()
    notices = (await shown(member, "/v1/me/notifications"))["items"]
    assert (await member.put(f"/v1/me/notifications/{notices[1]['id']}/read")).status_code == 204
    return world


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize("who", ["member", "away", "secretary", "minute_taker", "probationary", "officer", "stranger"])
async def test_what_the_database_writes_is_what_the_model_says(
    path: str, who: str, busy: World, signed_in: SignedIn
) -> None:
    client = signed_in(getattr(busy, who))
    body = await shown(client, path)
    assert SCREENS[path].model_validate(body).model_dump(mode="json") == body
    assert body["items"] or who in {"officer", "stranger"}
    for key in ("meetings", "announcements"):
        if path.endswith(key):
            for item in body["items"]:
                assert await shown(client, f"/v1/{key}/{item['id']}") == item


@pytest.mark.parametrize("path", SCREENS)
async def test_pages_cut_anywhere_make_the_whole(path: str, busy: World, signed_in: SignedIn) -> None:
    secretary = signed_in(busy.secretary)
    whole = (await shown(secretary, path))["items"]
    answer, cut = await secretary.get(f"{path}?limit=1"), []
    while True:
        page = answer.json()
        assert SCREENS[path].model_validate(page).model_dump(mode="json") == page
        cut += page["items"]
        if page["next_cursor"] is None:
            break
        answer = await secretary.get(answer.headers["Link"].split(";")[0].strip("<>"))
    assert cut == whole


@pytest.mark.parametrize("path", SCREENS)
async def test_page_the_phone_holds_is_not_sent_again(path: str, busy: World, signed_in: SignedIn) -> None:
    member = signed_in(busy.member)
    tag = (await member.get(path)).headers["ETag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}'):
        again = await member.get(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert (await member.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await signed_in(busy.probationary).get(path, headers={"If-None-Match": tag})).status_code == 200
    assert (await member.get(f"{path}?limit=2", headers={"If-None-Match": tag})).status_code == 200


async def test_tag_of_the_inbox_knows_language_and_place(busy: World, signed_in: SignedIn) -> None:
    member = signed_in(busy.member)
    tag = (await member.get("/v1/me/notifications")).headers["ETag"]
    english = {"If-None-Match": tag, "Accept-Language": "en"}
    assert (await member.get("/v1/me/notifications", headers=english)).status_code == 200


async def test_session_that_ended_sees_no_screen(
    busy: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    member = signed_in(busy.member)
    async with database.session() as session:
        await session.execute(
            text("UPDATE sessions SET revoked_at = now() WHERE id = :id"), {"id": busy.member.session_id}
        )
        await session.commit()
    for path in (*SCREENS, "/v1/changes"):
        refused = await member.get(path)
        assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid"), path


async def test_post_that_is_not_proven_shows_nothing_more(busy: World, signed_in: SignedIn, app: FastAPI) -> None:
    secretary = signed_in(busy.secretary)
    counted = [item["reply_counts"] for item in (await shown(secretary, "/v1/me/meetings"))["items"]]
    assert all(counted)
    app.state.second_factor_of = NEEDING_SECOND_FACTOR[SecondFactorOf.officers]
    body = await shown(secretary, "/v1/me/meetings")
    assert [(item["reply_counts"], item["warnings"]) for item in body["items"]] == [(None, [])] * len(counted)


def test_question_says_its_constants_and_asks_the_rest() -> None:
    cards = table("cards", column("number"), column("kind"))
    least = bindparam("least", None, Integer())
    asked = question(select(cards.c.number).where(cards.c.kind.in_(["a", "b'c"]), cards.c.number >= least))
    assert "IN ('a', 'b''c')" in asked.sql
    assert asked.names == ("least",)
    assert asked.values({"least": 3, "other": 4}) == [3]
    assert asked.values({}) == [None]


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=2_000)
    yield database
    await database.close()


def entering(person: Person, clock: FakeClock) -> tuple[Question, dict[str, object]]:
    names = ("account", "session", "now", "today", "unproven")
    asked = Question("SELECT member_id FROM enter_as($1, $2, $3, $4, $5)", names)
    given = {"account": person.account_id, "session": person.session_id, "now": clock(), "today": clock().date()}
    return asked, {**given, "unproven": [""]}


async def test_who_asked_is_forgotten_with_the_answer(live: PooledDatabase, clock: FakeClock) -> None:
    async with transaction(live) as session:
        world = await make_world(session)
    asked, given = entering(world.member, clock)
    who = Question("SELECT nullif(current_setting('sotay.member_id', true), '')", ())
    for _ in range(3):
        assert await live.read(asked, given) == (world.member.member_id,)
        assert await live.read(who, {}) == (None,)
    assert await live.read(asked, {**given, "session": UUID(int=1)}) is None


async def test_what_is_read_at_once_is_of_one_instant_and_writes_nothing(live: PooledDatabase) -> None:
    said = await live.read(Question("SELECT current_setting('transaction_isolation')", ()), {})
    assert said == ("repeatable read",)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await live.read(Question("DELETE FROM sessions", ()), {})
    assert await live.read(Question("SELECT 1", ()), {}) == (1,)
