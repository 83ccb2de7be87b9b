"""What each role gets of minutes: the things asked about, and a row for each operation."""

from app.kernel.db import Session
from app.meetings.models import (
    Attendance,
    Meeting,
    MeetingKind,
    MeetingStatus,
    RollSource,
    RosterEntry,
    RosterStanding,
)
from app.minutes.models import FROZEN, Minutes, MinutesNumber, MinutesPaper, MinutesRemark, MinutesStatus
from app.minutes.queries import compose
from tests.contract.roles import OK, VERSION_1, Row, Things, expect
from tests.factories.world import HANOI, World

YEAR = 2026

_UNSENT = {"meeting_id": "just_ended"}
_UNSENT_OF_NAMED = {"meeting_id": "just_ended_and_named"}
_IN_REVIEW = {"meeting_id": "minutes_in_review"}
_APPROVED = {"meeting_id": "agreed_minutes"}
_PUBLISHED = {"meeting_id": "published_minutes"}
_WORDS = {"sections": [{"heading": "Đánh giá tháng 11", "body": "Chi bộ nhất trí."}], "conclusion": "Nhất trí."}
# Of the branch, member, secretary and minute-taker took part.
_TOOK_PART = expect(404, organisers=OK, member=OK)
_WRITES = expect(404, organisers=OK, member=403)
_NAMED = expect(404, organisers=OK, probationary=OK)
_READS = expect(404, branch=OK, officer=OK)

ROWS: tuple[Row, ...] = (
    # A draft is the organisers', what is sent those who took part read, what is published the branch and officers.
    Row("getMinutes", expect(404, organisers=OK), path=_UNSENT, why="not sent yet"),
    Row("getMinutes", _NAMED, path=_UNSENT_OF_NAMED, why="not sent yet; the probationary member takes them"),
    Row("getMinutes", expect(404, organisers=409), path={"meeting_id": "announced"}, why="before the end"),
    Row("getMinutes", _TOOK_PART, path=_IN_REVIEW, why="in review"),
    Row("getMinutes", _TOOK_PART, path=_APPROVED, why="approved"),
    Row("getMinutes", _READS, path=_PUBLISHED, why="published"),
    Row("replaceMinutes", _WRITES, path=_IN_REVIEW, body=_WORDS, headers=VERSION_1),
    Row("sendMinutes", expect(404, organisers=OK), path=_UNSENT),
    Row("sendMinutes", _NAMED, path=_UNSENT_OF_NAMED, why="the probationary member takes them"),
    Row("approveMinutes", expect(404, member=403, minute_taker=403, secretary=OK), path=_IN_REVIEW),
    Row("publishMinutes", _WRITES, path=_APPROVED),
    Row("getMinutesPdf", _READS, path=_PUBLISHED),
    Row("getMinutesPdf", _TOOK_PART, path=_APPROVED, why="approved"),
    Row("getResolutionPdf", _READS, path={"resolution_id": "resolution_adopted"}),
    Row("getResolutionPdf", expect(404), path={"resolution_id": "resolution_open"}, why="not adopted"),
    Row("listRemarks", _TOOK_PART, path=_IN_REVIEW),
    Row(
        "listRemarks", expect(404, branch=403, officer=403, organisers=OK, member=OK), path=_PUBLISHED, why="published"
    ),
    Row("remarkOnMinutes", _TOOK_PART, path=_IN_REVIEW, body={"body": "Số tiền là 85 triệu đồng."}),
    Row("answerRemark", _WRITES, path={"remark_id": "remark"}, body={"taken": True}),
)

IDS: dict[str, tuple[str, ...]] = {"remark_id": ("remark",)}
"""Path parameter → names of things that fit it, for the fuzzer."""

_STATUSES = {
    "minutes_in_review": (MeetingStatus.ended, MinutesStatus.in_review),
    "agreed_minutes": (MeetingStatus.minutes_approved, MinutesStatus.approved),
    "published_minutes": (MeetingStatus.published, MinutesStatus.published),
}


async def make(session: Session, world: World, things: Things) -> Things:
    """Make a meeting with minutes of each status, with roll, remark and paper; one has none yet."""
    del things
    made = {
        "just_ended": await _make_meeting(session, world, MeetingStatus.ended),
        "just_ended_and_named": await _make_meeting(session, world, MeetingStatus.ended),
    }
    made["just_ended_and_named"].minute_taker_id = world.probationary.member_id
    for number, (name, (status, of_minutes)) in enumerate(_STATUSES.items(), start=1):
        made[name] = await _make_meeting(session, world, status)
        await _make_minutes(session, world, made[name], of_minutes, number)
    session.add(MinutesNumber(organisation_id=world.branch_a, year=YEAR, last=len(_STATUSES)))
    remark = MinutesRemark(
        id=session.new_id(),
        meeting_id=made["minutes_in_review"].id,
        member_id=world.member.member_id,
        body="Thiếu ý kiến của đồng chí Phúc.",
        created_at=session.now(),
    )
    session.add(remark)
    await session.flush()
    return {name: meeting.id for name, meeting in made.items()} | {"remark": remark.id}


async def _make_meeting(session: Session, world: World, status: MeetingStatus) -> Meeting:
    meeting = Meeting(
        id=session.new_id(),
        organisation_id=world.branch_a,
        kind=MeetingKind.regular,
        status=status,
        title="Sinh hoạt thường kỳ",
        starts_at=session.now(),
        started_at=session.now(),
        ended_at=session.now(),
        time_zone=HANOI,
        version=1,
        schedule_version=1,
        created_by=world.secretary.member_id,
        created_at=session.now(),
    )
    session.add(meeting)
    await session.flush()
    return meeting


async def _make_minutes(session: Session, world: World, meeting: Meeting, status: MinutesStatus, number: int) -> None:
    came = (world.secretary, world.minute_taker, world.member)
    session.add_all(
        RosterEntry(
            meeting_id=meeting.id,
            member_id=person.member_id,
            standing=RosterStanding.official,
            is_exempt=False,
            is_away=False,
            attendance=Attendance.present if person in came else Attendance.excused,
            source=RollSource.secretary,
        )
        for person in world.branch_members
    )
    minutes = Minutes(
        meeting_id=meeting.id,
        organisation_id=world.branch_a,
        status=status,
        sections=[{"heading": "Đánh giá tháng 11", "body": None}],
        version=1,
        composed_by=world.secretary.member_id,
        composed_at=session.now(),
        sent_at=session.now(),
    )
    session.add(minutes)
    await session.flush()
    if status in FROZEN:
        minutes.year, minutes.number = YEAR, number
        minutes.record = (await compose(session, meeting, minutes)).model_dump(mode="json")
        minutes.approved_at, minutes.approved_by = session.now(), world.secretary.member_id
        session.add(MinutesPaper(meeting_id=meeting.id, content=b"%PDF-", sha256="0" * 64, made_at=session.now()))
    await session.flush()
