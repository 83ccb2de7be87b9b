"""Commands of tasks: given out by organisers, reported done by whoever has them."""

from uuid import UUID

from sqlalchemy import and_, or_, select

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.convening.queries import convened_to
from app.meetings.errors import AssigneeNotInBranch, MeetingMinuted, MeetingNotBegun, NotYourTask, TaskDropped
from app.meetings.events import TaskChanged, TaskGiven
from app.meetings.models import BEGUN, ROLL_OPEN, Meeting, MeetingKind, MeetingTask, TaskStatus
from app.meetings.queries import get_visible_meeting
from app.meetings.tasks.queries import get_visible_task, view_task
from app.meetings.tasks.schemas import TaskCreate, TaskPatch, TaskReport, TaskView
from app.members.models import Member
from app.members.queries import convened
from app.notifications.service import withdraw_notices
from app.organisations.queries import find_lasting_id


async def give_task(session: Session, actor: Actor, meeting_id: UUID, body: TaskCreate) -> TaskView:
    """Give a member something to do, during a meeting or until its minutes are approved; they are told.

    A meeting of a branch that was merged since gives it to the successor's people, whose next agenda carries it.
    Raises NotForYourPost, MeetingNotBegun, MeetingMinuted, AssigneeNotInBranch.
    """
    meeting, _ = await get_visible_meeting(session, actor, meeting_id, for_update=True)
    access.require_organiser(actor, meeting.organisation_id)
    if meeting.status not in BEGUN:
        raise MeetingNotBegun
    if meeting.status not in ROLL_OPEN:
        raise MeetingMinuted
    lasting = await find_lasting_id(session, meeting.organisation_id)
    await _require_assignable(session, body.assignee_id, organisation_id=lasting, kind=meeting.kind)
    task = MeetingTask(
        id=session.new_id(),
        meeting_id=meeting.id,
        organisation_id=lasting,
        title=body.title,
        detail=body.detail,
        assignee_id=body.assignee_id,
        due_on=body.due_on,
        status=TaskStatus.open,
        version=1,
        created_by=actor.member_id,
        created_at=session.now(),
    )
    session.add(task)
    await record(session, TaskGiven.model_validate(_names(actor, task, meeting)))
    return await view_task(session, task)


async def change_task(session: Session, actor: Actor, task_id: UUID, body: TaskPatch, *, expected: int) -> TaskView:
    """Correct, hand over, close or reopen a task; a new assignee is told.

    What a branch that was merged had closed is the successor's once it is open again. Raises TaskNotFound,
    NotForYourPost, VersionChanged, AssigneeNotInBranch.
    """
    task = await get_visible_task(session, actor, task_id, for_update=True)
    access.require_organiser(actor, task.organisation_id)
    require_version(task.version, expected)
    before = task.assignee_id
    meeting = await session.get_one(Meeting, task.meeting_id)
    lasting = await find_lasting_id(session, task.organisation_id)
    if body.assignee_id is not None and body.assignee_id != before:
        await _require_assignable(session, body.assignee_id, organisation_id=lasting, kind=meeting.kind)
    for name, value in body.model_dump(exclude_unset=True, exclude={"status"}).items():
        setattr(task, name, value)
    if body.status is not None and body.status is not task.status:
        _settle(session, task, body.status)
    if task.status is TaskStatus.open:
        task.organisation_id = lasting
    await _record_change(session, actor, task, meeting, before=before)
    return await view_task(session, task)


async def report_task_done(session: Session, actor: Actor, task_id: UUID, body: TaskReport) -> TaskView:
    """Say that one's own task is done; again it changes nothing. Raises TaskNotFound, NotYourTask, TaskDropped."""
    task = await get_visible_task(session, actor, task_id, for_update=True)
    if task.assignee_id != actor.member_id:
        raise NotYourTask
    if task.status is TaskStatus.dropped:
        raise TaskDropped
    if task.status is TaskStatus.open:
        task.closing_note = body.note
        _settle(session, task, TaskStatus.done)
        meeting = await session.get_one(Meeting, task.meeting_id)
        await _record_change(session, actor, task, meeting, before=task.assignee_id)
    return await view_task(session, task)


def _settle(session: Session, task: MeetingTask, status: TaskStatus) -> None:
    task.status = status
    task.done_at = session.now() if status is TaskStatus.done else None


async def _record_change(session: Session, actor: Actor, task: MeetingTask, meeting: Meeting, *, before: UUID) -> None:
    task.version += 1
    is_handed_over = task.assignee_id != before
    if is_handed_over or task.status is not TaskStatus.open:
        await withdraw_notices(session, subject_id=task.id)
    names = _names(actor, task, meeting)
    await record(session, TaskChanged.model_validate({**names, "assigned_before": before, "status": task.status}))
    if is_handed_over and task.status is TaskStatus.open:
        await record(session, TaskGiven.model_validate(names))


async def _require_assignable(session: Session, member_id: UUID, *, organisation_id: UUID, kind: MeetingKind) -> None:
    """Raise AssigneeNotInBranch unless it is a member whose home the branch is, and who has not left.

    A committee's meeting also gives to who has a seat there, wherever they are at home.
    """
    today = session.today()
    at_home = and_(Member.organisation_id == organisation_id, Member.id.in_(convened(organisation_id, today)))
    seated = Member.id.in_(convened_to(organisation_id=organisation_id, kind=MeetingKind.committee, on=today))
    assignable = or_(at_home, seated) if kind is MeetingKind.committee else at_home
    found = await session.scalar(select(Member.id).where(Member.id == member_id, assignable))
    if found is None:
        field = FieldProblem(pointer="/assignee_id", code=AssigneeNotInBranch.code, detail=AssigneeNotInBranch.title)
        raise AssigneeNotInBranch(fields=(field,))


def _names(actor: Actor, task: MeetingTask, meeting: Meeting) -> dict[str, object]:
    return {
        "organisation_id": task.organisation_id,
        "subject_id": task.id,
        "actor_member_id": actor.member_id,
        "version": task.version,
        "assignee_id": task.assignee_id,
        "meeting_id": task.meeting_id,
        "given_in": meeting.organisation_id,
    }
