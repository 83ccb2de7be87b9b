"""Routes of one's consents."""

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor
from app.privacy.consents import queries, service
from app.privacy.consents.schemas import ConsentGive, MyConsents
from app.privacy.errors import ConsentNotGiven, ConsentTextReplaced, ConsentTextUnknown

me = Router(prefix="/me/consents", tags=["privacy"], route_class=StrictRoute)


@me.get("", operation_id="getMyConsents", summary="What I agreed to")
async def get_my_consents(session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader) -> MyConsents:
    """Return the text in force, whether I agreed to it, and what I agreed to before.

    Nothing in the app depends on it: membership is kept by the party's rules. A newer text shows as not agreed to.
    """
    return tagged.whole(await queries.get_my_consents(session, actor, locale=reader.locale))


@me.post(
    "",
    operation_id="giveConsent",
    status_code=201,
    summary="Agree to the text in force",
    responses=problems(ConsentTextUnknown, ConsentTextReplaced),
)
async def give_consent(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, body: ConsentGive
) -> MyConsents:
    """Agree to the text in force, named by its version; again changes nothing."""
    return tagged.whole(await service.give_consent(session, actor, body, locale=reader.locale))


@me.post(
    "/withdraw",
    operation_id="withdrawConsent",
    summary="Withdraw my consent",
    responses=problems(ConsentNotGiven),
)
async def withdraw_consent(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader
) -> MyConsents:
    """Withdraw what I agreed to: every kind of push is switched off, and the inbox stays as it is."""
    return tagged.whole(await service.withdraw_consent(session, actor, locale=reader.locale))
