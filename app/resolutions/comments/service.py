"""Commands of comments: one's own words, supports, and the secretary's answer."""

from uuid import UUID

from sqlalchemy import Integer, Uuid, and_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.resolutions import access
from app.resolutions.comments import queries
from app.resolutions.comments.errors import (
    CommentAlreadyAnswered,
    CommentAlreadyExists,
    CommentIsYourOwn,
    CommentNotYours,
    CommentPlaceUnknown,
    CommentsClosed,
)
from app.resolutions.comments.schemas import AnswerWrite, CommentChange, CommentCreate, CommentView
from app.resolutions.events import (
    CommentAnswered,
    CommentAnswerReworded,
    CommentDeleted,
    CommentEdited,
    CommentEvent,
    CommentMade,
    CommentSupported,
    CommentSupportEnded,
)
from app.resolutions.models import (
    CommentSupport,
    Resolution,
    ResolutionComment,
    ResolutionParagraph,
    ResolutionStatus,
    ResolutionVersion,
)


async def comment_on_resolution(
    session: Session, actor: Actor, resolution_id: UUID, body: CommentCreate
) -> CommentView:
    """Comment on a version that the resolution has, or on one paragraph of it; an earlier version is fine.

    Raises ResolutionNotFound, CommentsClosed, CommentPlaceUnknown, and CommentAlreadyExists for an id that is taken.
    """
    resolution = await queries.get_commented_resolution(session, actor, resolution_id, for_share=True)
    _require_open(session, resolution)
    await _require_place(session, resolution, body)
    comment = ResolutionComment(
        id=body.id or session.new_id(),
        resolution_id=resolution.id,
        version=body.version,
        paragraph_id=body.paragraph_id,
        author_id=actor.member_id,
        body=body.body,
        revision=1,
        created_at=session.now(),
    )
    async with refusing_duplicates(session, {"pk_resolution_comments": CommentAlreadyExists}):
        session.add(comment)
    await record(session, _fact(CommentMade, actor, comment, resolution))
    return await queries.view_comment(session, actor, comment.id)


async def change_comment(session: Session, actor: Actor, comment_id: UUID, body: CommentChange) -> CommentView:
    """Reword one's own comment. Raises CommentNotFound, CommentNotYours, CommentsClosed, CommentAlreadyAnswered."""
    comment, resolution = await _own(session, actor, comment_id)
    comment.body = body.body
    comment.edited_at = session.now()
    comment.revision += 1
    await record(session, _fact(CommentEdited, actor, comment, resolution))
    return await queries.view_comment(session, actor, comment.id)


async def delete_comment(session: Session, actor: Actor, comment_id: UUID) -> None:
    """Take back one's own comment; phones are told that it is gone. Raises as `change_comment` does."""
    comment, resolution = await _own(session, actor, comment_id)
    comment.revision += 1
    await record(session, _fact(CommentDeleted, actor, comment, resolution))
    await session.delete(comment)


async def support_comment(session: Session, actor: Actor, comment_id: UUID) -> CommentView:
    """Stand behind somebody else's comment; again changes nothing.

    Raises CommentNotFound, CommentIsYourOwn, CommentsClosed.
    """
    comment, resolution = await queries.get_visible_comment(session, actor, comment_id, for_update=True)
    if comment.author_id == actor.member_id:
        raise CommentIsYourOwn
    _require_open(session, resolution)
    added = await session.scalar(
        insert(CommentSupport)
        .values(comment_id=comment.id, member_id=actor.member_id, created_at=session.now())
        .on_conflict_do_nothing()
        .returning(CommentSupport.comment_id)
    )
    if added is not None:
        comment.revision += 1
        await record(session, _fact(CommentSupported, actor, comment, resolution))
    return await queries.view_comment(session, actor, comment.id)


async def end_support(session: Session, actor: Actor, comment_id: UUID) -> None:
    """Stand behind a comment no more; without support nothing changes. Raises CommentNotFound, CommentsClosed."""
    comment, resolution = await queries.get_visible_comment(session, actor, comment_id, for_update=True)
    _require_open(session, resolution)
    ended = await session.scalar(
        delete(CommentSupport)
        .where(CommentSupport.comment_id == comment.id, CommentSupport.member_id == actor.member_id)
        .returning(CommentSupport.comment_id)
    )
    if ended is not None:
        comment.revision += 1
        await record(session, _fact(CommentSupportEnded, actor, comment, resolution))


async def answer_comment(session: Session, actor: Actor, comment_id: UUID, body: AnswerWrite) -> CommentView:
    """Say what becomes of a comment, at any time after it was made; a later answer takes the place of the first.

    The author is told of the first one, and again only where the outcome changed. Raises CommentNotFound,
    NotForYourPost.
    """
    comment, resolution = await queries.get_visible_comment(session, actor, comment_id, for_update=True)
    access.require_leader(actor, resolution.organisation_id)
    is_news = comment.answer is not body.outcome
    if is_news or comment.answer_body != body.body:
        comment.answer = body.outcome
        comment.answer_body = body.body
        comment.answered_by = actor.member_id
        comment.answered_at = session.now()
        comment.revision += 1
        if is_news:
            await record(session, _fact(CommentAnswered, actor, comment, resolution, outcome=body.outcome))
        else:
            await record(session, _fact(CommentAnswerReworded, actor, comment, resolution))
    return await queries.view_comment(session, actor, comment.id)


async def _own(session: Session, actor: Actor, comment_id: UUID) -> tuple[ResolutionComment, Resolution]:
    comment, resolution = await queries.get_visible_comment(session, actor, comment_id, for_update=True)
    if comment.author_id != actor.member_id:
        raise CommentNotYours
    _require_open(session, resolution)
    if comment.answer is not None:
        raise CommentAlreadyAnswered
    return comment, resolution


def _require_open(session: Session, resolution: Resolution) -> None:
    if resolution.status_at(session.now()) is not ResolutionStatus.open:
        raise CommentsClosed


_SELECT_PLACE = (
    select(ResolutionVersion.version, ResolutionParagraph.position)
    .outerjoin(
        ResolutionParagraph,
        and_(
            ResolutionParagraph.resolution_id == ResolutionVersion.resolution_id,
            ResolutionParagraph.version == ResolutionVersion.version,
            ResolutionParagraph.paragraph_id == bindparam("paragraph", type_=Uuid()),
        ),
    )
    .where(
        ResolutionVersion.resolution_id == bindparam("resolution", type_=Uuid()),
        ResolutionVersion.version == bindparam("version", type_=Integer()),
    )
)


async def _require_place(session: Session, resolution: Resolution, body: CommentCreate) -> None:
    given = {"resolution": resolution.id, "version": body.version, "paragraph": body.paragraph_id}
    found = (await session.execute(_SELECT_PLACE, given)).one_or_none()
    if found is None:
        text = Text(vi="Dự thảo không có bản này", en="The draft has no such version")
        raise CommentPlaceUnknown(fields=(FieldProblem(pointer="/version", code="version_not_found", detail=text),))
    if body.paragraph_id is not None and found.position is None:
        text = Text(vi="Bản này không có đoạn đó", en="This version has no such paragraph")
        field = FieldProblem(pointer="/paragraph_id", code="paragraph_not_found", detail=text)
        raise CommentPlaceUnknown(fields=(field,))


def _fact(
    kind: type[CommentEvent], actor: Actor, comment: ResolutionComment, resolution: Resolution, **more: object
) -> CommentEvent:
    return kind.model_validate(
        {
            "organisation_id": resolution.organisation_id,
            "subject_id": comment.id,
            "actor_member_id": actor.member_id,
            "resolution_id": resolution.id,
            "resolution_revision": resolution.revision,
            "revision": comment.revision,
            **more,
        }
    )
