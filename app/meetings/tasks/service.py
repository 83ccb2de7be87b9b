"""Commands of tasks: given out by organisers, reported done by whoever has them."""

from uuid import UUID

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.errors import AssigneeNotInBranch, MeetingMinuted, MeetingNotBegun, NotYourTask, TaskDropped
from app.meetings.events import TaskChanged, TaskGiven
from app.meetings.models import BEGUN, ROLL_OPEN, MeetingTask, TaskStatus
from app.meetings.queries import get_visible_meeting
from app.meetings.tasks.queries import get_visible_task, view_task
from app.meetings.tasks.schemas import TaskCreate, TaskPatch, TaskReport, TaskView
from app.members.models import Member
from app.members.queries import convened
from app.notifications.service import withdraw_notices


async def give_task(session: Session, actor: Actor, meeting_id: UUID, body: TaskCreate) -> TaskView:
    """Give a member something to do, during a meeting or until its minutes are approved; they are told.

    Raises NotForYourPost, MeetingNotBegun, MeetingMinuted, AssigneeNotInBranch.
    """
    meeting, _ = await get_visible_meeting(session, actor, meeting_id, for_update=True)
    access.require_organiser(actor, meeting.organisation_id)
    if meeting.status not in BEGUN:
        raise MeetingNotBegun
    if meeting.status not in ROLL_OPEN:
        raise MeetingMinuted
    await _require_of_branch(session, body.assignee_id, meeting.organisation_id)
    task = MeetingTask(
        id=session.new_id(),
        meeting_id=meeting.id,
        organisation_id=meeting.organisation_id,
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
    await record(session, TaskGiven.model_validate(_names(actor, task)))
    return await view_task(session, task)


async def change_task(session: Session, actor: Actor, task_id: UUID, body: TaskPatch, *, expected: int) -> TaskView:
    """Correct, hand over, close or reopen a task; a new assignee is told.

    Raises TaskNotFound, NotForYourPost, VersionChanged, AssigneeNotInBranch.
    """
    task = await get_visible_task(session, actor, task_id, for_update=True)
    access.require_organiser(actor, task.organisation_id)
    require_version(task.version, expected)
    before = task.assignee_id
    if body.assignee_id is not None and body.assignee_id != before:
        await _require_of_branch(session, body.assignee_id, task.organisation_id)
    for name, value in body.model_dump(exclude_unset=True, exclude={"status"}).items():
        setattr(task, name, value)
    if body.status is not None and body.status is not task.status:
        _settle(session, task, body.status)
    await _record_change(session, actor, task, before=before)
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
        await _record_change(session, actor, task, before=task.assignee_id)
    return await view_task(session, task)


def _settle(session: Session, task: MeetingTask, status: TaskStatus) -> None:
    task.status = status
    task.done_at = session.now() if status is TaskStatus.done else None


async def _record_change(session: Session, actor: Actor, task: MeetingTask, *, before: UUID) -> None:
    task.version += 1
    is_handed_over = task.assignee_id != before
    if is_handed_over or task.status is not TaskStatus.open:
        await withdraw_notices(session, subject_id=task.id)
    fact = TaskChanged.model_validate({**_names(actor, task), "assigned_before": before, "status": task.status})
    await record(session, fact)
    if is_handed_over and task.status is TaskStatus.open:
        await record(session, TaskGiven.model_validate(_names(actor, task)))


async def _require_of_branch(session: Session, member_id: UUID, organisation_id: UUID) -> None:
    """Raise AssigneeNotInBranch unless it is a member whose home the branch is, and who has not left."""
    found = await session.scalar(
        select(Member.id).where(
            Member.id == member_id,
            Member.organisation_id == organisation_id,
            Member.id.in_(convened(organisation_id, session.today())),
        )
    )
    if found is None:
        field = FieldProblem(pointer="/assignee_id", code=AssigneeNotInBranch.code, detail=AssigneeNotInBranch.title)
        raise AssigneeNotInBranch(fields=(field,))


def _names(actor: Actor, task: MeetingTask) -> dict[str, object]:
    return {
        "organisation_id": task.organisation_id,
        "subject_id": task.id,
        "actor_member_id": actor.member_id,
        "version": task.version,
        "assignee_id": task.assignee_id,
        "meeting_id": task.meeting_id,
    }
