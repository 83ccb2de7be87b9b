"""Reads of comments: each with its author, its supports and both texts of its paragraph."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor, NotForYourPost
from app.members.models import Member
from app.organisations.models import Organisation
from app.resolutions import access
from app.resolutions.comments.errors import CommentNotFound
from app.resolutions.comments.schemas import AnswerView, AuthorView, CommentPage, CommentView
from app.resolutions.errors import ResolutionNotFound
from app.resolutions.models import CommentSupport, Resolution, ResolutionComment, ResolutionParagraph
from app.resolutions.queries import get_visible_resolution, is_asker_guest


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentFilter:
    """What a list of comments is narrowed down to; None is no wish."""

    version: int | None = None
    paragraph_id: UUID | None = None
    answered: bool | None = None


async def get_commented_resolution(
    session: Session, actor: Actor, resolution_id: UUID, *, for_share: bool = False
) -> Resolution:
    """Return a resolution whose comments the caller may read.

    Raises ResolutionNotFound, and NotForYourPost for officers above, who see what was adopted without its comments.
    `for_share` keeps its status as it is until the unit of work ends.
    """
    found = await get_visible_resolution(session, actor, resolution_id, for_share=for_share)
    access.require_part(actor, found.resolution.organisation_id, is_guest=found.is_guest)
    return found.resolution


async def get_visible_comment(
    session: Session, actor: Actor, comment_id: UUID, *, for_update: bool = False
) -> tuple[ResolutionComment, Resolution]:
    """Return a comment with its resolution; raises CommentNotFound where the caller may not read it.

    `for_update` locks the comment, and keeps the resolution's status as it is.
    """
    resolution_id = await session.scalar(
        select(ResolutionComment.resolution_id).where(ResolutionComment.id == comment_id)
    )
    if resolution_id is None:
        raise CommentNotFound
    try:
        resolution = await get_commented_resolution(session, actor, resolution_id, for_share=for_update)
    except (ResolutionNotFound, NotForYourPost):
        raise CommentNotFound from None
    comment = await session.get(ResolutionComment, comment_id, with_for_update=for_update)
    if comment is None:  # deleted while the resolution was waited for
        raise CommentNotFound
    return comment, resolution


async def get_comment(session: Session, actor: Actor, comment_id: UUID) -> CommentView:
    """Return one comment; raises CommentNotFound."""
    await get_visible_comment(session, actor, comment_id)
    return await view_comment(session, actor, comment_id)


async def view_comment(session: Session, actor: Actor, comment_id: UUID) -> CommentView:
    """Return a comment that the caller is known to see, as they see it."""
    await session.flush()
    return _view((await session.execute(_select_view(), {"me": actor.member_id, "comment": comment_id})).one())


async def find_comments(session: Session, actor: Actor, ids: Collection[UUID]) -> list[CommentView]:
    """Return those of the comments that the caller may read."""
    given = {"me": actor.member_id, "today": session.today(), "ids": list(ids)}
    rows = await session.execute(_select_found(), given)
    return [
        _view(row)
        for row in rows
        if access.takes_part(actor, row.path[-1], is_guest=row.is_guest)
        and access.sees(actor, row.Resolution.status_at(session.now()), row.path, is_guest=row.is_guest)
    ]


async def list_comments(
    session: Session, actor: Actor, resolution_id: UUID, *, wanted: CommentFilter, paging: PageRequest
) -> CommentPage:
    """Return the comments in the order they were written; raises ResolutionNotFound, NotForYourPost."""
    await get_commented_resolution(session, actor, resolution_id)
    query = _select_views(actor.member_id).where(ResolutionComment.resolution_id == resolution_id)
    if wanted.version is not None:
        query = query.where(ResolutionComment.version == wanted.version)
    if wanted.paragraph_id is not None:
        query = query.where(ResolutionComment.paragraph_id == wanted.paragraph_id)
    if wanted.answered is not None:
        is_open = ResolutionComment.answer.is_(None)
        query = query.where(~is_open if wanted.answered else is_open)
    after = paging.after_instant()
    if after is not None:
        query = query.where(tuple_(ResolutionComment.created_at, ResolutionComment.id) > tuple_(*after))
    query = query.order_by(ResolutionComment.created_at, ResolutionComment.id).limit(paging.limit + 1)
    return paging.page(
        (await session.execute(query)).all(),
        into=CommentPage,
        view=_view,
        key=lambda row: (row.ResolutionComment.created_at.isoformat(), row.ResolutionComment.id),
    )


# The paragraph as it was when it was commented on, and as it is. Made once: an alias finds out its columns when it is
# first used, which takes longer than the question.
_then, _now = aliased(ResolutionParagraph), aliased(ResolutionParagraph)


def _select_views(member_id: UUID | SQLColumnExpression[UUID]) -> Select[Any]:
    # Any: a row of an entity and further columns.
    supports = select(func.count()).where(CommentSupport.comment_id == ResolutionComment.id).scalar_subquery()
    mine = exists().where(CommentSupport.comment_id == ResolutionComment.id, CommentSupport.member_id == member_id)
    return (
        select(
            ResolutionComment,
            Member.full_name,
            supports.label("support_count"),
            mine.label("my_support"),
            _then.position.label("position"),
            _then.text.label("text"),
            _now.text.label("text_now"),
        )
        .join(Resolution, Resolution.id == ResolutionComment.resolution_id)
        .join(Member, Member.id == ResolutionComment.author_id)
        .outerjoin(
            _then,
            and_(
                _then.resolution_id == ResolutionComment.resolution_id,
                _then.version == ResolutionComment.version,
                _then.paragraph_id == ResolutionComment.paragraph_id,
            ),
        )
        .outerjoin(
            _now,
            and_(
                _now.resolution_id == ResolutionComment.resolution_id,
                _now.version == Resolution.version,
                _now.paragraph_id == ResolutionComment.paragraph_id,
            ),
        )
    )


# Made once: to put these together takes longer than to answer them.
@cache
def _select_view() -> Select[Any]:
    which = ResolutionComment.id == bindparam("comment", type_=Uuid())
    return _select_views(bindparam("me", type_=Uuid())).where(which)


@cache
def _select_found() -> Select[Any]:
    return (
        _select_views(bindparam("me", type_=Uuid()))
        .add_columns(Resolution, Organisation.path, is_asker_guest().label("is_guest"))
        .join(Organisation, Organisation.id == Resolution.organisation_id)
        .where(ResolutionComment.id == any_(bindparam("ids", type_=ARRAY(Uuid()))))
    )


def _view(row: Row[Any]) -> CommentView:
    comment: ResolutionComment = row.ResolutionComment
    answer = None
    if comment.answer is not None:
        answer = AnswerView.model_validate(
            {
                "outcome": comment.answer,
                "body": comment.answer_body,
                "answered_by": comment.answered_by,
                "answered_at": comment.answered_at,
            }
        )
    return CommentView(
        id=comment.id,
        resolution_id=comment.resolution_id,
        version=comment.version,
        paragraph_id=comment.paragraph_id,
        paragraph_position=row.position,
        paragraph_text=row.text,
        paragraph_text_now=row.text_now,
        paragraph_changed=row.text != row.text_now,
        body=comment.body,
        author=AuthorView(member_id=comment.author_id, full_name=row.full_name),
        support_count=row.support_count,
        my_support=row.my_support,
        answer=answer,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
    )
