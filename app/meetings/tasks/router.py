"""Routes of tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.errors import (
    AssigneeNotInBranch,
    MeetingMinuted,
    MeetingNotBegun,
    MeetingNotFound,
    NotYourTask,
    TaskDropped,
    TaskNotFound,
)
from app.meetings.models import TaskStatus
from app.meetings.tasks import queries, service
from app.meetings.tasks.schemas import TaskCreate, TaskPage, TaskPatch, TaskReport, TaskView
from app.organisations.errors import OrganisationNotFound

me = Router(prefix="/me", tags=["meetings"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["meetings"], route_class=StrictRoute)
meetings = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)
router = Router(prefix="/tasks", tags=["meetings"], route_class=StrictRoute)

StatusWanted = Annotated[TaskStatus | None, Query(description="Only tasks of this status", examples=["open"])]


@me.get("/tasks", operation_id="listMyTasks", summary="My tasks", responses=problems(CursorInvalid))
async def list_my_tasks(
    session: DbSession,
    actor: CurrentActor,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    status: StatusWanted = None,
) -> TaskPage:
    """List what I was given to do, by deadline."""
    return tagged.page(linked(await queries.list_my_tasks(session, actor, status=status, paging=paging)))


@organisations.get(
    "/{organisation_id}/tasks",
    operation_id="listTasks",
    summary="Tasks of an organisation",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_tasks(
    session: DbSession,
    actor: CurrentActor,
    organisation_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    status: StatusWanted = None,
) -> TaskPage:
    """List what the meetings of an organisation gave out, by deadline; a committee's for its committee only."""
    found = await queries.list_tasks(session, actor, organisation_id, status=status, paging=paging)
    return tagged.page(linked(found))


@meetings.get(
    "/{meeting_id}/tasks",
    operation_id="listMeetingTasks",
    summary="Tasks of a meeting",
    responses=problems(MeetingNotFound, CursorInvalid),
)
async def list_meeting_tasks(
    session: DbSession,
    actor: CurrentActor,
    meeting_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    status: StatusWanted = None,
) -> TaskPage:
    """List what a meeting gave out, by deadline."""
    found = await queries.list_meeting_tasks(session, actor, meeting_id, status=status, paging=paging)
    return tagged.page(linked(found))


@meetings.post(
    "/{meeting_id}/tasks",
    operation_id="giveTask",
    status_code=201,
    summary="Give out a task",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotBegun, MeetingMinuted, AssigneeNotInBranch),
)
async def give_task(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, body: TaskCreate, tagged: Tagged
) -> TaskView:
    """Give a member of the branch something to do until a day; they are told.

    A committee's meeting gives it to who has a seat there, wherever they are at home; the meeting of a branch that was
    merged since to a member of its successor. While it is open, the agenda of each meeting drafted later carries it.
    """
    return tagged.one(await service.give_task(session, actor, meeting_id, body))


@router.get("/{task_id}", operation_id="getTask", summary="A task", responses=problems(TaskNotFound))
async def get_task(session: DbSession, actor: CurrentActor, task_id: UUID, tagged: Tagged) -> TaskView:
    """Return a task, with the ETag that changing it needs."""
    return tagged.one(await queries.get_task(session, actor, task_id))


@router.patch(
    "/{task_id}",
    operation_id="changeTask",
    summary="Change a task",
    responses=problems(TaskNotFound, NotForYourPost, AssigneeNotInBranch),
)
async def change_task(
    session: DbSession,
    actor: CurrentActor,
    task_id: UUID,
    body: TaskPatch,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> TaskView:
    """Correct, hand over, close or reopen a task; a new assignee is told. For organisers."""
    return tagged.one(await service.change_task(session, actor, task_id, body, expected=expected))


@router.put(
    "/{task_id}/done",
    operation_id="reportTaskDone",
    summary="Report my task done",
    responses=problems(TaskNotFound, NotYourTask, TaskDropped),
)
async def report_task_done(
    session: DbSession, actor: CurrentActor, tagged: Tagged, task_id: UUID, body: TaskReport
) -> TaskView:
    """Say that my task is done, with a note that whoever sees the task reads; said again, it changes nothing."""
    return tagged.one(await service.report_task_done(session, actor, task_id, body))
