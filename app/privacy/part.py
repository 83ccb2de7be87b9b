"""What an export is made of: `Part`, one thing that is kept about a member."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from app.kernel.i18n import Text

Column = InstrumentedAttribute[Any]
"""Any: of whatever type the owner's column is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows about one member: `whose` is the column that names the member (or their account, where it is `account_id`).

    `beside` are further columns of that kind whose rows the statement brings along. Columns are named: what a table
    gets later is in no export until somebody has judged it.
    """

    name: str
    title: Text
    whose: Column
    rows: Select[*tuple[Any, ...]]
    beside: tuple[Column, ...] = ()
