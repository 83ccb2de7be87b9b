"""Who asks, and when, as parameters: SQLAlchemy takes longer to write a hot statement than PostgreSQL to answer it.

So the statements of the home screen are written once a process (`@cache`) with these in the place of values, and asked
with `asked_by`.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Date, DateTime, Uuid, bindparam

from app.kernel.db import Session
from app.kernel.security import COMMITTEE, Actor

ME: BindParameter[UUID] = bindparam("asking_member_id", type_=Uuid())
HOMES = bindparam("asking_homes", type_=ARRAY(Uuid()))
"""The actor's branch, and the organisations that ended while they belonged to them."""
ENDED = bindparam("asking_ended", type_=ARRAY(Uuid()))
"""The latter alone."""
SEATS = bindparam("asking_seats", type_=ARRAY(Uuid()))
"""The organisations on whose committee the actor sits."""
TODAY = bindparam("asking_today", type_=Date())
NOW = bindparam("asking_now", type_=DateTime(timezone=True))


def asked_by(actor: Actor, session: Session) -> dict[str, Any]:
    """Return the values of the parameters above; Any: of several types."""
    return {
        ME.key: actor.member_id,
        HOMES.key: [actor.organisation_id, *actor.ended],
        ENDED.key: list(actor.ended),
        SEATS.key: [post.organisation_id for post in actor.posts if post.kind in COMMITTEE],
        TODAY.key: session.today(),
        NOW.key: session.now(),
    }
