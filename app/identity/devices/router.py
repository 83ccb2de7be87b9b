"""Routes of one's own devices."""

from uuid import UUID

from fastapi import Request

from app.identity.devices import service
from app.identity.errors import DeviceNotFound, InstallationTaken, PushServiceUnknown
from app.identity.schemas import DeviceReplace, DeviceView, WebPushKeyView
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor

me = Router(prefix="/me", tags=["me"], route_class=StrictRoute)


@me.put(
    "/devices/{installation_id}",
    operation_id="replaceDevice",
    summary="Register this phone",
    responses=problems(InstallationTaken, PushServiceUnknown),
)
async def replace_device(
    request: Request,
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    installation_id: UUID,
    body: DeviceReplace,
) -> DeviceView:
    """Tell where to push to, in which language, and in which time zone quiet hours are kept. Send it at each start.

    A browser without Firebase sends `web_push`, its subscription to the key of `GET /v1/me/web-push-key`; pushes are
    then encrypted for it alone (RFC 8291).
    """
    push_services = request.app.state.push_services
    return tagged.whole(
        await service.replace_device(session, actor, installation_id, body, push_services=push_services)
    )


@me.delete(
    "/devices/{installation_id}",
    operation_id="removeDevice",
    status_code=204,
    summary="Stop pushes to a phone",
    responses=problems(DeviceNotFound),
)
async def remove_device(session: DbSession, actor: CurrentActor, installation_id: UUID) -> None:
    """Forget the push token of one of my installations."""
    await service.remove_device(session, actor, installation_id)


@me.get("/web-push-key", operation_id="getWebPushKey", summary="The key that browsers subscribe to")
async def get_web_push_key(request: Request, actor: CurrentActor, tagged: Tagged) -> WebPushKeyView:
    """Return the `applicationServerKey` for `PushManager.subscribe`; it stays the same for good."""
    del actor
    return tagged.whole(WebPushKeyView(public_key=request.app.state.web_push_key.public))
