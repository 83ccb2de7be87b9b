"""Routes of comments, their supports and answers."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.resolutions.comments import queries, service
from app.resolutions.comments.errors import (
    CommentAlreadyAnswered,
    CommentAlreadyExists,
    CommentIsYourOwn,
    CommentNotFound,
    CommentNotYours,
    CommentPlaceUnknown,
    CommentsClosed,
)
from app.resolutions.comments.queries import CommentFilter
from app.resolutions.comments.schemas import AnswerWrite, CommentChange, CommentCreate, CommentPage, CommentView
from app.resolutions.errors import ResolutionNotFound

resolutions = Router(prefix="/resolutions", tags=["resolutions"], route_class=StrictRoute)
router = Router(prefix="/comments", tags=["resolutions"], route_class=StrictRoute)


@resolutions.get(
    "/{resolution_id}/comments",
    operation_id="listComments",
    summary="Comments on a resolution",
    responses=problems(ResolutionNotFound, NotForYourPost, CursorInvalid),
)
async def list_comments(
    session: DbSession,
    actor: CurrentActor,
    resolution_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="On this version only")] = None,
    paragraph_id: Annotated[UUID | None, Query(description="On this paragraph only, of whichever version")] = None,
    answered: Annotated[bool | None, Query(description="Only those with an answer, or only those without")] = None,
) -> CommentPage:
    """List the comments in the order they were written, each with the paragraph as it was then and as it is now."""
    wanted = CommentFilter(version=version, paragraph_id=paragraph_id, answered=answered)
    page = await queries.list_comments(session, actor, resolution_id, wanted=wanted, paging=paging)
    return tagged.page(linked(page))


@resolutions.post(
    "/{resolution_id}/comments",
    operation_id="commentOnResolution",
    status_code=201,
    summary="Comment on a draft",
    responses=problems(ResolutionNotFound, NotForYourPost, CommentsClosed, CommentAlreadyExists, CommentPlaceUnknown),
)
async def comment_on_resolution(
    session: DbSession, actor: CurrentActor, tagged: Tagged, resolution_id: UUID, body: CommentCreate
) -> CommentView:
    """Comment on the draft, or on one paragraph of one version, while comments are open."""
    return tagged.whole(await service.comment_on_resolution(session, actor, resolution_id, body))


@router.get("/{comment_id}", operation_id="getComment", summary="A comment", responses=problems(CommentNotFound))
async def get_comment(session: DbSession, actor: CurrentActor, tagged: Tagged, comment_id: UUID) -> CommentView:
    """Return a comment with its answer; a notice of an answer leads here."""
    return tagged.whole(await queries.get_comment(session, actor, comment_id))


@router.patch(
    "/{comment_id}",
    operation_id="changeComment",
    summary="Reword my comment",
    responses=problems(CommentNotFound, CommentNotYours, CommentsClosed, CommentAlreadyAnswered),
)
async def change_comment(
    session: DbSession, actor: CurrentActor, tagged: Tagged, comment_id: UUID, body: CommentChange
) -> CommentView:
    """Change the words of my own comment, while comments are open and it has no answer."""
    return tagged.whole(await service.change_comment(session, actor, comment_id, body))


@router.delete(
    "/{comment_id}",
    operation_id="deleteComment",
    status_code=204,
    summary="Take back my comment",
    responses=problems(CommentNotFound, CommentNotYours, CommentsClosed, CommentAlreadyAnswered),
)
async def delete_comment(session: DbSession, actor: CurrentActor, comment_id: UUID) -> None:
    """Delete my own comment, while comments are open and it has no answer."""
    await service.delete_comment(session, actor, comment_id)


@router.put(
    "/{comment_id}/support",
    operation_id="supportComment",
    summary="Support a comment",
    responses=problems(CommentNotFound, CommentIsYourOwn, CommentsClosed),
)
async def support_comment(session: DbSession, actor: CurrentActor, tagged: Tagged, comment_id: UUID) -> CommentView:
    """Stand behind somebody else's comment; asking again changes nothing."""
    return tagged.whole(await service.support_comment(session, actor, comment_id))


@router.delete(
    "/{comment_id}/support",
    operation_id="endSupport",
    status_code=204,
    summary="Support a comment no more",
    responses=problems(CommentNotFound, CommentsClosed),
)
async def end_support(session: DbSession, actor: CurrentActor, comment_id: UUID) -> None:
    """Take back my support; asking again changes nothing."""
    await service.end_support(session, actor, comment_id)


@router.put(
    "/{comment_id}/answer",
    operation_id="answerComment",
    summary="Answer a comment",
    responses=problems(CommentNotFound, NotForYourPost),
)
async def answer_comment(
    session: DbSession, actor: CurrentActor, tagged: Tagged, comment_id: UUID, body: AnswerWrite
) -> CommentView:
    """Say whether the comment is taken, in part, or not and why; its author is told.

    A later answer takes the place of the first, and is told again only where the outcome changed.
    """
    return tagged.whole(await service.answer_comment(session, actor, comment_id, body))
