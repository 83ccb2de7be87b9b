"""The read of the inbox: a screen (`kernel.screens`), whose words are put here."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import CTE, Select, Text, Uuid, any_, bindparam, cast, desc, func, literal_column, select, union_all

from app.kernel.asking import ENDED, ME, ZONE
from app.kernel.db import Question
from app.kernel.i18n import Locale
from app.kernel.notices import Notices, Params, Reader, by_type, render_unknown
from app.kernel.pagination import PageRequest
from app.kernel.screens import LAST_ID, LIMIT, Listed, instant, page_of
from app.notifications.queries import select_inbox

_LOCALE = bindparam("locale", None, Text())
_TYPES = bindparam("types", None, Text())
"""Those that this release has words for; one text, since a list takes the driver longer than the database."""
_ANY_ID = literal_column("'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid", Uuid())
_KEPT = 10_000
"""Texts one process remembers; the people of a branch read the same ones."""


def behind(paging: PageRequest, locale: Locale, notices: Notices) -> dict[str, Any]:
    """Return the parameters (Any: of several types) of `my_notices`."""
    last_id = paging.after[1] if paging.after else None
    return {"last_id": last_id, "locale": locale.value, "types": " ".join(by_type(notices))}


@cache
def my_notices() -> Question:
    """Ask for the inbox, newest first; each half of it is cut to a page, so that an index gives it in order."""
    pages = [
        some.where(identifier < func.coalesce(LAST_ID, _ANY_ID)).order_by(identifier.desc()).limit(LIMIT + 1)
        for some, identifier in select_inbox(ME, ENDED)
    ]
    both = union_all(*pages).order_by(desc("id")).limit(LIMIT + 1)
    found = both.cte("found").prefix_with("MATERIALIZED")
    # The texts follow from the notice, the language, the zone, and whether this release knows the type.
    is_known = found.c.type == any_(func.string_to_array(_TYPES, " "))
    state = func.concat_ws(".", found.c.id, found.c.read_at, _LOCALE, ZONE, is_known)
    order = (found.c.id.desc(),)
    return page_of(Listed(found=found, state=state, order=order, key=literal_column("''", Text()), items=_items))


def _items(found: CTE) -> Select[Any]:
    # Any: as `Words.put` takes them.
    shown = found.c
    return select(
        *(shown.id, shown.type, shown.subject_id, cast(shown.params, Text).label("params")),
        instant(shown.created_at).label("created_at"),
        instant(shown.read_at).label("read_at"),
    )


@dataclass(frozen=True, slots=True)
class Words:
    """Puts the inbox into the reader's words."""

    notices: Notices
    locale: Locale
    public_url: str

    def put(self, items: str, zone: str) -> str:
        """Return the items as `NotificationView` has them; both are the texts of JSON lists."""
        renders = {kind: notice.render for kind, notice in by_type(self.notices).items()}
        shown = (self._one(renders.get(item["type"], render_unknown), item, zone) for item in json.loads(items))
        return f"[{','.join(shown)}]"

    def _one(self, render: "_Render", item: dict[str, Any], zone: str) -> str:
        # Any: JSON.
        read_at = f'"{item["read_at"]}"' if item["read_at"] else "null"
        return (
            f'{{"id":"{item["id"]}","type":"{item["type"]}",{_texts(render, item["params"], self.locale, zone)},'
            f'"link":"{self.public_url}/m/{item["subject_id"]}","created_at":"{item["created_at"]}","read_at":{read_at}}}'
        )


_Render = Callable[[Params, Reader], tuple[str, str]]


@lru_cache(_KEPT)
def _texts(render: _Render, params: str, locale: Locale, zone: str) -> str:
    title, body = render(json.loads(params), Reader(locale=locale, time_zone=zone))
    return json.dumps({"title": title, "body": body}, ensure_ascii=False)[1:-1]
