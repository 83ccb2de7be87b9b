"""Notices that only a newer release knows, seen by a worker and an inbox of this one."""

from dataclasses import replace

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.kernel.db import commit
from app.kernel.notices import UNKNOWN_BODY, UNKNOWN_TITLE
from app.notices import NOTICES
from app.notifications.service import UNKNOWN_WAITS
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox, took
from tests.factories.telling import OF_TOMORROW, tell_of_tomorrow
from tests.factories.world import World
from tests.sms import CollectingSmsSender
from tests.worker import JobRunner

OF_YESTERDAY = tuple(notice for notice in NOTICES if notice.type != "meeting_announced")
"""Of a release that knew no calls to meetings yet."""


@pytest.fixture
async def called(world: World, signed_in: SignedIn) -> AsyncClient:
    """Somebody who was just called to a meeting."""
    secretary = signed_in(world.secretary)
    await announced(secretary, world.branch_a)
    return secretary


@pytest.mark.parametrize(
    ("wish", "title", "body"),
    [
        ("vi", "Sổ tay đảng viên", "Có thông báo mới"),
        ("en", "Member handbook", "There is a new notice"),
    ],
)
async def test_inbox_shows_it_in_general_words_with_its_link(
    wish: str, title: str, body: str, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        told = await tell_of_tomorrow(session, world.branch_a, world.member.member_id)
        subject = await session.scalar(text("SELECT subject_id FROM notifications WHERE id = :id"), {"id": told})
        await commit(session)
    (entry,) = await inbox(signed_in(world.member), **{"Accept-Language": wish})
    assert entry == {
        "id": str(told),
        "type": OF_TOMORROW,
        "title": title,
        "body": body,
        "link": f"http://sotay.test/m/{subject}",
        "created_at": "2026-11-22T01:00:00Z",
        "read_at": None,
    }


@pytest.mark.usefixtures("called")
async def test_fact_that_the_worker_does_not_know_waits_for_one_that_does(
    world: World, jobs: JobRunner, clock: FakeClock, signed_in: SignedIn
) -> None:
    newer = jobs.office
    jobs.office = replace(newer, notices=OF_YESTERDAY)
    assert await jobs.run(times_each=2) == 1  # a worker that dies before its job is struck off leaves no second one
    clock.advance(seconds=UNKNOWN_WAITS.total_seconds())
    assert await jobs.run() == 1
    assert await inbox(signed_in(world.member)) == []

    jobs.office = newer
    clock.advance(seconds=UNKNOWN_WAITS.total_seconds())
    await jobs.run()
    assert [entry["type"] for entry in await inbox(signed_in(world.member))] == ["meeting_announced"]
    assert sorted(jobs.sender.tokens("meeting_announced")) == sorted(awake_phones_of(world))


@pytest.mark.usefixtures("called")
async def test_push_says_that_there_is_something_new(world: World, jobs: JobRunner) -> None:
    await jobs.run_one()
    jobs.office = replace(jobs.office, notices=OF_YESTERDAY)
    await jobs.run()
    assert sorted(jobs.sender.tokens("meeting_announced")) == sorted(awake_phones_of(world))
    assert {(message.title, message.body) for message, _ in jobs.sender.pushes} == {(UNKNOWN_TITLE, UNKNOWN_BODY)}


@pytest.mark.parametrize("is_over", [False, True])
async def test_text_message_waits_for_a_worker_that_has_words_for_it_unless_it_is_over(
    *, is_over: bool, world: World, called: AsyncClient, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        phone = text("UPDATE members SET phone = '+84905555555' WHERE id = :id")
        await session.execute(phone, {"id": world.phoneless.member_id})
        await session.commit()
    texts = CollectingSmsSender()
    newer = replace(jobs.office, texts=texts)
    jobs.office = newer
    await jobs.run_one()
    jobs.office = replace(newer, notices=OF_YESTERDAY)
    await jobs.run(times_each=2)
    assert texts.sent == []

    if is_over:
        meeting_id = (await called.get(f"/v1/organisations/{world.branch_a}/meetings")).json()["items"][0]["id"]
        await took(called, meeting_id, "cancel", {"reason": "Mưa bão"})
        await jobs.run()
        texts.sent.clear()
    clock.advance(seconds=UNKNOWN_WAITS.total_seconds())
    await jobs.run()
    async with database.session() as session:
        left = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.text'"
        assert await session.scalar(text(left)) == (0 if is_over else 1)
    jobs.office = newer
    clock.advance(seconds=UNKNOWN_WAITS.total_seconds())
    await jobs.run()
    assert len(texts.sent) == (0 if is_over else 1)
