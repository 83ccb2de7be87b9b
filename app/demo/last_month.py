"""Last month's regular meeting: held, voted in, with a task given out, and its minutes sent for remarks."""

import secrets
from datetime import timedelta
from uuid import UUID

from app.demo.meetings import last_months_day, meeting_on
from app.demo.past import at, in_hanoi
from app.demo.scene import Scene
from app.kernel.db import Session
from app.meetings.models import Attendance, ReplyKind, RosterStanding
from app.meetings.replies.service import reply_for_member, reply_to_meeting
from app.meetings.roll.queries import get_roll
from app.meetings.roll.schemas import GuestWrite, MeetingStart, RollEntryWrite, RollReplace
from app.meetings.roll.service import end_meeting, enter_guest, start_meeting, take_roll
from app.meetings.schemas import ReplyWrite
from app.meetings.service import announce_meeting, schedule_meeting
from app.meetings.tasks.schemas import TaskCreate
from app.meetings.tasks.service import give_task
from app.minutes.queries import get_minutes
from app.minutes.remarks.service import remark_on_minutes
from app.minutes.schemas import MinutesReplace, RemarkWrite, SectionWrite
from app.minutes.service import replace_minutes, send_minutes
from app.polls.ballots.service import cast_ballot, enter_hand_votes
from app.polls.models import Choice, Secrecy
from app.polls.schemas import BallotCast, HandVote, HandVotesEntry, PollCreate
from app.polls.service import close_poll, draft_meeting_poll, open_poll

EXCUSED, UNEXCUSED, OF_ANOTHER_OPINION = 4, 5, 7
"""Invented members, by their place in the branch."""

NARRATIVES = (
    "Đồng chí bí thư giới thiệu đại biểu, cử thư ký, điểm danh và thông qua chương trình. Đảng phí thu đủ.",
    "Phổ biến tình hình thời sự trong tháng và hướng dẫn của Đảng ủy xã về sinh hoạt chi bộ.",
    "Đồng chí bí thư báo cáo kết quả tháng: đã có 7 hộ hiến đất làm đường thôn; kênh mương xóm dưới chưa dọn xong.",
    "Bảy đồng chí phát biểu. Đề nghị khảo sát lại từng hộ ven đường trước khi vận động; quan tâm hộ neo đơn.",
    "Chi bộ giao việc cho từng đảng viên, có thời hạn.",
    "Chi bộ biểu quyết kế hoạch ra quân vệ sinh môi trường; chấm điểm buổi sinh hoạt: tốt.",
)
CONCLUSION = "Chi bộ nhất trí với báo cáo và nhiệm vụ tháng tới; sớm hoàn thành khảo sát các hộ ven đường trục thôn."


async def hold_last_meeting(session: Session, scene: Scene) -> None:
    """Hold it; the secretary has minutes to approve, a remark to answer first."""
    day = last_months_day(session.today())
    async with at(session, in_hanoi(day - timedelta(days=8), 8)):
        meeting_id = (await schedule_meeting(session, scene.secretary, scene.branch_id, meeting_on(day))).id
        await announce_meeting(session, scene.secretary, meeting_id)
    async with at(session, in_hanoi(day - timedelta(days=2), 20)):
        for actor in (scene.minute_taker, scene.member, scene.probationary, *scene.others[:3]):
            await reply_to_meeting(session, actor, meeting_id, ReplyWrite(reply=ReplyKind.attending))
        online = ReplyWrite(reply=ReplyKind.attending_online)
        await reply_to_meeting(session, scene.away, meeting_id, online)
        absent = ReplyWrite(reply=ReplyKind.absent, reason="Chăm người nhà nằm viện tuyến tỉnh")
        await reply_to_meeting(session, scene.others[EXCUSED], meeting_id, absent)
        attending = ReplyWrite(reply=ReplyKind.attending)
        await reply_for_member(session, scene.secretary, meeting_id, scene.phoneless_id, attending)
    async with at(session, in_hanoi(day, 19, 30)):
        begun = MeetingStart(minute_taker_id=scene.minute_taker.member_id)
        await start_meeting(session, scene.secretary, meeting_id, begun)
        await _take_roll(session, scene, meeting_id)
    async with at(session, in_hanoi(day, 20, 40)):
        await _vote(session, scene, meeting_id)
        task = TaskCreate(
            title="Khảo sát các hộ ven đường trục thôn",
            detail="Ghi số mét đất từng hộ đồng ý hiến; báo cáo chi bộ bằng văn bản.",
            assignee_id=scene.member.member_id,
            due_on=session.today() + timedelta(days=75),
        )
        await give_task(session, scene.secretary, meeting_id, task)
    async with at(session, in_hanoi(day, 21, 5)):
        await end_meeting(session, scene.secretary, meeting_id)
    async with at(session, in_hanoi(day + timedelta(days=1), 9)):
        seen = await get_minutes(session, scene.minute_taker, meeting_id)
        sections = [
            SectionWrite(heading=section.heading, body=body)
            for section, body in zip(seen.sections, NARRATIVES, strict=True)
        ]
        body = MinutesReplace(sections=sections, conclusion=CONCLUSION)
        await replace_minutes(session, scene.minute_taker, meeting_id, body, expected=seen.version)
        await send_minutes(session, scene.minute_taker, meeting_id)
    async with at(session, in_hanoi(day + timedelta(days=1), 21)):
        remark = RemarkWrite(body="Mục 3: đã có 8 hộ hiến đất, không phải 7; hộ bà Tỵ đồng ý trước hôm họp.")
        await remark_on_minutes(session, scene.away, meeting_id, remark)


async def _take_roll(session: Session, scene: Scene, meeting_id: UUID) -> None:
    """Take the roll in the room; the one nobody knows of is left to the end of the meeting, which says unexcused."""
    said = {
        scene.away.member_id: (Attendance.present_online, "Từ Berlin"),
        scene.others[EXCUSED].member_id: (Attendance.excused, "Có báo trước"),
    }
    roll = await get_roll(session, scene.secretary, meeting_id)
    entries = []
    for entry in roll.entries:
        if entry.member_id == scene.others[UNEXCUSED].member_id:
            continue
        attendance, note = said.get(entry.member_id, (Attendance.present, None))
        entries.append(RollEntryWrite(member_id=entry.member_id, attendance=attendance, note=note))
    await take_roll(session, scene.minute_taker, meeting_id, RollReplace(entries=entries), expected=roll.version)
    guest = GuestWrite(full_name="Ngô Văn Lâm", organisation_name="Đảng ủy xã Yên Mô")
    await enter_guest(session, scene.minute_taker, meeting_id, guest)


async def _vote(session: Session, scene: Scene, meeting_id: UUID) -> None:
    """Vote openly: hands in the room, and by telephone from Berlin."""
    question = PollCreate(
        question="Nhất trí kế hoạch ra quân vệ sinh môi trường vào Chủ nhật tuần cuối tháng", secrecy=Secrecy.open
    )
    poll_id = (await draft_meeting_poll(session, scene.secretary, meeting_id, question)).id
    await open_poll(session, scene.secretary, poll_id)
    chance = secrets.SystemRandom()
    await cast_ballot(session, scene.away, poll_id, BallotCast(choice=Choice.in_favour), chance=chance)
    other = scene.others[OF_ANOTHER_OPINION].member_id
    roll = await get_roll(session, scene.secretary, meeting_id)
    hands = [
        HandVote(member_id=entry.member_id, choice=Choice.other if entry.member_id == other else Choice.in_favour)
        for entry in roll.entries
        if entry.attendance is Attendance.present and entry.standing is RosterStanding.official
    ]
    await enter_hand_votes(session, scene.secretary, poll_id, HandVotesEntry(votes=hands))
    await close_poll(session, scene.secretary, poll_id, chance=chance)
