"""Commands on duplicates: show them, which leaves a trace with whose records are shown, and tell them apart."""

from uuid import UUID

from sqlalchemy import Boolean, delete, literal_column
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.access import require_administrator
from app.members.duplicates import queries
from app.members.duplicates.errors import OnePersonOnly
from app.members.duplicates.events import DistinctionRevoked, MembersDistinguished
from app.members.duplicates.models import DistinctMembers
from app.members.duplicates.schemas import DistinctMembersView, DuplicatePage, DuplicatePair
from app.members.queries import find_members, get_visible_member
from app.members.record_views.models import ViewedPart
from app.members.record_views.service import note_shown
from app.organisations.queries import get_visible_organisation

_IS_NEW = literal_column("xmax = 0", Boolean)
"""PostgreSQL's own word of a row that is returned: nobody has locked it, so it was not there before."""


async def list_duplicate_members(
    session: Session, actor: Actor, organisation_id: UUID, *, page: PageRequest
) -> DuplicatePage:
    """List the pairs at and below an organisation. Raises OrganisationNotFound, NotForYourPost, CursorInvalid."""
    organisation = await get_visible_organisation(session, actor, organisation_id)
    require_administrator(actor, organisation.path)
    pairs = await queries.find_pairs(session, organisation.id, page=page)
    shown = {one for pair in pairs[: page.limit] for one in (pair.first_id, pair.second_id)}
    people = {view.id: view for view in await find_members(session, actor, shown)}
    await note_shown(session, actor, shown, ViewedPart.roster)
    return page.page(
        pairs,
        into=DuplicatePage,
        view=lambda pair: DuplicatePair(
            first=people[pair.first_id], second=people[pair.second_id], likenesses=list(pair.likenesses)
        ),
        key=lambda pair: (str(pair.first_id), pair.second_id),
    )


async def distinguish_members(session: Session, actor: Actor, member_id: UUID, other_id: UUID) -> DistinctMembersView:
    """Say that two are not one person, for administrators over both; said again, the first time holds.

    Raises MemberNotFound, NotForYourPost, OnePersonOnly.
    """
    first_id, second_id = await _require_pair(session, actor, member_id, other_id)
    said = insert(DistinctMembers).values(
        first_id=first_id, second_id=second_id, said_by=actor.member_id, said_at=session.now()
    )
    # Written as it is where it is there, so that it is there still if somebody takes it back meanwhile.
    kept = said.on_conflict_do_update(
        index_elements=["first_id", "second_id"], set_={"said_at": DistinctMembers.said_at}
    )
    row, is_new = (await session.execute(kept.returning(DistinctMembers, _IS_NEW))).one()
    if is_new:
        await _record(session, actor, MembersDistinguished, first_id, second_id)
    return DistinctMembersView.model_validate(row)


async def revoke_distinction(session: Session, actor: Actor, member_id: UUID, other_id: UUID) -> None:
    """Let two be found again; nothing where nobody told them apart. Raises as `distinguish_members`."""
    first_id, second_id = await _require_pair(session, actor, member_id, other_id)
    gone = delete(DistinctMembers).where(DistinctMembers.first_id == first_id, DistinctMembers.second_id == second_id)
    if await session.scalar(gone.returning(DistinctMembers.first_id)) is not None:
        await _record(session, actor, DistinctionRevoked, first_id, second_id)


async def _require_pair(session: Session, actor: Actor, one_id: UUID, other_id: UUID) -> tuple[UUID, UUID]:
    for member_id in (one_id, other_id):
        _, path = await get_visible_member(session, actor, member_id)
        require_administrator(actor, path)
    if one_id == other_id:
        raise OnePersonOnly
    return min(one_id, other_id), max(one_id, other_id)


async def _record(
    session: Session,
    actor: Actor,
    fact: type[MembersDistinguished] | type[DistinctionRevoked],
    first_id: UUID,
    second_id: UUID,
) -> None:
    member, _ = await get_visible_member(session, actor, first_id)
    await record(
        session,
        fact(
            organisation_id=member.organisation_id,
            subject_id=first_id,
            actor_member_id=actor.member_id,
            other_id=second_id,
        ),
    )
