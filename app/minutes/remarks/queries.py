"""Reads of the remarks on minutes."""

from uuid import UUID

from sqlalchemy import select, tuple_

from app.kernel.context import meet
from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.models import Member
from app.members.schemas import MemberRef
from app.minutes import access
from app.minutes.models import MinutesRemark
from app.minutes.queries import find_readable
from app.minutes.schemas import RemarkPage, RemarkView


async def list_remarks(session: Session, actor: Actor, meeting_id: UUID, *, paging: PageRequest) -> RemarkPage:
    """Return the remarks on minutes, in the order they were made, to those who took part and who works on the minutes.

    Raises as `get_minutes`, and NotForYourPost.
    """
    found = await find_readable(session, actor, meeting_id)
    access.require_reviewer(actor, found.meeting, took_part=found.took_part)
    of_these = MinutesRemark.meeting_id == meeting_id
    # A guest of that one day, say: nothing else leads to them any more.
    await meet(session, await session.scalars(select(MinutesRemark.member_id).where(of_these)))
    wanted = select(MinutesRemark, Member.full_name).join(Member, Member.id == MinutesRemark.member_id).where(of_these)
    after = paging.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(MinutesRemark.created_at, MinutesRemark.id) > tuple_(*after))
    ordered = wanted.order_by(MinutesRemark.created_at, MinutesRemark.id).limit(paging.limit + 1)
    rows = (await session.execute(ordered)).all()
    return paging.page(
        rows,
        into=RemarkPage,
        view=lambda row: view_remark(row.MinutesRemark, full_name=row.full_name),
        key=lambda row: (row.MinutesRemark.created_at.isoformat(), row.MinutesRemark.id),
    )


def view_remark(remark: MinutesRemark, *, full_name: str) -> RemarkView:
    """Return a remark with the name of who made it."""
    return RemarkView(
        id=remark.id,
        author=MemberRef(member_id=remark.member_id, full_name=full_name),
        body=remark.body,
        created_at=remark.created_at,
        taken=remark.taken,
        answer=remark.answer,
        answered_at=remark.answered_at,
    )
