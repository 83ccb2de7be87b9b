"""The reader of an answer that is made of words: their language and the zone they are in."""

from typing import Annotated

from fastapi import Depends, Header

from app.kernel.i18n import negotiate
from app.kernel.notices import Reader
from app.kernel.security import CurrentActor

AcceptLanguage = Annotated[str | None, Header(description="`vi` (default) or `en`")]


async def _reader(actor: CurrentActor, accept_language: AcceptLanguage = None) -> Reader:
    return Reader(locale=negotiate(accept_language), time_zone=actor.time_zone)


CurrentReader = Annotated[Reader, Depends(_reader)]
