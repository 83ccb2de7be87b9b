"""Reads of members' records that leave a trace, since the one they are about may know of it.

The trace is written with the answer, in one transaction: no record leaves unseen. An answer 304, which shows nothing
that the caller has not, leaves none.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session, unless_overtaken
from app.kernel.events import record
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor, HeldPost
from app.members import access, queries
from app.members.events import MemberRecordViewed, MemberRosterViewed
from app.members.models import Member
from app.members.queries import MemberFilter
from app.members.record_views.models import RecordView, ViewedPart
from app.members.schemas import MemberPage, MemberView
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation


async def get_member(session: Session, actor: Actor, member_id: UUID) -> MemberView:
    """Return a member as far as the actor may know them, and note who saw a record; raises MemberNotFound."""
    member, path = await queries.get_visible_member(session, actor, member_id)
    view = (await queries.view_members(session, actor, [member], path=path))[0]
    post = access.find_keeping_post(actor, path)
    if post is not None:
        await note_view(session, actor, view.id, post, ViewedPart.record, organisation_id=path[-1])
    return view


async def list_members(
    session: Session, actor: Actor, organisation_id: UUID, *, wanted: MemberFilter, page: PageRequest
) -> MemberPage:
    """List the members of a branch, as `queries.list_members` does, and note whose records are shown."""
    found = await queries.list_members(session, actor, organisation_id, wanted=wanted, page=page)
    branch = await get_visible_organisation(session, actor, organisation_id)
    await _note_lists(session, actor, {tuple(branch.path): [view.id for view in found.items]}, ViewedPart.roster)
    return found


async def note_copies(session: Session, actor: Actor, member_ids: Collection[UUID]) -> None:
    """Note whose records were handed to the actor's app to keep; what it got without the record leaves no trace."""
    await note_shown(session, actor, member_ids, ViewedPart.phone)


async def note_shown(session: Session, actor: Actor, member_ids: Collection[UUID], what: ViewedPart) -> None:
    """Note whose records were shown, of whichever branches; of whom the actor keeps none, nothing was.

    Called last: of a GET that was overtaken the session forgets here what it has read.
    """
    rows = await session.execute(
        select(Member.id, Organisation.path)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(Member.id.in_(member_ids))
        .order_by(Organisation.id)
    )
    by_branch: dict[tuple[UUID, ...], list[UUID]] = defaultdict(list)
    for member_id, path in rows:
        by_branch[tuple(path)].append(member_id)
    await _note_lists(session, actor, by_branch, what)


async def _note_lists(
    session: Session, actor: Actor, by_branch: Mapping[tuple[UUID, ...], Collection[UUID]], what: ViewedPart
) -> None:
    """Note who is on lists, by the paths of their branches."""
    if not await _note_each(session, actor, by_branch, what):
        # A fresh snapshot tells whom the other request has not noted.
        await session.rollback()
        await _note_each(session, actor, by_branch, what)


async def _note_each(
    session: Session, actor: Actor, by_branch: Mapping[tuple[UUID, ...], Collection[UUID]], what: ViewedPart
) -> bool:
    """Say whether it was done: not where another request has noted some of them since this one's instant."""
    for path, member_ids in by_branch.items():
        post = access.find_keeping_post(actor, path)
        noted = await _note(session, actor, member_ids, post, what) if post is not None else ()
        if noted is None:
            return False
        if noted:
            fact = MemberRosterViewed(
                organisation_id=path[-1], subject_id=path[-1], actor_member_id=actor.member_id, member_ids=noted
            )
            await record(session, fact)
    return True


async def note_view(
    session: Session, actor: Actor, member_id: UUID, post: HeldPost, what: ViewedPart, *, organisation_id: UUID
) -> None:
    """Write down the first look of the day at somebody else's record, by a post; `organisation_id` is their branch."""
    if await _note(session, actor, [member_id], post, what):
        fact = MemberRecordViewed(
            organisation_id=organisation_id, subject_id=member_id, actor_member_id=actor.member_id
        )
        await record(session, fact)


async def _note(
    session: Session, actor: Actor, member_ids: Collection[UUID], post: HeldPost, what: ViewedPart
) -> Sequence[UUID] | None:
    """Write down the first look of the day at others' records; return whose they were, in order; None if overtaken."""
    rows = [
        {
            "id": session.new_id(),
            "member_id": member_id,
            "viewer_id": actor.member_id,
            "viewed_on": session.today(),
            "what": what,
            "viewed_at": session.now(),
            "post_kind": post.kind,
            "organisation_id": post.organisation_id,
        }
        for member_id in sorted(member_ids)  # two that look at once wait for each other in one order
        if member_id != actor.member_id
    ]
    if not rows:
        return ()
    written = insert(RecordView).values(rows).on_conflict_do_nothing().returning(RecordView.member_id)
    async with unless_overtaken(session):
        return tuple(sorted(await session.scalars(written)))
    return None
