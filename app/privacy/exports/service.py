"""The command of the export: a read that the log knows of."""

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.i18n import Locale
from app.kernel.security import Actor
from app.privacy.events import DataExported
from app.privacy.exports import queries
from app.privacy.exports.schemas import MyExport


async def export_my_data(session: Session, actor: Actor, *, locale: Locale) -> MyExport:
    """Return all that is kept about the caller, and note that it was taken."""
    export = await queries.read_export(session, actor, locale=locale)
    fact = DataExported(
        organisation_id=actor.organisation_id, subject_id=actor.member_id, actor_member_id=actor.member_id
    )
    await record(session, fact)
    return export
