"""Unique constraints as refusals by name, whoever comes second."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import psycopg
from sqlalchemy.exc import IntegrityError

from app.kernel.db import Session
from app.kernel.errors import AppError


@asynccontextmanager
async def refusing_duplicates(session: Session, refusals: Mapping[str, type[AppError]]) -> AsyncIterator[None]:
    """Write what the block changes; a broken unique constraint raises the refusal named for it.

    The constraint judges, not a query before it: two requests at once cannot both find the value free. What the
    transaction wrote before is lost with the refusal, as with every other.
    """
    try:
        yield
        await session.flush()
    except IntegrityError as error:
        broken = error.orig
        if isinstance(broken, psycopg.errors.UniqueViolation):
            refusal = refusals.get(broken.diag.constraint_name or "")
            if refusal is not None:
                raise refusal from None
        raise
