"""Reads of tasks: known to those a meeting calls, to its organisers, and to whoever has one."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, or_, select, tuple_

from app.kernel.db import Session
from app.kernel.pagination import CursorInvalid, PageRequest
from app.kernel.security import ORGANISERS, Actor
from app.meetings.convening.queries import is_called
from app.meetings.errors import TaskNotFound
from app.meetings.models import Meeting, MeetingTask, TaskStatus
from app.meetings.queries import get_visible_meeting
from app.meetings.tasks.schemas import TaskPage, TaskView
from app.members.models import Member
from app.organisations.queries import get_visible_organisation


async def get_visible_task(session: Session, actor: Actor, task_id: UUID, *, for_update: bool = False) -> MeetingTask:
    """Return a task; raises TaskNotFound. `for_update` locks its row until the unit of work ends."""
    wanted = (
        select(MeetingTask)
        .join(Meeting, Meeting.id == MeetingTask.meeting_id)
        .where(MeetingTask.id == task_id, _visible_to(actor, session.today()))
    )
    if for_update:
        wanted = wanted.with_for_update(of=MeetingTask)
    found: MeetingTask | None = await session.scalar(wanted)
    if found is None:
        raise TaskNotFound
    return found


async def get_task(session: Session, actor: Actor, task_id: UUID) -> TaskView:
    """Return a task; raises TaskNotFound."""
    return await view_task(session, await get_visible_task(session, actor, task_id))


async def find_tasks(session: Session, actor: Actor, ids: Collection[UUID]) -> list[TaskView]:
    """Return those of the tasks that the caller may know of."""
    rows = await session.execute(_select_views().where(MeetingTask.id.in_(ids), _visible_to(actor, session.today())))
    return [_view(row) for row in rows]


async def view_task(session: Session, task: MeetingTask) -> TaskView:
    """Return a task that the caller is known to see."""
    await session.flush()
    return _view((await session.execute(_select_views().where(MeetingTask.id == task.id))).one())


async def list_meeting_tasks(
    session: Session, actor: Actor, meeting_id: UUID, *, status: TaskStatus | None, paging: PageRequest
) -> TaskPage:
    """Return what a meeting gave out, by deadline; nothing for officers above. Raises MeetingNotFound."""
    await get_visible_meeting(session, actor, meeting_id)
    given = (MeetingTask.meeting_id == meeting_id, _visible_to(actor, session.today()))
    return await _page(session, *given, status=status, paging=paging)


async def list_tasks(
    session: Session, actor: Actor, organisation_id: UUID, *, status: TaskStatus | None, paging: PageRequest
) -> TaskPage:
    """Return the tasks of an organisation's meetings that one may know of; raises OrganisationNotFound."""
    await get_visible_organisation(session, actor, organisation_id)
    theirs = (MeetingTask.organisation_id == organisation_id, _visible_to(actor, session.today()))
    return await _page(session, *theirs, status=status, paging=paging)


async def list_my_tasks(session: Session, actor: Actor, *, status: TaskStatus | None, paging: PageRequest) -> TaskPage:
    """Return what one was given to do, by deadline."""
    return await _page(session, MeetingTask.assignee_id == actor.member_id, status=status, paging=paging)


def _visible_to(actor: Actor, on: date) -> ColumnElement[bool]:
    organised = {post.organisation_id for post in (*actor.posts, *actor.inherited) if post.kind in ORGANISERS}
    return or_(
        MeetingTask.organisation_id.in_(organised),
        MeetingTask.assignee_id == actor.member_id,
        is_called(actor, on),
    )


def _select_views() -> Select[MeetingTask, str]:
    return (
        select(MeetingTask, Member.full_name)
        .join(Meeting, Meeting.id == MeetingTask.meeting_id)
        .join(Member, Member.id == MeetingTask.assignee_id)
    )


async def _page(
    session: Session, *which: ColumnElement[bool], status: TaskStatus | None, paging: PageRequest
) -> TaskPage:
    wanted = _select_views().where(*which)
    if status is not None:
        wanted = wanted.where(MeetingTask.status == status)
    if paging.after is not None:
        wanted = wanted.where(tuple_(MeetingTask.due_on, MeetingTask.id) > tuple_(*_after(paging.after)))
    rows = (await session.execute(wanted.order_by(MeetingTask.due_on, MeetingTask.id).limit(paging.limit + 1))).all()
    return paging.page(
        rows,
        into=TaskPage,
        view=_view,
        key=lambda row: (row.MeetingTask.due_on.isoformat(), row.MeetingTask.id),
    )


def _after(key: tuple[str, UUID]) -> tuple[date, UUID]:
    try:
        return date.fromisoformat(key[0]), key[1]
    except ValueError:
        raise CursorInvalid from None


def _view(row: Row[MeetingTask, str]) -> TaskView:
    task: MeetingTask = row.MeetingTask
    return TaskView(
        id=task.id,
        version=task.version,
        meeting_id=task.meeting_id,
        organisation_id=task.organisation_id,
        title=task.title,
        detail=task.detail,
        assignee_id=task.assignee_id,
        assignee_name=row.full_name,
        due_on=task.due_on,
        status=task.status,
        done_at=task.done_at,
        closing_note=task.closing_note,
        created_at=task.created_at,
    )
