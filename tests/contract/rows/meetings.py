"""What each role gets of meetings: the things asked about, and a row for each operation."""

from datetime import date

from sqlalchemy import update

from app.kernel.db import Session
from app.meetings.calendar.models import CalendarFeed
from app.meetings.calendar.queries import secret_hash
from app.meetings.models import Meeting, MeetingGuest, MeetingTask, RosterEntry, RosterStanding, TaskStatus
from tests.contract.roles import (
    CALLS_ANNOUNCED,
    EVERYBODY,
    OK,
    ROLES,
    SEES_BRANCH,
    SEES_MEETING,
    SIGNED_IN,
    VERSION_1,
    A,
    Row,
    Things,
    expect,
)
from tests.factories.world import World

IN_SESSION = {"meeting_id": "in_session"}
# 256 bits, as the server makes them.
CALENDAR = "mX3v0bY8kTq1pLw7cRz5nJd2sGf9hAe4uKi6oBt0xQE"
REVOKED_CALENDAR = "9sGf9hAe4uKi6oBt0xQEmX3v0bY8kTq1pLw7cRz5nJd"

ROWS: tuple[Row, ...] = (
    # The course of a meeting: its organisers take the roll, each member their own part in it.
    Row("getCheckInCode", CALLS_ANNOUNCED, path=IN_SESSION),
    Row(
        "checkIn",
        expect(404, branch=422, guest=403, officer=403),  # the guest came after the roster was made
        path=IN_SESSION,
        body={"code": "AAAAAAAAAAAAAAAAAAAAAAAA"},
        why="with a code that no screen showed",
    ),
    Row("getRoll", SEES_MEETING, path=IN_SESSION),
    Row("getRoll", expect(404, branch=409, officer=409), path={"meeting_id": "announced"}, why="before the start"),
    Row(
        "takeRoll",
        CALLS_ANNOUNCED,
        path=IN_SESSION,
        body={"entries": [{"member_id": "$phoneless", "attendance": "present"}]},
        headers=VERSION_1,
    ),
    Row(
        "correctCourse",
        CALLS_ANNOUNCED,
        path=IN_SESSION,
        body={"started_at": "2026-11-22T00:30:00Z", "chair_id": "$phoneless", "minute_taker_id": "$phoneless"},
        headers=VERSION_1,
    ),
    Row("enterGuest", CALLS_ANNOUNCED, path=IN_SESSION, body={"full_name": "Ngô Văn Lâm"}),
    Row("removeGuest", CALLS_ANNOUNCED, path={**IN_SESSION, "guest_id": "guest"}),
    Row("watchMeeting", SEES_MEETING, path=IN_SESSION),
    # Tasks: known to those the meeting calls; officers and administrators find the branch's list empty.
    Row("listMyTasks", SIGNED_IN),
    Row("listTasks", SEES_BRANCH, path=A),
    Row("listMeetingTasks", SEES_MEETING, path=IN_SESSION),
    Row(
        "giveTask",
        CALLS_ANNOUNCED,
        path=IN_SESSION,
        body={"title": "Rà soát hộ nghèo", "assignee_id": "$phoneless", "due_on": "2026-12-25"},
    ),
    Row("getTask", expect(404, branch=OK), path={"task_id": "task"}),
    Row(
        "changeTask",
        expect(404, branch=403, organisers=OK),
        path={"task_id": "task"},
        body={"due_on": "2026-12-31"},
        headers=VERSION_1,
    ),
    # A calendar program has no sign-in; who knows the address is who may read it.
    Row("makeMyCalendar", SIGNED_IN),
    Row("getMyCalendar", SIGNED_IN),
    Row("revokeMyCalendar", SIGNED_IN),
    Row("fetchCalendar", dict.fromkeys(ROLES, 404), path={"secret": "x"}, why="never given out"),
    Row("fetchCalendar", EVERYBODY, path={"secret": CALENDAR}),
    Row("fetchCalendar", dict.fromkeys(ROLES, 410), path={"secret": REVOKED_CALENDAR}, why="revoked"),
    Row("reportTaskDone", expect(404, branch=403, member=OK), path={"task_id": "task"}, body={"note": "Đã xong"}),
)

IDS: dict[str, tuple[str, ...]] = {"guest_id": ("guest",), "task_id": ("task",)}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make the roster of the meeting in session, with a guest, and a task it gave out, and a member's calendar."""
    meeting_id = things["in_session"]
    await session.execute(
        update(Meeting)
        .where(Meeting.id == meeting_id)
        .values(check_in_secret=b"s" * 32, started_at=session.now(), rule_set="42-HD/BTCTW@2025-10-28")
    )
    for person in world.branch_members:
        standing = RosterStanding.probationary if person == world.probationary else RosterStanding.official
        session.add(
            RosterEntry(
                meeting_id=meeting_id, member_id=person.member_id, standing=standing, is_exempt=False, is_away=False
            )
        )
    guest = MeetingGuest(
        id=session.new_id(), meeting_id=meeting_id, full_name="Ngô Văn Lâm", entered_by=world.secretary.member_id
    )
    session.add(guest)
    task = MeetingTask(
        id=session.new_id(),
        meeting_id=meeting_id,
        organisation_id=world.branch_a,
        title="Rà soát hộ nghèo thôn Đông",
        assignee_id=world.member.member_id,
        due_on=date(2026, 12, 25),
        status=TaskStatus.open,
        version=1,
        created_by=world.secretary.member_id,
        created_at=session.now(),
    )
    session.add(task)
    for secret, revoked_at in ((CALENDAR, None), (REVOKED_CALENDAR, session.now())):
        session.add(
            CalendarFeed(
                id=session.new_id(),
                account_id=world.member.account_id,
                secret_hash=secret_hash(secret),
                revoked_at=revoked_at,
                created_at=session.now(),
            )
        )
    await session.flush()
    return {"guest": guest.id, "task": task.id}
