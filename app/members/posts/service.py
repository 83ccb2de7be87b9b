"""Commands on posts: grant one, end one."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor, PostKind
from app.members.errors import FormerMember, StillCandidate
from app.members.models import Post
from app.members.posts import queries
from app.members.posts.errors import LastAdministrator, MemberOutsideOrganisation, PostAlreadyHeld
from app.members.posts.events import PostEnded, PostGranted
from app.members.posts.schemas import PostCreate, PostView
from app.members.queries import (
    administrators_of,
    get_visible_member,
    has_left,
    hold_branches,
    is_candidate,
    lock_member,
)
from app.organisations.access import require_administrator
from app.organisations.models import Organisation
from app.organisations.queries import get_lasting_organisation


async def grant_post(session: Session, actor: Actor, organisation_id: UUID, body: PostCreate) -> PostView:
    """Give a member of the organisation's subtree a post in it.

    Raises OrganisationNotFound, NotForYourPost, OrganisationHasEnded, MemberNotFound, MemberOutsideOrganisation,
    FormerMember, StillCandidate, PostAlreadyHeld.
    """
    await hold_branches(session, body.member_id, select(Organisation.id).where(Organisation.id == organisation_id))
    organisation = await get_lasting_organisation(session, actor, organisation_id)
    require_administrator(actor, organisation.path)
    member, path = await get_visible_member(session, actor, body.member_id)
    if organisation.id not in path:
        raise MemberOutsideOrganisation
    await lock_member(session, member, home=path[-1])  # two at once would both find none
    if await has_left(session, member):
        raise FormerMember
    if await is_candidate(session, member):
        raise StillCandidate
    post = Post(
        id=session.new_id(),
        member_id=member.id,
        organisation_id=organisation.id,
        kind=body.kind,
        tenure=body.tenure,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
    )
    if await queries.find_overlapping(session, post) is not None:
        raise PostAlreadyHeld
    session.add(post)
    await record(
        session,
        PostGranted(
            organisation_id=organisation.id,
            subject_id=post.id,
            actor_member_id=actor.member_id,
            member_id=member.id,
            kind=post.kind,
            starts_on=post.starts_on,
            ends_on=post.ends_on,
        ),
    )
    return queries.view_post(post, full_name=member.full_name)


async def end_post(session: Session, actor: Actor, post_id: UUID) -> None:
    """End a post at once: its holder's next request lacks its rights; ending it again changes nothing.

    Yesterday becomes its last day: a post holds for whole days, and one that has not held for a day is taken back.
    Raises PostNotFound, NotForYourPost, LastAdministrator.
    """
    post, path = await queries.get_visible_post(session, actor, post_id)
    require_administrator(actor, path)
    if post.kind is PostKind.administrator and len(path) == 1:
        await _require_another_administrator(session, post)
    this = select(Post).where(Post.id == post.id).with_for_update()
    lasting = await session.scalar(this.execution_options(populate_existing=True))
    if lasting is not None:  # else somebody has just taken it back
        await _end_today(session, actor, lasting)


async def _require_another_administrator(session: Session, post: Post) -> None:
    # Nobody stands above a root who could give the post again. All of them, so that of two who end each other's posts
    # at once one finds the other's ended.
    alike = select(Post.id).where(Post.organisation_id == post.organisation_id, Post.kind == post.kind)
    await session.execute(alike.order_by(Post.id).with_for_update())
    holders = administrators_of(post.organisation_id, session.today())
    own = await session.scalar(holders.where(Post.id == post.id))
    if own is not None and await session.scalar(holders.where(Post.id != post.id).limit(1)) is None:
        raise LastAdministrator


async def end_posts_outside(session: Session, actor: Actor, member_id: UUID, path: Sequence[UUID]) -> list[Post]:
    """End a member's posts, those to come too, in organisations that are not on the path; return them.

    For who moves to the branch at the path's end, or whose membership ends: then the path is empty.
    """
    rows = await session.scalars(
        select(Post)
        .where(
            Post.member_id == member_id,
            Post.organisation_id.not_in(path),
            or_(Post.ends_on.is_(None), Post.ends_on >= session.today()),
        )
        .order_by(Post.id)
        .with_for_update()
    )
    posts = list(rows)
    for post in posts:
        await _end_today(session, actor, post)
    return posts


async def _end_today(session: Session, actor: Actor, post: Post) -> None:
    today = session.today()
    if post.ends_on is not None and post.ends_on < today:
        return
    await _end(session, post, on=today, by=actor.member_id)


async def end_posts(
    session: Session, organisation_id: UUID, *, on: date, by: UUID | None, held_by: Collection[UUID] | None = None
) -> None:
    """End all posts held in an organisation on the eve of a day, or those `held_by` some; for reorganisations."""
    wanted = select(Post).where(
        Post.organisation_id == organisation_id, or_(Post.ends_on.is_(None), Post.ends_on >= on)
    )
    if held_by is not None:
        wanted = wanted.where(Post.member_id.in_(held_by))
    for post in await session.scalars(wanted.order_by(Post.id).with_for_update()):
        await _end(session, post, on=on, by=by)


async def _end(session: Session, post: Post, *, on: date, by: UUID | None) -> None:
    if post.starts_on < on:
        post.ends_on = on - timedelta(days=1)
    else:
        await session.delete(post)
    fact = PostEnded(
        organisation_id=post.organisation_id,
        subject_id=post.id,
        actor_member_id=by,
        member_id=post.member_id,
        kind=post.kind,
    )
    await record(session, fact)
