"""Reads of all that is kept about somebody."""

import json
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import RowMapping

from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.security import Actor
from app.privacy.exports.schemas import ExportPart, MyExport
from app.privacy.part import Part
from app.privacy.parts import PARTS

MOST_ROWS = 10_000
"""Of one part: more than a member gathers in 30 years, and as much as one answer can hold."""


async def read_export(session: Session, actor: Actor, *, locale: Locale, most: int = MOST_ROWS) -> MyExport:
    """Read every part about the caller, of each the newest `most` rows; nobody else can be asked about."""
    return MyExport(
        made_at=session.now(),
        member_id=actor.member_id,
        account_id=actor.account_id,
        parts=[await _read(session, actor, part, locale=locale, most=most) for part in PARTS],
    )


async def _read(session: Session, actor: Actor, part: Part, *, locale: Locale, most: int) -> ExportPart:
    owner = actor.account_id if part.whose.key == "account_id" else actor.member_id
    order = [column.desc() for column in part.whose.class_.__table__.primary_key]
    rows = await session.execute(part.rows.where(part.whose == owner).order_by(*order).limit(most + 1))
    items = [_written(row) for row in rows.mappings()]
    return ExportPart(name=part.name, title=part.title.to(locale), is_whole=len(items) <= most, items=items[:most])


def _written(row: RowMapping) -> dict[str, str]:
    """Return what is not empty of a row, as text."""
    return {name: _text(value) for name, value in row.items() if value not in (None, {})}


def _text(value: Any) -> str:  # Any: what columns hold
    match value:
        case bool() | dict():
            return json.dumps(value, ensure_ascii=False)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return str(value)
