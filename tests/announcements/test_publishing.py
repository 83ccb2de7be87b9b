"""From draft to end: who may write what, when it is published, when it is gone."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from httpx import Response
from sqlalchemy import text

from app.announcements.models import Announcement, AnnouncementStatus
from app.announcements.service import publish_due_announcements
from app.documents.models import Visibility
from app.kernel.db import PooledDatabase, transaction
from app.kernel.jobs import Lane
from app.kernel.notices import AudiencePart
from app.kernel.push import Channel
from app.kernel.settings import Settings
from app.worker import TASKS
from tests.conftest import RolledBackDatabase
from tests.documents.asking import uploaded
from tests.factories.announcements import (
    drafted,
    my_announcements,
    post_announcement,
    publish,
    published,
    put_announcement,
    remove,
)
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.meetings import Json, SignedIn, inbox
from tests.factories.world import World, make_world
from tests.worker import JobRunner


async def _sweep(jobs: JobRunner) -> None:
    """Let the minute of the timetable come."""
    (task,) = (task for task in TASKS if task.name == "announcements.publish_due")
    assert task.cron == "* * * * *"
    await task.run(jobs.office, timestamp=0)


async def test_draft_is_its_authors_until_it_is_published(world: World, signed_in: SignedIn) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    given = str(uuid4())
    announcement_id = await drafted(secretary, world.branch_a, id=given)
    assert announcement_id == given
    again = await post_announcement(secretary, world.branch_a, id=given)
    assert (again.status_code, again.json()["code"]) == (409, "announcement_already_exists")
    assert await my_announcements(secretary) == await my_announcements(member) == []
    listed = await secretary.get(f"/v1/organisations/{world.branch_a}/announcements")
    assert [item["status"] for item in listed.json()["items"]] == ["draft"]

    changed = await put_announcement(secretary, announcement_id, title="Tên khác", needs_acknowledgement=False)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.headers["ETag"] == (await secretary.get(f"/v1/announcements/{announcement_id}")).headers["ETag"]
    view = await publish(secretary, announcement_id)
    assert await my_announcements(member) == [view]
    assert view == {
        "id": announcement_id,
        "version": 3,
        "organisation_id": str(world.branch_a),
        "title": "Tên khác",
        "body": "Các chi bộ học tập trước ngày 15.",
        "status": "published",
        "audience": {"part": "everyone", "post_kinds": []},
        "needs_acknowledgement": False,
        "publish_at": None,
        "published_at": "2026-11-22T01:00:00Z",
        "expires_at": None,
        "documents": [],
        "opened_at": None,
        "acknowledged_at": None,
    }
    late = await put_announcement(secretary, announcement_id)
    assert (late.status_code, late.json()["code"]) == (409, "announcement_already_published")
    twice = await secretary.post(f"/v1/announcements/{announcement_id}/publish")
    assert (twice.status_code, twice.json()["code"]) == (409, "announcement_not_draft")


async def test_nobody_addresses_an_organisation_that_they_do_not_lead(world: World, signed_in: SignedIn) -> None:
    for person, organisation_id in (
        (world.secretary, world.commune),
        (world.officer, world.branch_a),
        (world.minute_taker, world.branch_a),
        (world.administrator, world.province),
    ):
        refused = await post_announcement(signed_in(person), organisation_id)
        assert (refused.status_code, refused.json()["code"]) == (403, "organisation_not_yours_to_address")
    unseen = await post_announcement(signed_in(world.secretary), world.far_branch)
    assert (unseen.status_code, unseen.json()["code"]) == (404, "organisation_not_found")


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"publish_at": "2026-11-22T01:00:00Z"}, 422, "publication_in_past", "/publish_at"),
        ({"expires_at": "2026-11-22T01:00:00Z"}, 422, "expiry_too_early", "/expires_at"),
        (
            {"publish_at": "2026-11-24T01:00:00Z", "expires_at": "2026-11-24T01:00:00Z"},
            422,
            "expiry_too_early",
            "/expires_at",
        ),
        ({"audience": {"part": "posts"}}, 422, "fields_not_valid", "/audience/post_kinds"),
        ({"audience": {"part": "away", "post_kinds": ["auditor"]}}, 422, "fields_not_valid", "/audience/post_kinds"),
        (
            {"audience": {"part": "posts", "post_kinds": ["auditor", "auditor"]}},
            422,
            "fields_not_valid",
            "/audience/post_kinds",
        ),
        ({"document_ids": [str(UUID(int=1))] * 2}, 422, "fields_not_valid", "/document_ids"),
        ({"document_ids": [str(UUID(int=1))]}, 422, "documents_not_found", "/document_ids/0"),
    ],
    ids=["past", "expired", "order", "no-post", "unasked-post", "same-post", "same-document", "no-document"],
)
async def test_what_cannot_be_is_refused_by_its_pointer(
    world: World, signed_in: SignedIn, changes: Json, status: int, code: str, pointer: str
) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    for answer in (
        await post_announcement(secretary, world.branch_a, **changes),
        await put_announcement(secretary, draft, **changes),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code)
        assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_scheduled_is_published_at_its_hour_once(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    announcement_id = await drafted(signed_in(world.secretary), world.branch_a, publish_at="2026-11-22T03:00:00Z")
    view = await publish(signed_in(world.secretary), announcement_id)
    assert (view["status"], view["published_at"], view["publish_at"]) == ("scheduled", None, "2026-11-22T03:00:00Z")
    assert (await signed_in(world.member).get(f"/v1/announcements/{announcement_id}")).status_code == 404
    # Its words may still change, and its hour stays.
    edited = await put_announcement(
        signed_in(world.secretary), announcement_id, title="Sửa", publish_at="2026-11-22T03:00:00Z"
    )
    assert edited.json()["status"] == "scheduled"

    clock.advance(hours=1, minutes=59, seconds=59)
    await _sweep(jobs)
    assert (await jobs.run(), await my_announcements(signed_in(world.member))) == (0, [])
    clock.advance(seconds=1)
    for _ in range(3):
        await _sweep(jobs)
        await jobs.run()
    assert jobs.sender.tokens().count(world.member.push_token) == 1
    (seen,) = await my_announcements(signed_in(world.member))
    assert (seen["status"], seen["published_at"], seen["title"]) == ("published", "2026-11-22T03:00:00Z", "Sửa")


async def test_scheduled_without_its_hour_is_a_draft_again(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    announcement_id = await drafted(signed_in(world.secretary), world.branch_a, publish_at="2026-11-22T03:00:00Z")
    await publish(signed_in(world.secretary), announcement_id)
    assert (await put_announcement(signed_in(world.secretary), announcement_id)).json()["status"] == "draft"
    clock.advance(hours=3)
    await _sweep(jobs)
    assert await my_announcements(signed_in(world.secretary)) == []
    assert (await publish(signed_in(world.secretary), announcement_id))["published_at"] == "2026-11-22T04:00:00Z"


async def test_draft_whose_hour_has_passed_is_published_at_once(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    announcement_id = await drafted(signed_in(world.secretary), world.branch_a, publish_at="2026-11-22T03:00:00Z")
    clock.advance(hours=3)
    assert (
        await put_announcement(signed_in(world.secretary), announcement_id, publish_at="2026-11-22T03:00:00Z")
    ).status_code == 200
    assert (await publish(signed_in(world.secretary), announcement_id))["status"] == "published"


async def test_expired_leaves_the_lists_by_itself(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    announcement_id = await published(signed_in(world.secretary), world.branch_a, expires_at="2026-11-22T02:00:00Z")
    never = await drafted(signed_in(world.secretary), world.branch_a, expires_at="2026-11-22T02:00:00Z")
    overtaken = await drafted(
        signed_in(world.secretary), world.branch_a, publish_at="2026-11-22T01:30:00Z", expires_at="2026-11-22T02:00:00Z"
    )
    await publish(signed_in(world.secretary), overtaken)
    await jobs.run()
    assert {message.expires_at for message, _ in jobs.sender.pushes} == {datetime(2026, 11, 22, 2, tzinfo=UTC)}
    first = await signed_in(world.member).get(f"/v1/announcements/{announcement_id}")
    clock.advance(hours=1)
    assert await my_announcements(signed_in(world.member)) == []
    for person in (world.member, world.officer):
        listed = await signed_in(person).get(f"/v1/organisations/{world.branch_a}/announcements")
        assert listed.json()["items"] == []
    after = await signed_in(world.member).get(
        f"/v1/announcements/{announcement_id}", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (after.status_code, after.json()["status"]) == (200, "expired")
    late = await signed_in(world.secretary).post(f"/v1/announcements/{never}/publish")
    assert (late.status_code, late.json()["code"]) == (409, "announcement_time_passed")
    # The worker stood still over its whole life: nobody is told.
    jobs.sender.pushes.clear()
    await _sweep(jobs)
    await jobs.run()
    assert jobs.sender.tokens() == []
    statuses = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/announcements")
    assert sorted(item["status"] for item in statuses.json()["items"]) == ["draft", "expired", "expired"]


async def test_withdrawn_leaves_every_list_and_inbox_and_sends_no_more_pushes(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    announcement_id = await published(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    (entry,) = await inbox(signed_in(world.member))
    await signed_in(world.member).put(f"/v1/me/notifications/{entry['id']}/read")
    assert (await remove(signed_in(world.secretary), announcement_id)).status_code == 204
    clock.advance(hours=5)  # morning in Berlin, where a push was held
    await jobs.run()
    assert world.away.push_token not in jobs.sender.tokens()
    for person in (world.secretary, world.member, world.away, world.officer):
        client = signed_in(person)
        assert await my_announcements(client) == await inbox(client) == []
        listed = await client.get(f"/v1/organisations/{world.branch_a}/announcements")
        assert listed.json()["items"] == []
    for person in (world.member, world.officer):
        assert (await signed_in(person).get(f"/v1/announcements/{announcement_id}")).status_code == 404
    assert (await signed_in(world.secretary).get(f"/v1/announcements/{announcement_id}")).json()[
        "status"
    ] == "withdrawn"
    for answer in (
        await remove(signed_in(world.secretary), announcement_id),
        await put_announcement(signed_in(world.secretary), announcement_id),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "announcement_withdrawn")
    async with database.session() as session:
        gone = await session.execute(
            text("SELECT object_type, op FROM changes WHERE scope_id = :scope"), {"scope": world.branch_a}
        )
        assert {tuple(row) for row in gone} == {("announcement", "delete"), ("notification", "delete")}


async def test_file_that_was_published_by_mistake_can_be_deleted_once_its_announcement_is_withdrawn(
    world: World, signed_in: SignedIn, jobs: JobRunner, settings: Settings
) -> None:
    secretary = signed_in(world.secretary)
    document_id = (await uploaded(secretary))["id"]
    announcement_id = await published(secretary, world.branch_a, document_ids=[document_id])

    async def delete() -> Response:
        return await secretary.delete(f"/v1/documents/{document_id}", headers={"If-Match": '"1-0"'})

    refused = await delete()
    assert (refused.status_code, refused.json()["code"]) == (409, "document_in_use")
    await remove(secretary, announcement_id)
    assert (await secretary.get(f"/v1/announcements/{announcement_id}")).json()["documents"] == []
    assert (await delete()).status_code == 204
    await jobs.run()
    assert list(settings.documents_dir.iterdir()) == []


async def test_withdrawn_before_the_worker_came_tells_nobody(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    announcement_id = await published(signed_in(world.secretary), world.branch_a)
    await remove(signed_in(world.secretary), announcement_id)
    await jobs.run()
    assert (jobs.sender.tokens(), await inbox(signed_in(world.member))) == ([], [])


async def test_draft_and_scheduled_are_discarded(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    scheduled = await drafted(secretary, world.branch_a, publish_at="2026-11-22T03:00:00Z")
    await publish(secretary, scheduled)
    for announcement_id in (draft, scheduled):
        assert (await remove(secretary, announcement_id)).status_code == 204
        assert (await secretary.get(f"/v1/announcements/{announcement_id}")).status_code == 404


async def test_push_gives_nothing_away_and_the_inbox_names_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    announcement_id = await published(signed_in(world.secretary), world.branch_a, title="Kỷ luật {đồng chí}")
    await jobs.run()
    clock.advance(seconds=1)
    await published(signed_in(world.secretary), world.branch_a, needs_acknowledgement=False)
    await jobs.run()
    message = next(message for message, _ in jobs.sender.pushes if str(message.subject_id) == announcement_id)
    assert (message.type, message.channel, message.urgent) == ("announcement_published", Channel.announcement, False)
    assert message.body.vi == "Có thông báo mới"
    assert message.expires_at == datetime(2026, 11, 22, 1, tzinfo=UTC) + timedelta(hours=24)
    unasked, asked = await inbox(signed_in(world.member), **{"Accept-Language": "en"})
    assert (asked["title"], asked["body"]) == (
        "Announcement: Kỷ luật {đồng chí}",
        "Open it to read it and to acknowledge it",
    )
    assert (unasked["body"], asked["link"]) == ("Open it to read it", f"http://sotay.test/m/{announcement_id}")


async def test_documents_go_with_it_as_far_as_the_reader_may_open_them(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        shared = await put_document(session, world.branch_a, world.secretary)
        other = await put_document(session, world.commune, world.officer, title="Hướng dẫn của Đảng ủy")
        foreign = await put_document(session, world.branch_b, world.sister_secretary)
        await session.commit()
    secretary, ids = signed_in(world.secretary), [str(other), str(shared)]
    announcement_id = await drafted(secretary, world.branch_a, document_ids=ids)
    refused = await put_announcement(secretary, announcement_id, document_ids=[str(shared), str(foreign)])
    assert refused.json()["errors"][0]["pointer"] == "/document_ids/1"
    await publish(secretary, announcement_id)
    (seen,) = await my_announcements(signed_in(world.member))
    assert [document["id"] for document in seen["documents"]] == ids
    assert seen["documents"][0]["title"] == "Hướng dẫn của Đảng ủy"
    async with database.session() as session:
        await session.execute(text("UPDATE documents SET visibility = 'committee' WHERE id = :id"), {"id": shared})
        await session.commit()
    (seen,) = await my_announcements(signed_in(world.member))
    assert [document["id"] for document in seen["documents"]] == [str(other)]

    draft = await drafted(secretary, world.branch_a, document_ids=ids)
    answer = await put_announcement(secretary, draft, document_ids=ids[:1])
    assert [document["id"] for document in answer.json()["documents"]] == ids[:1]


async def test_it_is_another_one_once_other_documents_with_it_may_be_opened(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        paper = await put_document(session, world.branch_a, world.secretary, visibility=Visibility.committee)
        await session.commit()
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    path = f"/v1/announcements/{await published(secretary, world.branch_a, document_ids=[str(paper)])}"
    before = await member.get(path)
    assert before.json()["documents"] == []
    known = {"If-None-Match": before.headers["ETag"]}
    assert (await member.get(path, headers=known)).status_code == 304

    etag = (await secretary.get(f"/v1/documents/{paper}")).headers["ETag"]
    changed = await secretary.patch(
        f"/v1/documents/{paper}", json={"visibility": "organisation"}, headers={"If-Match": etag}
    )
    assert changed.status_code == 200, changed.text

    after = await member.get(path, headers=known)
    assert after.status_code == 200
    assert [document["id"] for document in after.json()["documents"]] == [str(paper)]


async def test_lists_come_newest_first_in_pages(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    drafts = []
    for number in range(5):
        drafts.append(await drafted(signed_in(world.secretary), world.branch_a, title=f"số {number}"))
        clock.advance(seconds=1)
    for draft in reversed(drafts):  # published in another order than they were written
        clock.advance(seconds=1)
        await publish(signed_in(world.secretary), draft)

    async def titles(url: str) -> list[str]:
        found = []
        while url:
            page = await signed_in(world.secretary).get(url)
            found += [item["title"] for item in page.json()["items"]]
            url = page.headers.get("Link", "").partition(">")[0].removeprefix("<")
        return found

    assert await titles("/v1/me/announcements?limit=2") == [f"số {number}" for number in range(5)]
    assert await titles(f"/v1/organisations/{world.branch_a}/announcements?limit=2") == [
        f"số {number}" for number in reversed(range(5))
    ]


async def test_two_sweeps_at_once_publish_each_once(live_database_url: str, clock: FakeClock) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
        for _ in range(3):
            session.add(
                Announcement(
                    id=session.new_id(),
                    organisation_id=world.branch_a,
                    title="Thông báo",
                    body="Nội dung",
                    status=AnnouncementStatus.scheduled,
                    audience_part=AudiencePart.everyone,
                    audience_post_kinds=[],
                    needs_acknowledgement=False,
                    publish_at=session.now(),
                    created_by=world.secretary.member_id,
                    created_at=session.now(),
                )
            )
    async with transaction(database) as first:
        assert await publish_due_announcements(first) == 3
        async with asyncio.timeout(5), transaction(database) as second:  # it does not wait for the first
            assert await publish_due_announcements(second) == 0
    async with database.session() as session:
        queues = (await session.scalars(text("SELECT queue_name FROM procrastinate_jobs"))).all()
    assert queues == [Lane.bulk.value] * 3
    await database.close()
