"""Routes of one's own devices."""

from uuid import UUID

from fastapi import APIRouter

from app.identity.devices import service
from app.identity.errors import DeviceNotFound, InstallationTaken
from app.identity.schemas import DeviceReplace, DeviceView
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.problems import problems
from app.kernel.security import CurrentActor

me = APIRouter(prefix="/me", tags=["me"], route_class=StrictRoute)


@me.put(
    "/devices/{installation_id}",
    operation_id="replaceDevice",
    summary="Register this phone",
    responses=problems(InstallationTaken),
)
async def replace_device(
    session: DbSession, actor: CurrentActor, installation_id: UUID, body: DeviceReplace
) -> DeviceView:
    """Tell where to push to, in which language, and in which time zone quiet hours are kept. Send it at each start."""
    return await service.replace_device(session, actor, installation_id, body)


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
