"""Minutes from the meeting's end to the approval: composed, written, sent, remarked on."""

from uuid import uuid4

from httpx import AsyncClient
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, inbox
from tests.factories.minutes import minutes_of, over, put_minutes, stepped
from tests.factories.rolls import begun, put_roll
from tests.factories.world import World
from tests.worker import JobRunner


async def test_minutes_are_composed_of_agenda_roll_votes_and_tasks(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock, poll=True)
    given = await signed_in(world.secretary).post(
        f"/v1/meetings/{meeting_id}/tasks",
        json={
            "title": "Thu đảng phí quý IV",
            "assignee_id": str(world.member.member_id),
            "due_on": "2026-12-20",
        },
    )
    assert given.status_code == 201, given.text
    await signed_in(world.secretary).post(
        f"/v1/meetings/{meeting_id}/guests",
        json={"full_name": "Ngô Văn Lâm", "organisation_name": "Đảng ủy xã Yên Mô"},
    )

    minutes = await minutes_of(signed_in(world.secretary), meeting_id)

    assert minutes["sections"] == [{"heading": "Đánh giá tháng 11", "body": None}]
    assert minutes["headcount"] == {
        "total_count": 6,
        "present_count": 3,
        "online_count": 1,
        "late_count": 1,
        "absent_count": 2,
        "exempt_count": 1,
        "rate_percent": 60.0,
        "excused": ["Phạm Thị Dung"],
        "unexcused": ["Hoàng Thị Én"],
        "exempt": ["Đỗ Văn Phúc"],
        "guests": ["Ngô Văn Lâm (Đảng ủy xã Yên Mô)"],
    }
    assert [one.pop("id") is not None for one in minutes["polls"]] == [True]
    assert minutes["polls"] == [
        {
            "question": "Thông qua nghị quyết tháng 12",
            "is_secret": False,
            "electorate_count": 5,
            "in_favour_count": 2,
            "against_count": 1,
            "other_count": 0,
            "passed": False,
        }
    ]
    assert minutes["tasks"] == [{"title": "Thu đảng phí quý IV", "assignee": "Lê Văn Cường", "due_on": "2026-12-20"}]
    assert minutes["chair"]["full_name"] == "Nguyễn Văn An"
    assert minutes["chair"]["post"] == "Bí thư chi bộ"
    assert minutes["minute_taker"]["full_name"] == "Trần Thị Bình"
    assert (minutes["elapsed_minutes"], minutes["status"], minutes["number"]) == (95, "draft", None)
    assert (minutes["ended_at"], minutes["publish_by"]) == ("2026-11-22T02:35:00Z", "2026-11-24T02:35:00Z")
    assert (minutes["above"], minutes["locality"], minutes["series"]) == ("Đảng bộ xã Yên Mô", "Yên Mô", "BB/CB")


async def test_minutes_exist_once_the_meeting_has_ended(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)

    for answer in (
        await secretary.get(f"/v1/meetings/{meeting_id}/minutes"),
        await secretary.get(f"/v1/meetings/{meeting_id}/minutes.pdf"),
        await put_minutes(secretary, meeting_id),
        await secretary.post(f"/v1/meetings/{meeting_id}/minutes/approve"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "minutes_too_early")
    of_member = await signed_in(world.member).get(f"/v1/meetings/{meeting_id}/minutes")
    assert (of_member.status_code, of_member.json()["code"]) == (404, "minutes_not_found")


async def test_written_minutes_keep_their_words_and_follow_the_roll(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    sections = [{"heading": "Đánh giá tháng 11", "body": "Chi bộ nhất trí."}]

    written = await put_minutes(secretary, meeting_id, sections=sections, conclusion="Giao chi ủy đôn đốc.")
    await put_roll(secretary, meeting_id, (world.away, "present_online"))
    after = await secretary.get(f"/v1/meetings/{meeting_id}/minutes")

    assert written.status_code == 200, written.text
    assert (written.json()["version"], after.json()["version"]) == (2, 2)
    assert (after.json()["sections"], after.json()["conclusion"]) == (sections, "Giao chi ủy đôn đốc.")
    assert (written.json()["headcount"]["present_count"], after.json()["headcount"]["present_count"]) == (3, 4)
    assert written.headers["ETag"] != after.headers["ETag"]


async def test_whom_the_meeting_named_writes_sends_and_answers_without_a_post(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock, named=world.probationary)
    secretary, named = signed_in(world.secretary), signed_in(world.probationary)
    path = f"/v1/meetings/{meeting_id}/minutes"
    assert (await minutes_of(named, meeting_id))["minute_taker"]["full_name"] == world.probationary.full_name

    written = await put_minutes(named, meeting_id, conclusion="Giao chi ủy đôn đốc.")
    sent = await named.post(f"{path}/send")
    said = await signed_in(world.member).post(f"{path}/remarks", json={"body": "Số tiền là 85 triệu đồng."})
    answered = await named.put(f"/v1/minutes-remarks/{said.json()['id']}/answer", json={"taken": True})
    refused = [await named.post(f"{path}/approve")]
    assert (await secretary.post(f"{path}/approve")).status_code == 200
    refused.append(await named.post(f"{path}/publish"))

    assert [one.status_code for one in (written, sent, answered)] == [200, 200, 200], answered.text
    assert [(one.status_code, one.json()["code"]) for one in refused] == [(403, "not_for_your_post")] * 2


async def test_named_minute_taker_hears_before_the_end_that_it_is_too_early(world: World, signed_in: SignedIn) -> None:
    chosen = {"minute_taker_id": str(world.member.member_id)}
    meeting_id = await begun(signed_in(world.secretary), world.branch_a, chosen)
    early = await signed_in(world.member).get(f"/v1/meetings/{meeting_id}/minutes")
    assert (early.status_code, early.json()["code"]) == (409, "minutes_too_early")
    other = await signed_in(world.away).get(f"/v1/meetings/{meeting_id}/minutes")
    assert (other.status_code, other.json()["code"]) == (404, "minutes_not_found")


async def test_chair_without_a_post_reads_and_approves_what_was_read_out_and_never_sent(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock, chair=world.away)
    chair = signed_in(world.away)
    assert (await minutes_of(chair, meeting_id))["status"] == "draft"
    refused = await put_minutes(chair, meeting_id, conclusion="Của người chủ trì")
    approved = await chair.post(f"/v1/meetings/{meeting_id}/minutes/approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    assert (approved.status_code, approved.json()["status"]) == (200, "approved"), approved.text


async def test_nobody_overwrites_minutes_they_have_not_seen(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary, minute_taker = signed_in(world.secretary), signed_in(world.minute_taker)
    seen = (await secretary.get(f"/v1/meetings/{meeting_id}/minutes")).headers["ETag"]
    assert (await put_minutes(minute_taker, meeting_id, conclusion="Của thư ký")).status_code == 200

    stale = await put_minutes(secretary, meeting_id, etag=seen, conclusion="Của bí thư")

    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    assert (await minutes_of(secretary, meeting_id))["conclusion"] == "Của thư ký"


async def test_nobody_approves_minutes_they_have_not_seen(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    meeting_id = await over(world, signed_in, clock, chair=world.away)
    chair, minute_taker = signed_in(world.away), signed_in(world.minute_taker)
    path = f"/v1/meetings/{meeting_id}/minutes"
    seen = (await chair.get(path)).headers["ETag"]
    assert (await put_minutes(minute_taker, meeting_id, conclusion="Của thư ký")).status_code == 200

    stale = await chair.post(f"{path}/approve", headers={"If-Match": seen})

    assert (stale.status_code, stale.json()["code"], stale.json()["current_version"]) == (412, "version_changed", 2)
    again = await chair.get(path)
    assert again.json()["status"] == "draft"
    approved = await chair.post(f"{path}/approve", headers={"If-Match": again.headers["ETag"]})
    assert (approved.status_code, approved.json()["conclusion"]) == (200, "Của thư ký"), approved.text


async def test_draft_is_for_organisers_and_sent_for_those_who_took_part(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    path = f"/v1/meetings/{meeting_id}/minutes"
    assert (await signed_in(world.member).get(path)).status_code == 404
    await jobs.run()
    jobs.sender.pushes.clear()

    assert (await stepped(secretary, meeting_id, "send"))["status"] == "in_review"
    again = await secretary.post(f"{path}/send")
    await jobs.run()

    assert (again.status_code, again.json()["code"]) == (409, "minutes_already_sent")
    came = (world.secretary, world.member, world.minute_taker)
    assert sorted(jobs.sender.tokens("minutes_to_review")) == sorted(person.push_token for person in came)
    told = (await inbox(signed_in(world.member)))[0]
    assert (told["title"], told["link"]) == (
        "Góp ý biên bản: Sinh hoạt chi bộ thường kỳ tháng 12",
        f"http://sotay.test/m/{meeting_id}",
    )
    assert told["body"] == "Dự thảo biên bản cuộc họp ngày 22/11/2026 chờ đồng chí đọc và góp ý"
    assert [entry["type"] for entry in await inbox(signed_in(world.probationary))].count("minutes_to_review") == 0
    reads = {}
    for role in ("member", "probationary", "officer", "sister_member", "administrator"):
        for kind in ("", ".pdf"):
            reads[role + kind] = (await signed_in(getattr(world, role)).get(path + kind)).status_code
    assert reads == dict.fromkeys(reads, 404) | {"member": 200, "member.pdf": 200}
    assert (await put_minutes(secretary, meeting_id, conclusion="Vẫn sửa được")).status_code == 200


async def test_approved_minutes_call_nobody_to_remark_and_are_still_due(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock)
    await jobs.run()
    await stepped(signed_in(world.secretary), meeting_id, "send")
    await jobs.run_one()  # written, and not yet pushed
    async with database.session() as session:
        await session.execute(
            text("""
                INSERT INTO notifications (id, event_id, type, channel, organisation_id, subject_type, subject_id,
                    params, urgent, breaks_quiet_hours, created_at, expires_at)
                SELECT gen_random_uuid(), gen_random_uuid(), 'minutes_due', channel, organisation_id, 'meeting',
                    subject_id, params, urgent, breaks_quiet_hours, created_at, expires_at
                FROM notifications WHERE type = 'minutes_to_review'
            """)
        )
        await session.commit()

    await stepped(signed_in(world.secretary), meeting_id, "approve")
    await jobs.run()

    assert jobs.sender.tokens("minutes_to_review") == []
    async with database.session() as session:
        withdrawn = await session.scalars(text("SELECT type FROM notifications WHERE withdrawn_at IS NOT NULL"))
        assert "minutes_due" not in set(withdrawn) >= {"minutes_to_review"}


async def remark(client: AsyncClient, meeting_id: str) -> tuple[int, str]:
    answer = await client.post(f"/v1/meetings/{meeting_id}/minutes/remarks", json={"body": "Số tiền là 85 triệu."})
    return answer.status_code, answer.json().get("code", answer.json().get("id"))


async def test_who_took_part_remarks_and_an_organiser_answers(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    path = f"/v1/meetings/{meeting_id}/minutes/remarks"
    assert await remark(secretary, meeting_id) == (409, "minutes_not_in_review")
    await stepped(secretary, meeting_id, "send")

    status, remark_id = await remark(member, meeting_id)
    clock.advance(minutes=1)
    assert (await remark(secretary, meeting_id))[0] == status == 201
    answered = await secretary.put(
        f"/v1/minutes-remarks/{remark_id}/answer", json={"taken": True, "body": "Đã sửa ở mục 1."}
    )
    first = (await member.get(f"{path}?limit=1")).json()
    second = (await member.get(path, params={"cursor": first["next_cursor"]})).json()

    assert answered.status_code == 200, answered.text
    assert (
        first["items"][0]
        == answered.json()
        == {
            "id": remark_id,
            "author": {"member_id": str(world.member.member_id), "full_name": "Lê Văn Cường"},
            "body": "Số tiền là 85 triệu.",
            "created_at": "2026-11-22T02:35:00Z",
            "taken": True,
            "answer": "Đã sửa ở mục 1.",
            "answered_at": "2026-11-22T02:36:00Z",
        }
    )
    assert (len(second["items"]), second["items"][0]["taken"], second["next_cursor"]) == (1, None, None)
    answer = {"taken": False}
    refused = await member.put(f"/v1/minutes-remarks/{remark_id}/answer", json=answer)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
    for hidden in (
        await signed_in(world.probationary).put(f"/v1/minutes-remarks/{remark_id}/answer", json=answer),
        await signed_in(world.stranger).put(f"/v1/minutes-remarks/{remark_id}/answer", json=answer),
        await secretary.put(f"/v1/minutes-remarks/{uuid4()}/answer", json=answer),
    ):
        assert (hidden.status_code, hidden.json()["code"]) == (404, "remark_not_found")
    await stepped(secretary, meeting_id, "approve")
    for late in (
        await secretary.put(f"/v1/minutes-remarks/{remark_id}/answer", json=answer),
        await member.post(path, json={"body": "Muộn"}),
    ):
        assert (late.status_code, late.json()["code"]) == (409, "minutes_not_in_review")


async def test_organiser_who_was_not_there_does_not_remark_and_branch_does_not_read_remarks(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    await put_roll(secretary, meeting_id, (world.minute_taker, "excused"))
    await stepped(secretary, meeting_id, "send")

    assert await remark(signed_in(world.minute_taker), meeting_id) == (403, "not_an_attendee")
    await stepped(secretary, meeting_id, "approve", "publish")
    path = f"/v1/meetings/{meeting_id}/minutes/remarks"
    assert (await signed_in(world.minute_taker).get(path)).status_code == 200
    for person in (world.probationary, world.officer):
        refused = await signed_in(person).get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")
        hidden = await signed_in(person).put(f"/v1/minutes-remarks/{uuid4()}/answer", json={"taken": True})
        assert hidden.status_code == 404


async def test_a_meeting_that_is_not_over_has_no_remarks(world: World, signed_in: SignedIn) -> None:
    meeting_id = await begun(signed_in(world.secretary), world.branch_a)
    assert await remark(signed_in(world.secretary), meeting_id) == (409, "minutes_too_early")
    assert await remark(signed_in(world.member), meeting_id) == (404, "minutes_not_found")
