"""Reads of consents."""

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.security import Actor
from app.privacy.consents.schemas import ConsentTextView, ConsentView, MyConsents
from app.privacy.models import Consent
from app.privacy.texts import consent_text_in_force


async def get_my_consents(session: Session, actor: Actor, *, locale: Locale) -> MyConsents:
    """Return the text in force and what the caller agreed to; a newer text is not agreed to by an older consent."""
    rows = await session.scalars(
        select(Consent)
        .where(Consent.member_id == actor.member_id)
        .order_by(Consent.accepted_at.desc(), Consent.id.desc())
    )
    history = [ConsentView.model_validate(row) for row in rows]
    text = consent_text_in_force(session.today())
    standing = (one.accepted_at for one in history if one.version == text.version and one.withdrawn_at is None)
    return MyConsents(
        current=ConsentTextView(
            version=text.version,
            effective_on=text.effective_on,
            title=text.title.to(locale),
            body=text.body.to(locale),
        ),
        accepted_at=next(standing, None),
        history=history,
    )
