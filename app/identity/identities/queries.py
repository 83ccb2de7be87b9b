"""Reads of linked identities."""

from sqlalchemy import select

from app.identity.identities.schemas import IdentityList, IdentityView
from app.identity.models import LinkedIdentity
from app.kernel.db import Session
from app.kernel.security import Actor


async def list_my_identities(session: Session, actor: Actor) -> IdentityList:
    """Return the identities that sign in to the caller's account, by the name of their provider."""
    found = await session.scalars(
        select(LinkedIdentity).where(LinkedIdentity.account_id == actor.account_id).order_by(LinkedIdentity.provider)
    )
    return IdentityList(items=[IdentityView.model_validate(one) for one in found], next_cursor=None)
