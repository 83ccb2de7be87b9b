"""Reads of posts."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import literal, or_, select, tuple_

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.models import Member, Post
from app.members.posts import access
from app.members.posts.errors import PostNotFound
from app.members.posts.schemas import PostPage, PostView
from app.members.schemas import MemberRef
from app.organisations.access import sees_organisation
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation


async def get_visible_post(session: Session, actor: Actor, post_id: UUID) -> tuple[Post, tuple[UUID, ...]]:
    """Return a post in an organisation the actor sees, and that one's path; raises PostNotFound."""
    found = (
        await session.execute(
            select(Post, Organisation.path)
            .join(Organisation, Organisation.id == Post.organisation_id)
            .where(Post.id == post_id)
        )
    ).one_or_none()
    if found is None:
        raise PostNotFound
    post, path = found
    if not sees_organisation(actor, path):
        raise PostNotFound
    return post, tuple(path)


async def list_posts(session: Session, actor: Actor, organisation_id: UUID, *, page: PageRequest) -> PostPage:
    """List the posts of an organisation that are held now or will be, by the names of their holders.

    Raises OrganisationNotFound, NotForYourPost.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_posts_reader(actor, organisation.path)
    today = session.today()
    query = (
        select(Post, Member.full_name, Member.sort_key)
        .join(Member, Member.id == Post.member_id)
        .where(Post.organisation_id == organisation.id, or_(Post.ends_on.is_(None), Post.ends_on >= today))
        .order_by(Member.sort_key, Post.id)
    )
    if page.after is not None:
        query = query.where(tuple_(Member.sort_key, Post.id) > tuple_(literal(page.after[0]), literal(page.after[1])))
    rows = (await session.execute(query.limit(page.limit + 1))).all()
    return page.page(
        rows,
        into=PostPage,
        view=lambda row: view_post(row.Post, full_name=row.full_name),
        key=lambda row: (row.sort_key, row.Post.id),
    )


async def find_posts(session: Session, actor: Actor, ids: Collection[UUID]) -> list[PostView]:
    """Return those of the posts that `list_posts` shows the caller: held now, or from a day to come."""
    rows = await session.execute(
        select(Post, Member.full_name, Organisation.path)
        .join(Member, Member.id == Post.member_id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.id.in_(ids), or_(Post.ends_on.is_(None), Post.ends_on >= session.today()))
    )
    return [
        view_post(row.Post, full_name=row.full_name)
        for row in rows
        if sees_organisation(actor, row.path) and access.reads_posts(actor, row.path)
    ]


async def find_overlapping(session: Session, post: Post) -> Post | None:
    """Return a stored post of the same member, kind and organisation that shares a day with this one."""
    query = select(Post).where(
        Post.member_id == post.member_id,
        Post.organisation_id == post.organisation_id,
        Post.kind == post.kind,
        or_(Post.ends_on.is_(None), Post.ends_on >= post.starts_on),
    )
    if post.ends_on is not None:
        query = query.where(Post.starts_on <= post.ends_on)
    found: Post | None = await session.scalar(query.limit(1))
    return found


def view_post(post: Post, *, full_name: str) -> PostView:
    """Return a post with the name of its holder."""
    return PostView(
        id=post.id,
        kind=post.kind,
        tenure=post.tenure,
        member=MemberRef(member_id=post.member_id, full_name=full_name),
        organisation_id=post.organisation_id,
        starts_on=post.starts_on,
        ends_on=post.ends_on,
    )
