"""Routes of proxy contacts."""

from uuid import UUID

from app.care.contacts import service
from app.care.contacts.schemas import ProxyContactReplace, ProxyContactView
from app.care.errors import ProxyContactNotFound
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import MemberNotFound

members = Router(prefix="/members", tags=["care"], route_class=StrictRoute)


@members.get(
    "/{member_id}/proxy-contact",
    operation_id="getProxyContact",
    summary="Whom to ask about a member",
    responses=problems(MemberNotFound, NotForYourPost, ProxyContactNotFound),
)
async def get_proxy_contact(
    session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID
) -> ProxyContactView:
    """Return whom the branch asks when it cannot reach a member, with the number in clear.

    For the member and the organisers of their branch. The member can read, once a day, which organiser has seen it
    (`GET /v1/me/record-views`).
    """
    return tagged.whole(await service.get_proxy_contact(session, actor, member_id))


@members.put(
    "/{member_id}/proxy-contact",
    operation_id="nameProxyContact",
    summary="Write down whom to ask about a member",
    responses=problems(MemberNotFound, NotForYourPost),
)
async def name_proxy_contact(
    session: DbSession, actor: CurrentActor, tagged: Tagged, member_id: UUID, body: ProxyContactReplace
) -> ProxyContactView:
    """Write down whom the branch asks when it cannot reach a member: one person, in the place of any before.

    For the member and the organisers of their branch; the log names who wrote it, not what.
    """
    return tagged.whole(await service.name_proxy_contact(session, actor, member_id, body))


@members.delete(
    "/{member_id}/proxy-contact",
    operation_id="removeProxyContact",
    status_code=204,
    summary="Forget whom to ask about a member",
    responses=problems(MemberNotFound, NotForYourPost, ProxyContactNotFound),
)
async def remove_proxy_contact(session: DbSession, actor: CurrentActor, member_id: UUID) -> None:
    """Forget the name and the number for good; for the member and the organisers of their branch."""
    await service.remove_proxy_contact(session, actor, member_id)
