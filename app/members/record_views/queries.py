"""Reads of who saw one's own record."""

from sqlalchemy import literal, select, tuple_

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.models import Member
from app.members.record_views.models import RecordView
from app.members.record_views.schemas import RecordViewPage, RecordViewView
from app.members.schemas import MemberRef
from app.organisations.models import Organisation
from app.organisations.schemas import OrganisationRef


async def list_my_record_views(session: Session, actor: Actor, *, paging: PageRequest) -> RecordViewPage:
    """List who saw the caller's record, the latest first; raises CursorInvalid."""
    query = (
        select(RecordView, Member.full_name, Organisation.name)
        .join(Member, Member.id == RecordView.viewer_id)
        .join(Organisation, Organisation.id == RecordView.organisation_id)
        .where(RecordView.member_id == actor.member_id)
        .order_by(RecordView.viewed_at.desc(), RecordView.id.desc())
        .limit(paging.limit + 1)
    )
    after = paging.after_instant()
    if after is not None:
        query = query.where(tuple_(RecordView.viewed_at, RecordView.id) < tuple_(literal(after[0]), literal(after[1])))
    rows = (await session.execute(query)).all()
    return paging.page(
        rows,
        into=RecordViewPage,
        view=lambda row: RecordViewView(
            id=row.RecordView.id,
            viewer=MemberRef(member_id=row.RecordView.viewer_id, full_name=row.full_name),
            post_kind=row.RecordView.post_kind,
            organisation=OrganisationRef(id=row.RecordView.organisation_id, name=row.name),
            what=row.RecordView.what,
            viewed_at=row.RecordView.viewed_at,
        ),
        key=lambda row: (row.RecordView.viewed_at.isoformat(), row.RecordView.id),
    )
