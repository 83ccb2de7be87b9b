"""Commands of the device: register it for pushes, or stop them."""

from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.identity import queries
from app.identity.errors import DeviceNotFound, InstallationTaken, PushServiceUnknown
from app.identity.models import Device, LoginSession
from app.identity.schemas import DeviceReplace, DeviceView
from app.kernel.context import hold
from app.kernel.db import Session
from app.kernel.security import Actor
from app.kernel.web_push import PushServices

TOKEN_LOCKS = 7_401_520_128  # any number, the same for every process: what locks of push tokens are made with


async def replace_device(
    session: Session, actor: Actor, installation_id: UUID, body: DeviceReplace, *, push_services: PushServices
) -> DeviceView:
    """Register this installation for pushes, or bring its data up to date.

    A push token belongs to one account: another device row that held it loses it. A browser's subscription is kept as
    the token; raises PushServiceUnknown when it would have the server write to anybody but `push_services`
    (reliability-security.md 16). A token that the push service refused is not taken again: the phone reads
    `has_push_token` and asks for another. An installation moves to the account that signed in on it last; raises
    InstallationTaken when the caller never did.
    """
    if body.web_push is not None and not push_services.include(body.web_push.endpoint):
        raise PushServiceUnknown
    push_token = body.web_push.subscription().token if body.web_push is not None else body.push_token
    now = session.now()
    await hold(session, str(installation_id), push_token)
    if push_token is not None:
        # Two installations that bring one token at once: the second takes it from the first.
        of_token = func.hashtextextended(push_token, TOKEN_LOCKS)
        await session.execute(select(func.pg_advisory_xact_lock(of_token)))
    # An app that gets a new token while it starts sends this twice at once: the second waits here for the first.
    await session.execute(
        insert(Device)
        .values(
            id=session.new_id(),
            installation_id=installation_id,
            account_id=actor.account_id,
            created_at=now,
            updated_at=now,
            **body.model_dump(exclude={"push_token", "web_push"}),
        )
        .on_conflict_do_nothing(index_elements=["installation_id"])
    )
    device = (
        await session.scalars(select(Device).where(Device.installation_id == installation_id).with_for_update())
    ).one()
    if device.account_id != actor.account_id:
        signed_in_here = await session.scalar(
            select(LoginSession.id).where(
                LoginSession.account_id == actor.account_id,
                LoginSession.installation_id == installation_id,
                LoginSession.revoked_at.is_(None),
            )
        )
        if signed_in_here is None:
            raise InstallationTaken
    if push_token is not None:
        await session.execute(
            update(Device)
            .where(Device.push_token == push_token, Device.installation_id != installation_id)
            .values(push_token=None, updated_at=now)
        )
    is_quarantined = push_token is not None and await session.scalar(
        select(exists().where(Device.quarantined_token == push_token))
    )
    login = await session.get_one(LoginSession, actor.session_id)
    device.account_id = actor.account_id
    device.platform = body.platform
    device.push_token = None if is_quarantined else push_token
    if device.push_token is not None:
        device.quarantined_token = None
    device.locale = body.locale
    device.time_zone = body.time_zone
    device.app_version = body.app_version
    device.device_name = login.device_name if login.installation_id == installation_id else device.device_name
    device.updated_at = now
    return queries.view_device(device)


async def remove_device(session: Session, actor: Actor, installation_id: UUID) -> None:
    """Stop pushing to an installation of one's own; raises DeviceNotFound."""
    removed = await session.scalar(
        update(Device)
        .where(Device.installation_id == installation_id, Device.account_id == actor.account_id)
        .values(push_token=None, updated_at=session.now())
        .returning(Device.id)
    )
    if removed is None:
        raise DeviceNotFound
