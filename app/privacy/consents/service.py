"""Commands of consents: agree to the text in force, withdraw."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.i18n import Locale
from app.kernel.push import Channel
from app.kernel.security import Actor
from app.notifications.schemas import Preference, PreferencesReplace, PushChannel
from app.notifications.service import replace_preferences
from app.privacy.consents import queries
from app.privacy.consents.schemas import ConsentGive, MyConsents
from app.privacy.errors import ConsentNotGiven, ConsentTextReplaced, ConsentTextUnknown
from app.privacy.events import ConsentGiven, ConsentWithdrawn
from app.privacy.models import Consent
from app.privacy.texts import CONSENT_TEXTS, ConsentText, consent_text_in_force


async def give_consent(
    session: Session,
    actor: Actor,
    body: ConsentGive,
    *,
    locale: Locale,
    among: tuple[ConsentText, ...] = CONSENT_TEXTS,
) -> MyConsents:
    """Agree to the text in force; again changes nothing. Raises ConsentTextUnknown, ConsentTextReplaced."""
    if body.version not in {text.version for text in among}:
        raise ConsentTextUnknown
    if body.version != consent_text_in_force(session.today(), among=among).version:
        raise ConsentTextReplaced
    given = await session.scalar(
        insert(Consent)
        .values(id=session.new_id(), member_id=actor.member_id, version=body.version, accepted_at=session.now())
        .on_conflict_do_nothing()
        .returning(Consent.id)
    )
    if given is not None:
        fact = ConsentGiven(
            organisation_id=actor.organisation_id,
            subject_id=actor.member_id,
            actor_member_id=actor.member_id,
            version=body.version,
        )
        await record(session, fact)
    return await queries.get_my_consents(session, actor, locale=locale)


async def withdraw_consent(session: Session, actor: Actor, *, locale: Locale) -> MyConsents:
    """Take back what was agreed to, of any version: every kind of push is switched off. Raises ConsentNotGiven."""
    withdrawn = await session.scalars(
        update(Consent)
        .where(Consent.member_id == actor.member_id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=session.now())
        .returning(Consent.id)
    )
    if not withdrawn.all():
        raise ConsentNotGiven
    off = [Preference(kind=kind, channel=channel, enabled=False) for kind in Channel for channel in PushChannel]
    await replace_preferences(session, actor, PreferencesReplace(items=off))
    fact = ConsentWithdrawn(
        organisation_id=actor.organisation_id, subject_id=actor.member_id, actor_member_id=actor.member_id
    )
    await record(session, fact)
    return await queries.get_my_consents(session, actor, locale=locale)
