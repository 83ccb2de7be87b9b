"""Minutes from the approval on: frozen, numbered, published, and told of."""

import asyncio
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import delete, text

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, transaction
from app.kernel.errors import AppError
from app.kernel.typesetting import Typesetter
from app.meetings.models import Meeting, MeetingKind, MeetingStatus
from app.members.models import Standing, StandingKind
from app.minutes.service import approve_minutes
from app.worker import typeset_minutes
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, inbox, took
from tests.factories.members import transfer
from tests.factories.minutes import give_task, minutes_of, over, put_minutes, stepped, text_of
from tests.factories.polls import post_poll
from tests.factories.polls import stepped as stepped_poll
from tests.factories.resolutions import FIRST, closed, polled
from tests.factories.resolutions import took as adopted
from tests.factories.resolutions import voted as unanimous
from tests.factories.rolls import begun, give_standing, put_roll
from tests.factories.world import HANOI, World, make_world
from tests.worker import JobRunner


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_approval_numbers_and_freezes_the_minutes(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock, poll=True)
    secretary = signed_in(world.secretary)
    path = f"/v1/meetings/{meeting_id}/minutes"
    await put_minutes(secretary, meeting_id, sections=[{"heading": "Đánh giá tháng 11", "body": "Nhất trí."}])

    approved = await stepped(secretary, meeting_id, "approve")

    assert (approved["status"], approved["number"]) == ("approved", "Số 01-BB/CB")
    assert approved["approved_by"]["full_name"] == "Nguyễn Văn An"
    assert (await secretary.get(f"/v1/meetings/{meeting_id}")).json()["status"] == "minutes_approved"
    paper = await secretary.get(f"{path}.pdf")
    roll = await put_roll(secretary, meeting_id, (world.away, "present"))
    assert roll.status_code == 409
    assert refusal(await put_minutes(secretary, meeting_id)) == (409, "minutes_frozen")
    assert refusal(await secretary.post(f"{path}/send")) == (409, "minutes_frozen")
    assert refusal(await secretary.post(f"{path}/approve")) == (409, "minutes_frozen")
    # Whatever happens around them, they say what they said.
    await give_task(database, world, meeting_id)
    async with database.session() as session:
        await session.execute(text("UPDATE members SET full_name = 'Tên Khác'"))
        await session.execute(text("UPDATE organisations SET name = 'Chi bộ sáp nhập'"))
        await session.commit()
    after = await minutes_of(secretary, meeting_id)
    assert {**after, "approved_by": None} == {**approved, "approved_by": None}
    assert (await secretary.get(f"{path}.pdf")).content == paper.content


async def test_only_chair_secretary_and_deputy_approve(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    meeting_id = await over(world, signed_in, clock)
    await stepped(signed_in(world.minute_taker), meeting_id, "send")
    path = f"/v1/meetings/{meeting_id}/minutes"

    for person in (world.minute_taker, world.member):
        assert refusal(await signed_in(person).post(f"{path}/approve")) == (403, "not_for_your_post")
    for step in ("send", "publish"):
        assert refusal(await signed_in(world.member).post(f"{path}/{step}")) == (403, "not_for_your_post")
    assert refusal(await put_minutes(signed_in(world.member), meeting_id)) == (403, "not_for_your_post")
    assert refusal(await signed_in(world.minute_taker).post(f"{path}/publish")) == (409, "minutes_not_approved")


async def test_open_poll_of_the_meeting_keeps_its_minutes_from_being_approved(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    poll_id = (await post_poll(secretary, meeting_id)).json()["id"]
    await stepped_poll(secretary, poll_id, "open")
    clock.advance(minutes=95)
    secretary = signed_in(world.secretary)
    await secretary.post(f"/v1/meetings/{meeting_id}/end")
    assert refusal(await secretary.post(f"/v1/meetings/{meeting_id}/minutes/approve")) == (409, "poll_not_closed")
    assert (await minutes_of(secretary, meeting_id))["status"] == "draft"
    await stepped_poll(secretary, poll_id, "close")
    approved = await stepped(secretary, meeting_id, "approve")
    assert [poll["electorate_count"] for poll in approved["polls"]] == [5]


async def test_member_who_took_the_chair_approves(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock)
    await stepped(signed_in(world.secretary), meeting_id, "send")
    async with database.session() as session:
        await session.execute(
            text("UPDATE meetings SET chair_id = :chair WHERE id = CAST(:id AS uuid)"),
            {"chair": world.member.member_id, "id": meeting_id},
        )
        await session.commit()

    assert (await stepped(signed_in(world.member), meeting_id, "approve"))["status"] == "approved"


async def test_published_minutes_are_told_to_each_once(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    meeting_id = await over(world, signed_in, clock)
    path = f"/v1/meetings/{meeting_id}/minutes"
    await stepped(signed_in(world.secretary), meeting_id, "approve")
    assert (await signed_in(world.probationary).get(path)).status_code == 404
    assert (await signed_in(world.member).get(path)).status_code == 200

    published = await stepped(signed_in(world.minute_taker), meeting_id, "publish")
    again = await signed_in(world.secretary).post(f"{path}/publish")
    await jobs.run()

    assert (published["status"], published["published_at"]) == ("published", "2026-11-22T02:35:00Z")
    assert refusal(again) == (409, "minutes_not_approved")
    assert (await signed_in(world.member).get(f"/v1/meetings/{meeting_id}")).json()["status"] == "published"
    told = {}
    for role in ("secretary", "member", "minute_taker", "away", "probationary", "sister_member", "officer"):
        entries = await inbox(signed_in(getattr(world, role)))
        told[role] = [entry["type"] for entry in entries if entry["type"] in {"minutes_published", "meeting_missed"}]
    assert told == {
        "secretary": ["minutes_published"],
        "member": ["minutes_published"],
        "minute_taker": ["minutes_published"],
        "away": ["meeting_missed"],
        "probationary": ["meeting_missed"],
        "sister_member": [],
        "officer": [],
    }
    missed = (await inbox(signed_in(world.away)))[0]
    assert (missed["title"], missed["body"], missed["link"]) == (
        "Cuộc họp đồng chí vắng mặt: Sinh hoạt chi bộ thường kỳ tháng 12",
        "Mở để đọc biên bản, nghị quyết và nhiệm vụ của cuộc họp ngày 22/11/2026",
        f"http://sotay.test/m/{meeting_id}",
    )
    assert jobs.sender.tokens("meeting_missed") == [world.probationary.push_token]  # it is night in Berlin
    for person in (world.away, world.probationary, world.officer):
        assert (await signed_in(person).get(path)).json()["number"] == "Số 01-BB/CB"
    for person in (world.sister_secretary, world.administrator, world.auditor):
        assert (await signed_in(person).get(path)).status_code == 404


async def test_who_has_left_the_branch_is_not_told_of_its_minutes(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock)
    async with database.session() as session:
        for person in (world.member, world.away):
            await transfer(session, person, to=world.branch_b)
        await session.commit()
    for step in ("send", "approve", "publish"):
        await stepped(signed_in(world.secretary), meeting_id, step)
        await jobs.run()
    for kind in ("minutes_to_review", "minutes_published"):
        assert set(jobs.sender.tokens(kind)) == {world.secretary.push_token, world.minute_taker.push_token}
    assert jobs.sender.tokens("meeting_missed") == [world.probationary.push_token]
    assert (await signed_in(world.member).get(f"/v1/meetings/{meeting_id}/minutes")).status_code == 404


async def test_approved_paper_is_kept_and_answers_304(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock, poll=True)
    secretary = signed_in(world.secretary)
    path = f"/v1/meetings/{meeting_id}/minutes.pdf"
    draft = await secretary.get(path)
    await stepped(secretary, meeting_id, "approve")
    before = await secretary.get(path)
    await jobs.run()
    kept = await secretary.get(path)
    held = await secretary.get(path, headers={"If-None-Match": kept.headers["ETag"]})
    await stepped(secretary, meeting_id, "publish")
    theirs = await signed_in(world.probationary).get(path)

    assert before.content == kept.content == theirs.content
    assert before.headers["ETag"] == kept.headers["ETag"] == theirs.headers["ETag"]
    assert (held.status_code, held.content) == (304, b"")
    assert (kept.headers["Content-Type"], kept.headers["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert kept.headers["Content-Disposition"] == f'attachment; filename="bien-ban-{meeting_id}.pdf"'
    async with database.session() as session:
        assert await session.scalar(text("SELECT content FROM minutes_papers")) == kept.content
    assert ("DỰ THẢO" in text_of(draft.content), "DỰ THẢO" in text_of(kept.content)) == (True, False)
    said = text_of(kept.content)
    for words in (
        "ĐẢNG BỘ XÃ YÊN MÔ CHI BỘ THÔN ĐÔNG * Số 01-BB/CB",
        "ĐẢNG CỘNG SẢN VIỆT NAM Yên Mô, ngày 22 tháng 11 năm 2026",
        "BIÊN BẢN Sinh hoạt chi bộ thường kỳ tháng 12",
        "Vào hồi 08 giờ 00 phút, ngày 22 tháng 11 năm 2026, tại Nhà văn hóa thôn Đông, kết hợp trực tuyến",
        "1. Chủ trì: Đồng chí Nguyễn Văn An, Bí thư chi bộ. 2. Thư ký: Đồng chí Trần Thị Bình.",
        "Tổng số đảng viên: 6 đồng chí; có mặt: 3 đồng chí (trong đó trực tuyến 1, đến muộn 1); tỷ lệ dự họp: 60,0%.",
        "Vắng mặt: 2 đồng chí; có lý do: 1 (Phạm Thị Dung); không có lý do: 1 (Hoàng Thị Én).",
        "Được miễn sinh hoạt: 1 (Đỗ Văn Phúc).",
        (
            "tán thành 2/5 (40,0%); không tán thành 1/5 (20,0%); ý kiến khác 0/5 (0,0%); không biểu quyết 2/5 (40,0%); "
            "không được thông qua."
        ),
        "Cuộc họp kết thúc vào hồi 09 giờ 35 phút cùng ngày; thời gian họp 95 phút.",
    ):
        assert words in said, words


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> PooledDatabase:
    return PooledDatabase(live_database_url, clock=clock, pool_size=5, statement_timeout_ms=5_000)


async def test_approvals_at_once_give_each_minutes_a_number_of_its_own(live: PooledDatabase, clock: FakeClock) -> None:
    async with transaction(live) as session:
        world = await make_world(session)
        meetings = [
            Meeting(
                id=session.new_id(),
                organisation_id=world.branch_a,
                kind=MeetingKind.regular,
                status=MeetingStatus.ended,
                title=f"Sinh hoạt {place}",
                starts_at=clock(),
                started_at=clock(),
                ended_at=clock(),
                time_zone=HANOI,
                version=1,
                schedule_version=1,
                created_by=world.secretary.member_id,
                created_at=clock(),
            )
            for place in range(3)
        ]
        session.add_all(meetings)

    async def approve(meeting_id: UUID) -> str:
        try:
            async with transaction(live) as session:
                actor = await find_actor(
                    session, account_id=world.secretary.account_id, session_id=world.secretary.session_id
                )
                assert actor is not None
                return (await approve_minutes(session, actor, meeting_id)).number or ""
        except AppError as error:
            return error.code

    given = await asyncio.gather(*(approve(meeting.id) for meeting in (*meetings, meetings[0])))
    await live.close()

    assert sorted(given) == ["Số 01-BB/CB", "Số 02-BB/CB", "Số 03-BB/CB", "minutes_frozen"]


async def test_adopted_resolution_is_printed_with_its_vote_and_the_frozen_tasks(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    resolution_id = (await closed(secretary, world.branch_a, meeting_id=meeting_id))["id"]
    path = f"/v1/resolutions/{resolution_id}/resolution.pdf"
    assert refusal(await secretary.get(path)) == (404, "resolution_not_found")
    poll_id = await polled(secretary, resolution_id)
    await unanimous(signed_in, world, poll_id, "for")
    await adopted(secretary, resolution_id, "adopt", {"poll_id": poll_id})
    await give_task(database, world, meeting_id, "Thu đảng phí quý IV")
    live = text_of((await secretary.get(path)).content)
    minutes = await stepped(secretary, meeting_id, "approve")
    await give_task(database, world, meeting_id, "Việc giao sau")

    printed = await signed_in(world.officer).get(path)

    assert [(one["id"], one["number"]) for one in minutes["resolutions"]] == [(resolution_id, "Số 01-NQ/CB")]
    assert len(minutes["polls"]) == 1
    said = text_of(printed.content)
    assert said == live
    for words in (
        "CHI BỘ THÔN ĐÔNG * Số 01-NQ/CB",
        "NGHỊ QUYẾT lãnh đạo nhiệm vụ tháng 12",
        f"1. {FIRST}",
        "1 Thu đảng phí quý IV Lê Văn Cường 20/12/2026",
        "biểu quyết ngày 22/11/2026: tán thành 4/5 (80,0%)",
        "T/M CHI BỘ BÍ THƯ Nguyễn Văn An",
    ):
        assert words in said, words
    assert printed.headers["Content-Disposition"] == f'attachment; filename="nghi-quyet-{resolution_id}.pdf"'


async def test_resolution_is_dated_by_its_adoption_and_its_vote_by_the_close(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    resolution_id = (await closed(secretary, world.branch_a))["id"]
    poll_id = await polled(secretary, resolution_id)
    await unanimous(signed_in, world, poll_id, "for")
    clock.advance(days=1)
    secretary = signed_in(world.secretary)
    await adopted(secretary, resolution_id, "adopt", {"poll_id": poll_id})
    said = text_of((await secretary.get(f"/v1/resolutions/{resolution_id}/resolution.pdf")).content)
    assert "Yên Mô, ngày 23 tháng 11 năm 2026" in said
    assert "biểu quyết ngày 22/11/2026: tán thành" in said


async def test_resolution_of_no_meeting_is_printed_without_tasks(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    resolution_id = (await closed(secretary, world.branch_a))["id"]
    poll_id = await polled(secretary, resolution_id)
    await unanimous(signed_in, world, poll_id, "for")
    await adopted(secretary, resolution_id, "adopt", {"poll_id": poll_id})
    said = text_of((await secretary.get(f"/v1/resolutions/{resolution_id}/resolution.pdf")).content)
    assert "Phân công thực hiện" not in said


async def test_guest_of_the_branch_is_in_no_head_count(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.sister_member, StandingKind.temporary_guest, world.branch_a)
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    await put_roll(secretary, meeting_id, (world.sister_member, "present"))
    heads = (await minutes_of(secretary, meeting_id))["headcount"]
    assert (heads["total_count"], heads["present_count"], heads["guests"]) == (6, 3, ["Đinh Thị Kim"])


async def test_worker_without_pango_leaves_the_paper_to_the_api(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock)
    await stepped(signed_in(world.secretary), meeting_id, "send", "approve")
    await typeset_minutes(jobs.office, meeting_id, typesetter=Typesetter(library="tests.kernel.no_pango"))
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM minutes_papers")) == 0
    await jobs.run()  # what was sent for remarks is overtaken by the approval
    assert "minutes_to_review" not in [entry["type"] for entry in await inbox(signed_in(world.member))]


async def test_remark_of_a_guest_of_that_one_day_is_read_and_answered_with_its_name(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    """Who is taken back as a guest on the day it began leaves no row that leads to them."""
    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_a)
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    await put_roll(secretary, meeting_id, (world.stranger, "present"))
    minutes = f"/v1/meetings/{meeting_id}/minutes"
    await stepped(secretary, meeting_id, "send")
    remarked = await signed_in(world.stranger).post(f"{minutes}/remarks", json={"body": "Mục 2 thiếu một ý kiến"})
    assert remarked.status_code == 201, remarked.text
    async with database.session() as session:
        await session.execute(
            delete(Standing).where(
                Standing.member_id == world.stranger.member_id, Standing.kind == StandingKind.temporary_guest
            )
        )
        await session.commit()
    (listed,) = (await secretary.get(f"{minutes}/remarks")).json()["items"]
    assert listed["author"] == {"member_id": str(world.stranger.member_id), "full_name": world.stranger.full_name}
    answered = await secretary.put(
        f"/v1/minutes-remarks/{listed['id']}/answer", json={"taken": True, "body": "Đã bổ sung"}
    )
    assert answered.status_code == 200, answered.text
    assert answered.json()["author"] == listed["author"]


@pytest.mark.parametrize("choice", ["for", "against"])
async def test_votes_on_drafts_stand_in_the_minutes_however_they_went_and_none_is_open_at_the_approval(
    choice: str, world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    draft = await closed(secretary, world.branch_a, meeting_id=meeting_id)
    poll = await polled(secretary, draft["id"])
    clock.advance(minutes=95)
    secretary = signed_in(world.secretary)
    await took(secretary, meeting_id, "end")
    assert (await put_minutes(secretary, meeting_id)).status_code == 200
    early = await secretary.post(f"/v1/meetings/{meeting_id}/minutes/approve")
    assert (early.status_code, early.json()["code"]) == (409, "poll_not_closed")
    await unanimous(signed_in, world, poll, choice)
    await stepped(secretary, meeting_id, "approve")
    minutes = await minutes_of(secretary, meeting_id)
    assert [(one["question"], one["in_favour_count"]) for one in minutes["polls"]] == [
        ("Thông qua?", 4 if choice == "for" else 0)
    ]
    assert minutes["resolutions"] == []
