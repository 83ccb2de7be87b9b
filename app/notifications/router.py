"""Routes of the inbox and of one's wishes about pushes."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor
from app.notifications import queries, service
from app.notifications.errors import NotificationNotFound
from app.notifications.schemas import MarkRead, PreferenceList, PreferencesReplace

me = Router(prefix="/me", tags=["me"], route_class=StrictRoute)


@me.put(
    "/notifications/{notification_id}/read",
    operation_id="readNotification",
    status_code=204,
    summary="Mark a notice as read",
    responses=problems(NotificationNotFound),
)
async def read_notification(session: DbSession, actor: CurrentActor, notification_id: UUID) -> None:
    """Mark one notice as read; again changes nothing. A push of it that has not left yet stays away.

    My other phones take it away. A warning about my sign-ins is pushed, and stays on them, all the same.
    """
    await service.read_notification(session, actor, notification_id)


@me.post(
    "/notifications/mark-read",
    operation_id="markNotificationsRead",
    status_code=204,
    summary="Mark notices as read",
    responses=problems(NotificationNotFound),
)
async def mark_read(session: DbSession, actor: CurrentActor, body: MarkRead) -> None:
    """Mark a notice and all older ones as read. What came into the inbox after it stays unread, wherever it stands."""
    await service.mark_read(session, actor, body)


@me.get("/notification-preferences", operation_id="listMyPreferences", summary="My wishes about pushes")
async def list_my_preferences(session: DbSession, actor: CurrentActor, tagged: Tagged) -> PreferenceList:
    """List every kind of notice with my wish. The inbox holds all of them, whatever is switched off here.

    Warnings about my sign-ins are of the kind `system`, and are pushed all the same.
    """
    return tagged.whole(await queries.list_my_preferences(session, actor))


@me.put("/notification-preferences", operation_id="replaceMyPreferences", summary="Change my wishes about pushes")
async def replace_preferences(
    session: DbSession, actor: CurrentActor, tagged: Tagged, body: PreferencesReplace
) -> PreferenceList:
    """Store all my wishes; a kind that is not named is pushed."""
    await service.replace_preferences(session, actor, body)
    return tagged.whole(await queries.list_my_preferences(session, actor))
