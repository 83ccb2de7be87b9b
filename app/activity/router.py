"""Routes of one's year and of an organisation's log."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query

from app.activity import queries
from app.activity.models import ActivityType
from app.activity.schemas import ActivityPage, LogPage
from app.activity.years import Year
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.i18n import Locale, negotiate
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationNotFound

me = Router(prefix="/me", tags=["activity"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["activity"], route_class=StrictRoute)


async def _locale(
    accept_language: Annotated[str | None, Header(description="`vi` (default) or `en`")] = None,
) -> Locale:
    return negotiate(accept_language)


ReadersLocale = Annotated[Locale, Depends(_locale)]


@me.get("/activity", operation_id="listMyActivity", summary="My year", responses=problems(CursorInvalid))
async def list_my_activity(
    session: DbSession,
    actor: CurrentActor,
    locale: ReadersLocale,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    year: Annotated[
        Year | None, Query(description="As it is in Việt Nam; by default this year", examples=[2026])
    ] = None,
    kind: Annotated[
        ActivityType | None, Query(alias="type", description="Only these", examples=["meeting_attended"])
    ] = None,
) -> ActivityPage:
    """List what I took part in, the newest first.

    Meetings, replies, comments, votes cast (never how), announcements acknowledged, tasks done, and what I wrote down
    myself.
    """
    found = await queries.list_my_activity(session, actor, year=year, kind=kind, paging=paging, locale=locale)
    return tagged.page(linked(found))


@organisations.get(
    "/{organisation_id}/activity",
    operation_id="listActivity",
    summary="The log of an organisation",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_activity(
    session: DbSession,
    actor: CurrentActor,
    organisation_id: UUID,
    locale: ReadersLocale,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
) -> LogPage:
    """List what happened in an organisation, the newest first.

    For its organisers in words, with who did it; of candidates, corrections, transfers under way and decisions on a
    membership not for the minute-taker. For officers above what is public, without names; for auditors every fact as a
    code with ids, and nothing of its content.
    """
    return tagged.page(
        linked(await queries.list_activity(session, actor, organisation_id, paging=paging, locale=locale))
    )
