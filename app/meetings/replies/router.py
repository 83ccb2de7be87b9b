"""Routes of the replies."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.errors import (
    MeetingNotFound,
    MeetingNotUpcoming,
    MemberRepliedThemselves,
    NotConvened,
    ReplyClosed,
)
from app.meetings.replies import queries, service
from app.meetings.schemas import MeetingView, MyReply, ReplyPage, ReplyWrite

router = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)


@router.get(
    "/{meeting_id}/replies",
    operation_id="listReplies",
    summary="Who comes",
    responses=problems(MeetingNotFound, NotForYourPost, CursorInvalid),
)
async def list_replies(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, paging: Paging, tagged: Tagged, linked: Linked
) -> ReplyPage:
    """List everybody convened, by name, with what they said; for the organisers."""
    return tagged.page(linked(await queries.list_replies(session, actor, meeting_id, paging=paging)))


@router.put(
    "/{meeting_id}/reply",
    operation_id="replyToMeeting",
    summary="Say whether I come",
    responses=problems(MeetingNotFound, NotConvened, MeetingNotUpcoming, ReplyClosed),
)
async def reply_to_meeting(
    session: DbSession, actor: CurrentActor, tagged: Tagged, meeting_id: UUID, body: ReplyWrite
) -> MeetingView:
    """Attend, attend online, or be absent with a reason. It can be changed until the meeting starts.

    With the `schedule_version` that was on the screen, a reply that waited in a phone while the meeting was moved
    counts as said before the move, and does not replace one that was given since.
    """
    return tagged.one(await service.reply_to_meeting(session, actor, meeting_id, body))


@router.put(
    "/{meeting_id}/replies/{member_id}",
    operation_id="replyForMember",
    summary="Write down a member's reply",
    responses=problems(
        MeetingNotFound, NotForYourPost, NotConvened, MeetingNotUpcoming, MemberRepliedThemselves, ReplyClosed
    ),
)
async def reply_for_member(
    session: DbSession, actor: CurrentActor, tagged: Tagged, meeting_id: UUID, member_id: UUID, body: ReplyWrite
) -> MyReply:
    """Enter what a member without a phone said; it names who entered it. A member's own reply is never overwritten."""
    return tagged.whole(await service.reply_for_member(session, actor, meeting_id, member_id, body))
