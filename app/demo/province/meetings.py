"""The branches' meetings: called, replied to, held and minuted, and the next one that lies ahead."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.demo.cast import HANOI
from app.demo.province.ledger import NULL, Id, Ledger
from app.demo.province.people import Person
from app.demo.province.shape import HOME, INBOX_SHOWN, Shape
from app.demo.province.timetable import Time, schedule, title_of
from app.demo.province.tree import Branch, Place
from app.kernel.push import Channel
from app.meetings.events import MeetingAnnounced
from app.meetings.models import (
    Attendance,
    MeetingStatus,
    ReplyKind,
    RollSource,
    RosterStanding,
    TaskStatus,
)
from app.meetings.reminders import due_times
from app.minutes.events import MinutesPublished
from app.minutes.models import MinutesStatus
from app.minutes.papers import locality
from app.rules import rules_in_force

AGENDA = (
    ("Ổn định tổ chức, điểm danh, thông qua chương trình", 10, "Bí thư"),
    ("Báo cáo kết quả tháng trước, dự thảo nhiệm vụ tháng này", 25, "Bí thư"),
    ("Đảng viên thảo luận, góp ý", 40, None),
    ("Kết luận, giao việc, thông qua nghị quyết và biên bản", 15, "Thư ký"),
)
REPORT = 2
"""The point of the agenda that the paper lies beside."""
SAID = (
    "Đồng chí bí thư giới thiệu đại biểu, cử thư ký, điểm danh và thông qua chương trình.",
    "Đồng chí bí thư báo cáo; kênh mương xóm dưới chưa dọn xong, chuyển sang tháng sau.",
    "Các đồng chí phát biểu, nhất trí với báo cáo.",
    "Chi bộ giao việc cho từng đảng viên, có thời hạn.",
)
CONCLUSION = "Chi bộ nhất trí với báo cáo và nhiệm vụ tháng tới."
TASKS = ("Thu đảng phí quý này", "Vận động ba hộ hiến đất làm đường", "Rà soát hộ nghèo trong thôn")
REPLIED, BY_CODE, LATE, EXCUSED, MINUTES_LATE, PAPERS_LATE, TASK_DONE = 0.75, 0.6, 0.04, 0.7, 0.1, 0.08, 0.9
READ = 0.6
LONGEST = timedelta(hours=4)
"""Of a meeting, from the hour it was called for: at midnight none is in session."""
_HERE = frozenset({Attendance.present, Attendance.present_online, Attendance.late})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A meeting that was held, for what was decided there."""

    id: Id
    began_at: datetime
    ended_at: datetime
    day: date
    came: list[Person]


class Clerk:
    """Writes the meetings of one branch after the other."""

    def __init__(self, ledger: Ledger, shape: Shape, chance: random.Random, papers: dict[tuple[Id, date], Id]) -> None:
        """`papers` are the communes' documents, by commune and month."""
        self._ledger = ledger
        self._shape = shape
        self._chance = chance
        self._papers = papers
        self._numbers: Counter[tuple[Id, int]] = Counter()

    def hold(self, branch: Branch) -> list[Held]:
        """Write what a branch has held since the beginning, and the call to the next meeting; return the former."""
        now = self._shape.now
        times = list(schedule(self._shape, self._chance))
        held = [self._hold(branch, time) for time in times if time.starts_at + LONGEST < now]
        ahead = next(time for time in times if time.starts_at > now)
        self._call(branch, ahead)
        for year in {meeting.day.year for meeting in held}:
            last = self._numbers[branch.id, year]
            if last:
                self._ledger.add("minutes_numbers", branch.id, year, last)
        return held

    def _call(self, branch: Branch, time: Time) -> None:
        """Announce a meeting that lies ahead."""
        announced_at = min(time.starts_at - timedelta(days=8), self._shape.now - timedelta(hours=12))
        meeting = self._ledger.new_id(announced_at)
        self._write(branch, meeting, time, MeetingStatus.announced, announced_at, version=2)
        for audience, hours, due_at in due_times(UUID(meeting), time.starts_at, now=self._shape.now):
            self._ledger.add("meeting_reminders", meeting, audience, hours, due_at)
        called = [person for person in branch.people if person.is_member_on(self._shape.until)]
        self._announce(branch, meeting, time, announced_at, called, withdrawn_at=None)
        for person in called:
            if self._chance.random() < REPLIED / 2:
                self._reply(meeting, person, ReplyKind.attending, announced_at + timedelta(hours=2))

    def _hold(self, branch: Branch, time: Time) -> Held:
        ledger, chance, now = self._ledger, self._chance, self._shape.now
        announced_at = time.starts_at - timedelta(days=chance.randint(7, 10), minutes=chance.randrange(600))
        meeting = ledger.new_id(announced_at)
        began_at = time.starts_at + timedelta(minutes=chance.randint(-5, 10))
        ended_at = began_at + timedelta(minutes=chance.randint(90, 125))
        approved_at = ended_at + timedelta(hours=chance.randint(1, 30))
        published_at = approved_at + timedelta(hours=chance.randint(48, 140) if chance.random() < MINUTES_LATE else 2)
        status, version = MeetingStatus.published, 6
        if published_at >= now:
            status, version = MeetingStatus.minutes_approved, 5
        if approved_at >= now:
            status, version = MeetingStatus.ended, 4
        self._write(branch, meeting, time, status, announced_at, version=version, began_at=began_at, ended_at=ended_at)
        day = time.starts_at.date()
        called = [person for person in branch.people if person.is_member_on(day)]
        self._announce(branch, meeting, time, announced_at, called, withdrawn_at=began_at)
        roll = [(person, self._attend(branch, meeting, person, day, announced_at, began_at)) for person in called]
        ledger.change((branch.id,), "roll", meeting, 1, ended_at)
        task = self._task(branch, meeting, called, ended_at)
        if status is not MeetingStatus.ended:
            self._minute(branch, meeting, time, roll, task, began_at, ended_at, approved_at, published_at, status)
        came = [person for person, attendance in roll if attendance in _HERE]
        return Held(id=meeting, began_at=began_at, ended_at=ended_at, day=day, came=came)

    def _write(
        self,
        branch: Branch,
        meeting: Id,
        time: Time,
        status: MeetingStatus,
        announced_at: datetime,
        *,
        version: int,
        began_at: datetime | None = None,
        ended_at: datetime | None = None,
    ) -> None:
        ledger = self._ledger
        month = time.starts_at.month
        has_begun = began_at is not None
        ledger.add(
            "meetings",
            meeting,
            branch.id,
            time.kind,
            status,
            title_of(time),
            time.starts_at,
            time.starts_at + timedelta(minutes=90),
            HANOI,
            "Nhà văn hóa thôn",
            version,
            1,
            branch.secretary.id,
            announced_at - timedelta(days=1),
            announced_at,
            began_at,
            ended_at,
            3 if has_begun else 1,
            rules_in_force(time.starts_at.date()).key if has_begun else None,
            branch.secretary.id if has_begun else None,
            branch.minute_taker.id if has_begun else None,
        )
        for place, (title, minutes, presenter) in enumerate(AGENDA, start=1):
            ledger.add("agenda_items", meeting, place, title, minutes, presenter)
        paper = self._papers.get((branch.commune.id, date(time.starts_at.year, month, 1)))
        if paper is not None:
            hours = self._chance.randint(1, 20) if self._chance.random() < PAPERS_LATE else 24 * 5
            ledger.add("agenda_item_documents", meeting, REPORT, paper, 0, time.starts_at - timedelta(hours=hours))
        ledger.change((branch.id,), "meeting", meeting, version, ended_at or announced_at)

    def _announce(
        self,
        branch: Branch,
        meeting: Id,
        time: Time,
        announced_at: datetime,
        called: Sequence[Person],
        *,
        withdrawn_at: datetime | None,
    ) -> None:
        """Write the fact and, of the last months, the notice with its place in the inboxes."""
        ledger = self._ledger
        fact = ledger.record(
            MeetingAnnounced,
            at=announced_at,
            organisation=branch.id,
            subject=meeting,
            actor=branch.secretary.id,
            data={"version": 2},
        )
        if announced_at < self._shape.now - INBOX_SHOWN:
            return
        params = {
            "title": title_of(time),
            "starts_at": time.starts_at.isoformat(),
            "time_zone": HANOI,
            "place": "Nhà văn hóa thôn",
            "online": False,
        }
        notice = ledger.new_id(announced_at)
        ledger.add(
            "notifications",
            notice,
            fact,
            "meeting_announced",
            Channel.meeting_changed,
            branch.id,
            "meeting",
            meeting,
            params,
            True,
            False,
            announced_at,
            announced_at + timedelta(hours=24),
            withdrawn_at,
            *(None,) * 4,
        )
        for person in called:
            is_read = person.account is not None and self._chance.random() < READ
            read_at = str(announced_at + timedelta(hours=3)) if is_read else NULL
            ledger.put("inbox_entries", f"{person.id}\t{notice}\t{announced_at}\t{read_at}")
            ledger.change((person.id,), "notification", notice, 2 if is_read else 1, announced_at)

    def _reply(self, meeting: Id, person: Person, reply: ReplyKind, at_: datetime) -> None:
        reason = "Bận việc gia đình" if reply is ReplyKind.absent else NULL
        self._ledger.put("meeting_replies", f"{meeting}\t{person.id}\t{reply}\t{reason}\t1\t{person.id}\t{at_}")

    def _attend(
        self, branch: Branch, meeting: Id, person: Person, day: date, announced_at: datetime, began_at: datetime
    ) -> Attendance:
        """Write somebody's place on the roll, and what they had replied before; return how they took part."""
        chance = self._chance
        comes = chance.random() < person.attends
        replied = person.account is not None and chance.random() < REPLIED
        online = person.is_away
        if comes and online:
            attendance, reply = Attendance.present_online, ReplyKind.attending_online
        elif comes:
            attendance = Attendance.late if chance.random() < LATE else Attendance.present
            reply = ReplyKind.attending
        elif person.is_exempt:
            attendance, reply = Attendance.exempt, ReplyKind.absent
        elif replied or chance.random() < EXCUSED:
            attendance, reply = Attendance.excused, ReplyKind.absent
        else:
            attendance, reply = Attendance.unexcused, ReplyKind.absent
        if replied:
            self._reply(meeting, person, reply, announced_at + timedelta(hours=chance.randint(1, 120)))
        standing = RosterStanding.official if person.is_official_on(day) else RosterStanding.probationary
        source, checked_in_at, entered_by = RollSource.secretary.value, NULL, branch.secretary.id
        if attendance is Attendance.present and person.account is not None and chance.random() < BY_CODE:
            source, checked_in_at, entered_by = RollSource.code.value, str(began_at), person.id
        exempt = "t" if person.is_exempt else "f"
        self._ledger.put(
            "roster_entries",
            f"{meeting}\t{person.id}\t{standing}\t{exempt}\tf\t{attendance}\t{source}\t{checked_in_at}\t{entered_by}",
        )
        return attendance

    def _task(
        self, branch: Branch, meeting: Id, called: Sequence[Person], ended_at: datetime
    ) -> tuple[str, Person, date]:
        ledger, chance = self._ledger, self._chance
        title, person = chance.choice(TASKS), chance.choice(called)
        given_at = ended_at - timedelta(minutes=10)
        task = ledger.new_id(given_at)
        due_on = (ended_at + timedelta(days=25)).date()
        done_at = ended_at + timedelta(days=chance.randint(5, 24))
        is_done = done_at < self._shape.now and chance.random() < TASK_DONE
        ledger.add(
            "meeting_tasks",
            task,
            meeting,
            branch.id,
            title,
            person.id,
            due_on,
            TaskStatus.done if is_done else TaskStatus.open,
            done_at if is_done else None,
            2 if is_done else 1,
            branch.secretary.id,
            given_at,
        )
        ledger.change((branch.id, person.id), "task", task, 2 if is_done else 1, done_at if is_done else given_at)
        return title, person, due_on

    def _minute(
        self,
        branch: Branch,
        meeting: Id,
        time: Time,
        roll: Sequence[tuple[Person, Attendance]],
        task: tuple[str, Person, date],
        began_at: datetime,
        ended_at: datetime,
        approved_at: datetime,
        published_at: datetime,
        status: MeetingStatus,
    ) -> None:
        ledger = self._ledger
        year = began_at.astimezone(HOME).year
        self._numbers[branch.id, year] += 1
        sections = [{"heading": head, "body": body} for (head, _, _), body in zip(AGENDA, SAID, strict=True)]
        is_published = status is MeetingStatus.published
        ledger.add(
            "minutes",
            meeting,
            branch.id,
            MinutesStatus.published if is_published else MinutesStatus.approved,
            year,
            self._numbers[branch.id, year],
            sections,
            CONCLUSION,
            _record(branch, time, roll, task, began_at, ended_at, sections),
            3 if is_published else 2,
            branch.minute_taker.id,
            ended_at,
            approved_at,
            branch.secretary.id,
            published_at if is_published else None,
        )
        ledger.change((branch.id,), "minutes", meeting, 3 if is_published else 2, approved_at)
        if is_published:
            ledger.record(
                MinutesPublished,
                at=published_at,
                organisation=branch.id,
                subject=meeting,
                actor=branch.secretary.id,
                data={"version": 3},
            )


def _record(
    branch: Branch,
    time: Time,
    roll: Sequence[tuple[Person, Attendance]],
    task: tuple[str, Person, date],
    began_at: datetime,
    ended_at: datetime,
    sections: list[dict[str, str]],
) -> dict[str, object]:
    """Return what the minutes say, as `minutes.record.MinutesRecord` keeps it."""
    above: Place = branch.above
    count = Counter(attendance for _, attendance in roll)
    names = {kind: [person.full_name for person, attendance in roll if attendance is kind] for kind in count}
    present = sum(count[kind] for kind in _HERE)
    expected = len(roll) - count[Attendance.exempt]
    title, assignee, due_on = task
    return {
        "above": above.name,
        "organisation": branch.place.name,
        "locality": locality(above.name),
        "series": "BB/CB",
        "kind": time.kind,
        "title": title_of(time),
        "began_at": began_at.isoformat(),
        "ended_at": ended_at.isoformat(),
        "elapsed_minutes": int((ended_at - began_at).total_seconds() // 60),
        "time_zone": HANOI,
        "place": "Nhà văn hóa thôn",
        "online": False,
        "chair": _named(branch.secretary, "Bí thư chi bộ"),
        "minute_taker": _named(branch.minute_taker, "Thư ký chi bộ"),
        "headcount": {
            "total_count": len(roll),
            "present_count": present,
            "online_count": count[Attendance.present_online],
            "late_count": count[Attendance.late],
            "absent_count": count[Attendance.excused] + count[Attendance.unexcused],
            "exempt_count": count[Attendance.exempt],
            "rate_percent": round(100 * present / expected, 1) if expected else None,
            "excused": names.get(Attendance.excused, []),
            "unexcused": names.get(Attendance.unexcused, []),
            "exempt": names.get(Attendance.exempt, []),
            "guests": [],
        },
        "sections": sections,
        "conclusion": CONCLUSION,
        "polls": [],
        "resolutions": [],
        "tasks": [{"title": title, "assignee": assignee.full_name, "due_on": str(due_on)}],
    }


def _named(person: Person, post: str) -> dict[str, str]:
    return {"member_id": str(UUID(person.id)), "full_name": person.full_name, "post": post}
