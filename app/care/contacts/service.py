"""Proxy contacts: read, which leaves a trace, written down, removed."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from app.care import access
from app.care.contacts.schemas import ProxyContactReplace, ProxyContactView
from app.care.errors import ProxyContactNotFound
from app.care.events import ProxyContactNamed, ProxyContactRemoved
from app.care.models import ProxyContact
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.members.queries import get_visible_member
from app.members.record_views.models import ViewedPart
from app.members.record_views.service import note_view


async def get_proxy_contact(session: Session, actor: Actor, member_id: UUID) -> ProxyContactView:
    """Return whom to ask about a member, with the number, and note who saw it.

    Raises MemberNotFound, NotForYourPost, ProxyContactNotFound.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_keeper_of_contact(actor, member.id, path[-1])
    contact = await session.get(ProxyContact, member.id)
    if contact is None:
        raise ProxyContactNotFound
    post = access.find_caring_post(actor, path[-1])
    if post is not None:
        await note_view(session, actor, member.id, post, ViewedPart.proxy_contact, organisation_id=path[-1])
    return ProxyContactView.model_validate(contact)


async def name_proxy_contact(
    session: Session, actor: Actor, member_id: UUID, body: ProxyContactReplace
) -> ProxyContactView:
    """Write down whom to ask about a member, in the place of whoever stood there.

    The same again changes nothing on the same day; later it says that it still holds, and the retention counts anew.
    Raises MemberNotFound, NotForYourPost.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_keeper_of_contact(actor, member.id, path[-1])
    wanted = body.model_dump()
    contact = await session.get(ProxyContact, member.id, with_for_update=True)
    is_todays = contact is not None and session.day_of(contact.entered_at) == session.today()
    if is_todays and all(getattr(contact, name) == value for name, value in wanted.items()):
        return ProxyContactView.model_validate(contact)
    values = {**wanted, "entered_by": actor.member_id, "entered_at": session.now()}
    # Two at once: the later one stands, as if it had come later.
    written = insert(ProxyContact).values(member_id=member.id, **values)
    written = written.on_conflict_do_update(index_elements=["member_id"], set_=values)
    await session.execute(written)
    await record(
        session, ProxyContactNamed(organisation_id=path[-1], subject_id=member.id, actor_member_id=actor.member_id)
    )
    return ProxyContactView(member_id=member.id, **values)


async def remove_proxy_contact(session: Session, actor: Actor, member_id: UUID) -> None:
    """Forget whom to ask about a member; raises MemberNotFound, NotForYourPost, ProxyContactNotFound."""
    member, path = await get_visible_member(session, actor, member_id)
    access.require_keeper_of_contact(actor, member.id, path[-1])
    gone = delete(ProxyContact).where(ProxyContact.member_id == member.id).returning(ProxyContact.member_id)
    if await session.scalar(gone) is None:
        raise ProxyContactNotFound
    await record(
        session, ProxyContactRemoved(organisation_id=path[-1], subject_id=member.id, actor_member_id=actor.member_id)
    )
