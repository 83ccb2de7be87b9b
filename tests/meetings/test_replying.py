import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.security import Actor, PostKind
from app.meetings.errors import MemberRepliedThemselves
from app.meetings.models import ReplyKind
from app.meetings.replies.service import reply_for_member, reply_to_meeting
from app.meetings.schemas import MeetingCreate, ReplyWrite
from app.meetings.service import announce_meeting, schedule_meeting
from app.members.models import StandingKind
from tests.changes.phones import fresh
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import MEETING, Json, SignedIn, announced, drafted, put_meeting, said, set_status, took
from tests.factories.members import add_standing, give_post
from tests.factories.world import Maker, Person, World, make_world


async def test_member_says_they_come_and_changes_their_mind(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    member = signed_in(world.member)
    assert (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"] is None

    attending = await said(member, meeting_id, "attending")
    assert attending.status_code == 200, attending.text
    mine: Json = {
        "reply": "attending",
        "reason": None,
        "replied_at": "2026-11-22T01:00:00Z",
        "entered_by": str(world.member.member_id),
        "before_last_move": False,
    }
    assert attending.json()["my_reply"] == mine
    clock.advance(minutes=5)
    for reply, reason in (("attending_online", None), ("absent", "Đi công tác"), ("attending", "Về kịp")):
        changed = (await said(member, meeting_id, reply, reason)).json()["my_reply"]
        assert changed == mine | {"reply": reply, "reason": reason, "replied_at": "2026-11-22T01:05:00Z"}
    assert (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"] == changed
    assert (await member.get("/v1/me/meetings")).json()["items"][0]["my_reply"] == changed
    other = await signed_in(world.away).get(f"/v1/meetings/{meeting_id}")
    assert other.json()["my_reply"] is None


async def test_an_attempt_that_was_held_up_does_not_undo_a_later_change_of_mind(
    world: World, signed_in: SignedIn
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    member = signed_in(world.member)
    path, key = f"/v1/meetings/{meeting_id}/reply", {"Idempotency-Key": str(uuid4())}
    # The first attempt is stuck in a proxy; the phone has sent it again, then something else.
    sent_again = await member.put(path, json={"reply": "attending"}, headers=key)
    assert (await said(member, meeting_id, "absent", "Ốm")).status_code == 200

    held_up = await member.put(path, json={"reply": "attending"}, headers=key)

    assert (held_up.status_code, held_up.headers["Idempotency-Replayed"]) == (200, "true")
    assert held_up.content == sent_again.content
    assert (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"]["reply"] == "absent"


async def test_reply_that_is_wrong_is_refused_and_nothing_is_kept(world: World, signed_in: SignedIn) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    member = signed_in(world.member)
    for body, pointer, code in (
        ({"reply": "absent"}, "/reason", "reason_missing"),
        ({"reply": "absent", "reason": None}, "/reason", "reason_missing"),
        ({"reply": "absent", "reason": "  "}, "/reason", "string_too_short"),
        ({"reply": "absent", "reason": "x" * 501}, "/reason", "string_too_long"),
        ({"reply": "maybe"}, "/reply", "enum"),
        ({}, "/reply", "missing"),
        ({"reply": "attending", "entered_by": "x"}, "/entered_by", "extra_forbidden"),
        ({"reply": "attending", "schedule_version": 0}, "/schedule_version", "greater_than_equal"),
    ):
        refused = await member.put(f"/v1/meetings/{meeting_id}/reply", json=body)
        assert refused.status_code == 422, body
        assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)]
    assert (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"] is None


async def test_reply_is_closed_from_the_hour_on_even_if_nobody_opened_the_meeting(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    clock.set(datetime(2026, 12, 4, 12, 29, 59, tzinfo=UTC))
    assert (await said(signed_in(world.member), meeting_id, "attending")).status_code == 200
    clock.advance(seconds=1)
    late = await said(signed_in(world.member), meeting_id, "absent", "Ốm")
    assert (late.status_code, late.json()["code"]) == (409, "reply_closed")
    proxy = await signed_in(world.secretary).put(
        f"/v1/meetings/{meeting_id}/replies/{world.phoneless.member_id}", json={"reply": "attending"}
    )
    assert (proxy.status_code, proxy.json()["code"]) == (409, "reply_closed")


async def test_reply_is_closed_when_the_meeting_is_opened_early(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await took(secretary, meeting_id, "start")
    late = await said(signed_in(world.member), meeting_id, "attending")
    assert (late.status_code, late.json()["code"]) == (409, "reply_closed")


async def test_cancelled_meeting_and_draft_take_no_reply(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await announced(secretary, world.branch_a)
    await took(secretary, meeting_id, "cancel", {"reason": "Mưa bão"})
    refused = await said(member, meeting_id, "attending")
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_not_upcoming")
    draft = await drafted(secretary, world.branch_a)
    assert (await said(member, draft, "attending")).json()["code"] == "meeting_not_found"
    assert (await said(secretary, draft, "attending")).json()["code"] == "meeting_not_upcoming"
    await set_status(database, draft, "published")
    assert (await said(member, draft, "attending")).json()["code"] == "reply_closed"


async def test_who_is_not_convened_cannot_answer(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    officer = await said(signed_in(world.officer), meeting_id, "attending")
    assert (officer.status_code, officer.json()["code"]) == (403, "not_convened")
    assert (await said(signed_in(world.stranger), meeting_id, "attending")).status_code == 404
    for person in (world.former, world.officer, world.sister_member):
        url = f"/v1/meetings/{meeting_id}/replies/{person.member_id}"
        proxy = await secretary.put(url, json={"reply": "attending"})
        assert (proxy.status_code, proxy.json()["code"]) == (403, "not_convened")


async def test_committee_meeting_takes_replies_of_the_committee_only(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a, kind="committee")
    refused = await said(signed_in(world.member), meeting_id, "attending")
    assert (refused.status_code, refused.json()["code"]) == (404, "meeting_not_found")
    answer = await said(secretary, meeting_id, "attending")
    assert answer.json()["reply_counts"] == {"attending": 1, "attending_online": 0, "absent": 0, "silent": 0}
    async with database.session() as session:
        posts = ((PostKind.deputy_secretary, world.branch_a), (PostKind.committee_member, world.branch_a))
        await Maker(session).person("Cao Văn Sơn", world.branch_a, posts=posts)
        await session.commit()
    seen = (await secretary.get(f"/v1/meetings/{meeting_id}")).json()
    assert seen["reply_counts"]["silent"] == 1  # two posts, one person


async def test_what_was_said_from_a_seat_that_ended_hides_no_silence(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    await give_post(database, world.away, PostKind.committee_member, world.branch_a, ends_on=date(2026, 11, 30))
    await give_post(database, world.member, PostKind.deputy_secretary, world.branch_a)
    meeting_id = await announced(signed_in(world.secretary), world.branch_a, kind="committee")
    for person in (world.secretary, world.away):
        assert (await said(signed_in(person), meeting_id, "attending")).status_code == 200

    async def counted() -> list[Json]:
        secretary = signed_in(world.secretary)
        listed = [
            (await secretary.get(path)).json()["items"]
            for path in (f"/v1/organisations/{world.branch_a}/meetings", "/v1/me/meetings")
        ]
        return [one["reply_counts"] for items in listed for one in items if one["id"] == meeting_id]

    assert await counted() == [{"attending": 2, "attending_online": 0, "absent": 0, "silent": 1}] * 2
    clock.advance(days=9)
    assert await counted() == [{"attending": 1, "attending_online": 0, "absent": 0, "silent": 1}] * 2


async def test_secretary_writes_down_what_a_member_without_a_phone_said(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    url = f"/v1/meetings/{meeting_id}/replies/{world.phoneless.member_id}"
    entered = await secretary.put(url, json={"reply": "absent", "reason": "Đau chân"})
    assert entered.status_code == 200, entered.text
    assert entered.json() == {
        "reply": "absent",
        "reason": "Đau chân",
        "replied_at": "2026-11-22T01:00:00Z",
        "entered_by": str(world.secretary.member_id),
        "before_last_move": False,
    }
    again = await signed_in(world.minute_taker).put(url, json={"reply": "attending"})
    assert (again.json()["reply"], again.json()["reason"]) == ("attending", None)
    assert again.json()["entered_by"] == str(world.minute_taker.member_id)
    own = await secretary.get(f"/v1/meetings/{meeting_id}")
    assert own.json()["my_reply"] is None


async def test_own_word_stands_above_what_was_written_down(world: World, signed_in: SignedIn) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await announced(secretary, world.branch_a)
    url = f"/v1/meetings/{meeting_id}/replies/{world.member.member_id}"
    assert (await secretary.put(url, json={"reply": "absent", "reason": "Nghe nói ốm"})).status_code == 200
    heard = (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"]
    assert (heard["reply"], heard["entered_by"]) == ("absent", str(world.secretary.member_id))

    own = (await said(member, meeting_id, "attending")).json()["my_reply"]
    assert (own["reply"], own["reason"], own["entered_by"]) == ("attending", None, str(world.member.member_id))
    refused = await secretary.put(url, json={"reply": "absent", "reason": "Vẫn ốm"})
    assert (refused.status_code, refused.json()["code"]) == (409, "member_replied_themselves")
    assert (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"] == own


async def test_organiser_may_write_down_their_own_reply(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    url = f"/v1/meetings/{meeting_id}/replies/{world.secretary.member_id}"
    assert (await said(secretary, meeting_id, "attending")).status_code == 200
    changed = await secretary.put(url, json={"reply": "attending_online"})
    assert (changed.status_code, changed.json()["reply"]) == (200, "attending_online")


async def test_member_cannot_answer_for_another(world: World, signed_in: SignedIn) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    url = f"/v1/meetings/{meeting_id}/replies/{world.phoneless.member_id}"
    for person in (world.member, world.officer):
        refused = await signed_in(person).put(url, json={"reply": "attending"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")


async def test_counts_are_for_organisers_and_officers_above(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.member), meeting_id, "attending")
    await said(signed_in(world.away), meeting_id, "attending_online")
    await said(signed_in(world.probationary), meeting_id, "absent", "Thi cuối kỳ")
    counts = {"attending": 1, "attending_online": 1, "absent": 1, "silent": 3}
    for person in (world.secretary, world.minute_taker, world.officer):
        seen = await signed_in(person).get(f"/v1/meetings/{meeting_id}")
        assert seen.json()["reply_counts"] == counts
        (listed,) = (await signed_in(person).get(f"/v1/organisations/{world.branch_a}/meetings")).json()["items"]
        assert listed["reply_counts"] == counts
    for person in (world.member, world.away):
        assert (await signed_in(person).get(f"/v1/meetings/{meeting_id}")).json()["reply_counts"] is None
        (mine,) = (await signed_in(person).get("/v1/me/meetings")).json()["items"]
        assert mine["reply_counts"] is None
    (own,) = (await secretary.get("/v1/me/meetings")).json()["items"]
    assert own["reply_counts"] == counts


async def test_organisers_see_everybody_by_name_with_what_they_said(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await add_standing(session, world.sister_member.member_id, world.branch_a, StandingKind.temporary_guest)
        await session.commit()
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.probationary), meeting_id, "absent", "Thi cuối kỳ")
    answer = await secretary.get(f"/v1/meetings/{meeting_id}/replies")
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    # By the given name, in the order of the Vietnamese alphabet: An, Bình, Cường, Dung, Én, Kim, Phúc.
    assert [item["full_name"] for item in items] == [
        "Nguyễn Văn An",
        "Trần Thị Bình",
        "Lê Văn Cường",
        "Phạm Thị Dung",
        "Hoàng Thị Én",
        "Đinh Thị Kim",
        "Đỗ Văn Phúc",
    ]
    assert [item["away"] for item in items] == [False, False, False, True, False, False, False]
    said_by = {item["full_name"]: item["reply"] for item in items if item["reply"]}
    assert said_by == {
        "Hoàng Thị Én": {
            "reply": "absent",
            "reason": "Thi cuối kỳ",
            "replied_at": "2026-11-22T01:00:00Z",
            "entered_by": str(world.probationary.member_id),
            "before_last_move": False,
        }
    }
    tag = answer.headers["ETag"]
    same = await secretary.get(f"/v1/meetings/{meeting_id}/replies", headers={"If-None-Match": tag})
    assert same.status_code == 304
    await said(signed_in(world.member), meeting_id, "attending")
    other = await secretary.get(f"/v1/meetings/{meeting_id}/replies", headers={"If-None-Match": tag})
    assert other.status_code == 200


async def test_replies_come_in_pages(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    url, names, pages = f"/v1/meetings/{meeting_id}/replies?limit=2", [], 0
    while url:
        page = await secretary.get(url)
        names += [item["full_name"] for item in page.json()["items"]]
        pages += 1
        link = page.headers.get("Link", "")
        assert bool(link) == (page.json()["next_cursor"] is not None)
        url = link.partition(">")[0].removeprefix("<")
    assert pages == 3
    assert names == ["Nguyễn Văn An", "Trần Thị Bình", "Lê Văn Cường", "Phạm Thị Dung", "Hoàng Thị Én", "Đỗ Văn Phúc"]
    bad = await secretary.get(f"/v1/meetings/{meeting_id}/replies?cursor=%21%21")
    assert (bad.status_code, bad.json()["code"]) == (400, "cursor_invalid")


async def test_reply_from_before_a_move_says_so_until_it_is_given_again(world: World, signed_in: SignedIn) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await announced(secretary, world.branch_a)
    await said(member, meeting_id, "attending")
    await put_meeting(secretary, meeting_id, title="Tên khác")
    assert (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"]["before_last_move"] is False
    await put_meeting(secretary, meeting_id, starts_at="2026-12-04T13:00:00Z")
    moved = (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"]
    assert (moved["reply"], moved["before_last_move"]) == ("attending", True)
    assert (await member.get("/v1/me/meetings")).json()["items"][0]["my_reply"] == moved
    listed = (await secretary.get(f"/v1/meetings/{meeting_id}/replies")).json()["items"]
    assert [item["reply"] for item in listed if item["reply"]] == [moved]
    assert (await said(member, meeting_id, "attending")).json()["my_reply"]["before_last_move"] is False


async def test_who_comes_is_counted_of_the_day_it_was_said_of(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.member), meeting_id, "attending")
    await said(signed_in(world.probationary), meeting_id, "absent", "Ốm")

    async def counted() -> Json:
        one = (await secretary.get(f"/v1/meetings/{meeting_id}")).json()["reply_counts"]
        for path in (f"/v1/organisations/{world.branch_a}/meetings", "/v1/me/meetings"):
            assert [item["reply_counts"] for item in (await secretary.get(path)).json()["items"]] == [one], path
        counts: Json = one
        return counts

    before = {"attending": 1, "attending_online": 0, "absent": 1, "silent": 4}
    assert await counted() == before
    await put_meeting(secretary, meeting_id, place="Hội trường xã")
    assert await counted() == before
    phone = await fresh(secretary)
    await took(secretary, meeting_id, "postpone", {"starts_at": "2026-12-10T12:30:00Z", "reason": "Bão"})
    after = {"attending": 0, "attending_online": 0, "absent": 0, "silent": 6}
    assert await counted() == after
    await phone.catch_up(secretary)
    assert phone.of("meeting")[meeting_id]["reply_counts"] == after
    await said(signed_in(world.member), meeting_id, "attending")
    assert await counted() == after | {"attending": 1, "silent": 5}


async def test_own_word_holds_when_the_hall_changes(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.member), meeting_id, "attending")
    await put_meeting(secretary, meeting_id, place="Hội trường xã")
    theirs = f"/v1/meetings/{meeting_id}/replies/{world.member.member_id}"
    refused = await secretary.put(theirs, json={"reply": "absent", "reason": "Nghe nói ốm"})
    assert (refused.status_code, refused.json()["code"]) == (409, "member_replied_themselves")
    await put_meeting(secretary, meeting_id, starts_at="2026-12-10T12:30:00Z", ends_at=...)
    rung_up = await secretary.put(theirs, json={"reply": "absent", "reason": "Gọi điện báo"})
    assert rung_up.status_code == 200, rung_up.text


async def test_reply_that_waited_in_a_phone_is_of_the_date_that_was_on_its_screen(
    world: World, signed_in: SignedIn
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await announced(secretary, world.branch_a)
    path, theirs = f"/v1/meetings/{meeting_id}/reply", f"/v1/meetings/{meeting_id}/replies/{world.member.member_id}"
    waited: Json = {"reply": "absent", "reason": "Đi công tác", "schedule_version": 1}
    later = {"starts_at": "2026-12-10T12:30:00Z", "reason": "Bão"}
    assert (await took(secretary, meeting_id, "postpone", later))["schedule_version"] == 2

    late = await member.put(path, json=waited)
    assert late.status_code == 200, late.text
    mine = late.json()["my_reply"]
    assert (mine["reply"], mine["before_last_move"]) == ("absent", True)
    # It binds nobody: the secretary rings up, and what was said then is of the new date.
    rung_up = await secretary.put(theirs, json={"reply": "attending"})
    assert (rung_up.status_code, rung_up.json()["before_last_move"]) == (200, False)
    for client, url in ((member, path), (secretary, theirs)):
        again = await client.put(url, json=waited)
        assert again.status_code == 200, again.text
        stands = (await member.get(f"/v1/meetings/{meeting_id}")).json()["my_reply"]
        assert (stands["reply"], stands["entered_by"]) == ("attending", str(world.secretary.member_id))
    # Of the new date their own word holds; no client knows of a schedule to come.
    own = (await member.put(path, json=waited | {"schedule_version": 9})).json()["my_reply"]
    assert (own["reply"], own["before_last_move"], own["entered_by"]) == ("absent", False, str(world.member.member_id))
    for body in ({"reply": "attending"}, {"reply": "attending", "schedule_version": 1}):
        refused = await secretary.put(theirs, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "member_replied_themselves")


async def _actor(session: Session, person: Person) -> Actor:
    actor = await find_actor(session, session_id=person.session_id, account_id=person.account_id)
    assert actor is not None
    return actor


async def test_own_word_that_comes_at_the_same_moment_is_not_overwritten(
    live_database_url: str, clock: FakeClock
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=4, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
    async with transaction(database) as session:
        secretary = await _actor(session, world.secretary)
        body = MeetingCreate.model_validate(MEETING)
        meeting_id = (await schedule_meeting(session, secretary, world.branch_a, body)).id
        await announce_meeting(session, secretary, meeting_id)

    async def proxy() -> None:
        async with transaction(database) as session:
            body = ReplyWrite(reply=ReplyKind.absent, reason="Nghe nói ốm")
            await reply_for_member(session, secretary, meeting_id, world.member.member_id, body)

    async with transaction(database) as session:
        member = await _actor(session, world.member)
        await reply_to_meeting(session, member, meeting_id, ReplyWrite(reply=ReplyKind.attending))
        behind = asyncio.create_task(proxy())
        done, _ = await asyncio.wait({behind}, timeout=0.3)
        assert not done  # it waits for the member's own word
    (outcome,) = await asyncio.gather(behind, return_exceptions=True)
    assert isinstance(outcome, MemberRepliedThemselves)
    await database.close()
