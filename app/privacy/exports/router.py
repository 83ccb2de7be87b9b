"""The route of the export."""

from fastapi import Response

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor
from app.privacy.exports import service
from app.privacy.exports.schemas import MyExport

me = Router(prefix="/me", tags=["privacy"], route_class=StrictRoute)


@me.get("/export", operation_id="exportMyData", summary="All that is kept about me")
async def export_my_data(
    session: DbSession, actor: CurrentActor, reader: CurrentReader, response: Response
) -> MyExport:
    """Return everything that the service keeps about me, my own numbers in clear, as one document.

    Of secret polls it says that I took part: nobody knows how I voted. What others wrote, and whose records I looked
    at, is theirs. That I took it stands in the log.
    """
    response.headers["Cache-Control"] = "private, no-store"
    return await service.export_my_data(session, actor, locale=reader.locale)
