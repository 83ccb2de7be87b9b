"""A member's own year: what stands in it, in which words, in which order, and that it never tells how they voted."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import insert

from app.activity.models import ActivityEntry, ActivityType, EntryStatus
from app.activity.sources import SOURCES
from app.activity.wording import ACTIVITIES
from app.meetings.models import Meeting, MeetingKind, MeetingReply, MeetingStatus, ReplyKind
from tests.conftest import RolledBackDatabase
from tests.factories.activity import ENTRY, entered, my_activity
from tests.factories.announcements import ANNOUNCEMENT
from tests.factories.clock import FakeClock
from tests.factories.meetings import MEETING, Json, SignedIn, announced, said, took
from tests.factories.members import transfer
from tests.factories.resolutions import commented, opened, revised
from tests.factories.world import HANOI, World
from tests.factories.year import POLL, RESOLUTION, SECRET_POLL, TASK, live_december


async def test_year_holds_everything_the_member_took_part_in_newest_first(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    await live_december(world, signed_in, clock)
    year = await my_activity(signed_in(world.member))

    assert [(item["type"], item["occurred_at"], item["summary"]) for item in year] == [
        ("entry", "2026-12-04T17:00:00Z", ENTRY["title"]),
        ("task_done", "2026-12-04T05:00:00Z", f"Hoàn thành nhiệm vụ: {TASK}"),
        ("acknowledged", "2026-12-04T04:00:00Z", f"Đã xem thông báo: {ANNOUNCEMENT['title']}"),
        ("voted", "2026-12-04T03:00:00Z", f"Đã bỏ phiếu: {SECRET_POLL}"),
        ("voted", "2026-12-04T02:00:00Z", f"Đã bỏ phiếu: {POLL}"),
        ("meeting_attended", "2026-12-04T01:00:00Z", f"Dự họp: {MEETING['title']}"),
        ("commented", "2026-12-01T02:00:00Z", f"Góp ý dự thảo: {RESOLUTION}"),
        ("meeting_replied", "2026-12-01T01:00:00Z", f"Báo sẽ dự: {MEETING['title']}"),
    ]
    assert len({item["id"] for item in year}) == len(year)
    assert {item["type"] for item in year} == set(ActivityType)
    own = [name for name in ("status", "title", "body", "document") if year[1][name] is not None]
    assert own == []
    assert (year[0]["status"], year[0]["title"], year[0]["body"]) == ("confirmed", ENTRY["title"], ENTRY["body"])
    places = {item["type"]: (item["subject"]["type"], item["organisation_id"]) for item in year}
    assert places == {
        "entry": ("activity_entry", str(world.branch_a)),
        "task_done": ("task", str(world.branch_a)),
        "acknowledged": ("announcement", str(world.commune)),
        "voted": ("poll", str(world.branch_a)),
        "meeting_attended": ("meeting", str(world.branch_a)),
        "commented": ("resolution", str(world.branch_a)),
        "meeting_replied": ("meeting", str(world.branch_a)),
    }
    english = await my_activity(signed_in(world.member), **{"Accept-Language": "en"})
    assert english[5]["summary"] == f"Attended: {MEETING['title']}"
    assert [item["id"] for item in english] == [item["id"] for item in year]
    only = await my_activity(signed_in(world.member), "type=voted")
    assert [item["summary"] for item in only] == [f"Đã bỏ phiếu: {SECRET_POLL}", f"Đã bỏ phiếu: {POLL}"]
    assert await my_activity(signed_in(world.away)) == []


@pytest.mark.parametrize("choice", ["for", "against"])
async def test_no_answer_tells_how_somebody_voted(
    choice: str, world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    await live_december(world, signed_in, clock, choice=choice)
    log = f"/v1/organisations/{world.branch_a}/activity"
    asked = [
        *((world.member, address) for address in ("/v1/me/activity", "/v1/me/activity/summary")),
        *((who, log) for who in (world.secretary, world.officer, world.auditor)),
        *((who, f"{log}/summary") for who in (world.secretary, world.officer)),
    ]
    for who, address in asked:
        for language in ("vi", "en"):
            answer = await signed_in(who).get(address, headers={"Accept-Language": language})
            assert answer.status_code == 200, (who.full_name, address)
            assert answer.json(), address
            for word in ('"for"', "against", "in_favour", "choice", "tán thành"):
                assert word not in answer.text, (who.full_name, address, word)


async def test_meeting_stands_in_the_year_once_it_is_over_and_for_those_who_came(
    world: World, signed_in: SignedIn
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting = await announced(secretary, world.branch_a)
    await took(secretary, meeting, "start")
    roll = f"/v1/meetings/{meeting}/roll"
    entry = {"member_id": str(world.member.member_id), "attendance": "present_online"}
    etag = (await secretary.get(roll)).headers["ETag"]
    assert (await secretary.put(roll, json={"entries": [entry]}, headers={"If-Match": etag})).status_code == 200
    assert await my_activity(member, "type=meeting_attended") == []
    await took(secretary, meeting, "end")
    assert len(await my_activity(member, "type=meeting_attended")) == 1
    assert await my_activity(signed_in(world.away), "type=meeting_attended") == []


async def test_comment_stays_under_the_title_it_was_made_on(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    draft = await opened(secretary, world.branch_a)
    await commented(member, draft["id"])
    async with database.session() as session:
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    await revised(secretary, draft["id"], title="Tên mới")
    [comment] = await my_activity(member)
    assert comment["summary"] == f"Góp ý dự thảo: {draft['title']}"


async def test_reply_that_one_cannot_come_is_said_as_such(world: World, signed_in: SignedIn) -> None:
    meeting = await announced(signed_in(world.secretary), world.branch_a)
    member = signed_in(world.member)
    await said(member, meeting, "attending")
    await said(member, meeting, "absent", "Đi công tác")
    [reply] = await my_activity(member)
    assert reply["summary"] == f"Báo vắng: {MEETING['title']}"
    assert "công tác" not in str(reply)


async def _put_equal_times(database: RolledBackDatabase, world: World) -> int:
    """Write entries and replies of one and the same instant, and others an hour apart; return how many."""
    midnight = datetime(2026, 11, 19, 17, tzinfo=UTC)
    async with database.session() as session:
        meetings = [uuid4() for _ in range(6)]
        about: Json = {"organisation_id": world.branch_a, "time_zone": HANOI, "created_by": world.secretary.member_id}
        times: Json = {"starts_at": midnight, "created_at": midnight}
        await session.execute(
            insert(Meeting),
            [
                {
                    **about,
                    **times,
                    "id": identifier,
                    "kind": MeetingKind.regular,
                    "status": MeetingStatus.announced,
                    "title": "Họp",
                }
                for identifier in meetings
            ],
        )
        await session.execute(
            insert(MeetingReply),
            [
                {
                    "meeting_id": identifier,
                    "member_id": world.member.member_id,
                    "reply": ReplyKind.attending,
                    "schedule_version": 1,
                    "entered_by": world.member.member_id,
                    "replied_at": midnight if place < 4 else midnight.replace(hour=place),
                }
                for place, identifier in enumerate(meetings)
            ],
        )
        await session.execute(
            insert(ActivityEntry),
            [
                {
                    "id": uuid4(),
                    "member_id": world.member.member_id,
                    "organisation_id": world.branch_a,
                    "status": EntryStatus.submitted,
                    "title": "Trồng cây",
                    "body": "Trồng cây",
                    "occurred_on": date(2026, 11, 20),
                    "created_at": midnight,
                }
                for _ in range(4)
            ],
        )
        await session.commit()
    return 10


@pytest.mark.parametrize("limit", [1, 3, 4])
async def test_pages_over_several_tables_with_equal_times_lose_and_repeat_nothing(
    limit: int, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    count = await _put_equal_times(database, world)
    member = signed_in(world.member)
    whole = [item["id"] for item in await my_activity(member)]
    assert len(set(whole)) == len(whole) == count
    paged: list[str] = []
    address: str | None = f"/v1/me/activity?limit={limit}"
    while address is not None:
        answer = await member.get(address)
        paged += [item["id"] for item in answer.json()["items"]]
        link = answer.headers.get("Link")
        address = link.split(">")[0].removeprefix("<") if link else None
    assert paged == whole


async def test_year_begins_and_ends_at_midnight_in_viet_nam(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting = await announced(signed_in(world.secretary), world.branch_a, starts_at="2027-02-04T01:00:00Z", ends_at=...)
    clock.set(datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC))  # a second to midnight
    member = signed_in(world.member)
    await said(member, meeting, "attending")
    eve = await entered(member, occurred_on="2026-12-31")
    assert [item["type"] for item in await my_activity(member)] == ["meeting_replied", "entry"]
    clock.advance(seconds=1)
    assert await my_activity(member) == []
    new_year = await entered(member, occurred_on="2027-01-01")
    assert [item["id"] for item in await my_activity(member)] == [new_year]
    await said(member, meeting, "absent", "Ốm")
    this_year = await my_activity(member, "year=2027")
    assert {item["type"]: item["occurred_at"] for item in this_year} == dict.fromkeys(
        ("meeting_replied", "entry"), "2026-12-31T17:00:00Z"
    )
    assert [item["id"] for item in await my_activity(member, "year=2026")] == [eve]
    assert await my_activity(member, "year=1900") == []


@pytest.mark.parametrize("query", ["year=1899", "year=2200", "year=x", "year=99999999999999999999", "type=danced"])
async def test_year_or_kind_that_is_none_is_refused(query: str, world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.member).get(f"/v1/me/activity?{query}")
    assert answer.status_code == 422
    assert [field["pointer"] for field in answer.json()["errors"]] == [f"query/{query.split('=', maxsplit=1)[0]}"]


def test_every_kind_has_a_source_and_words() -> None:
    assert {source.type for source in SOURCES} == set(ActivityType)
    assert {kind for kind, _ in ACTIVITIES} == set(ActivityType) - {ActivityType.entry}
    assert all(words.vi != words.en for words in ACTIVITIES.values())
