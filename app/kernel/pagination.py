"""Lists: pages by opaque keyset cursors; no totals and no offsets, so the last page costs what the first did."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from app.kernel import schemas
from app.kernel.errors import Malformed
from app.kernel.i18n import Text

T = TypeVar("T")
R = TypeVar("R")

LONGEST_CURSOR = 2000
"""In characters: a line of 200 letters as the value, of six bytes each where `\\u…` stands for them, fits."""


class CursorInvalid(Malformed):
    title = Text(vi="Con trỏ trang không hợp lệ", en="The page cursor is not valid")


class Page(schemas.Response, Generic[T]):
    """One page of a list; each list names its own subclass, since generated clients show the name."""

    items: list[T]
    next_cursor: str | None = Field(
        description="Hand it back as `cursor` for the next page; null on the last", examples=[None]
    )


P = TypeVar("P", bound=Page[Any])


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many are wanted, and the key of the last one seen: a value to sort by and an id."""

    limit: int
    after: tuple[str, UUID] | None

    def after_instant(self) -> tuple[datetime, UUID] | None:
        """Return the key with an instant as its sort value; raises CursorInvalid for a cursor of another list."""
        if self.after is None:
            return None
        try:
            instant = datetime.fromisoformat(self.after[0])
            if instant.tzinfo is None:
                raise CursorInvalid
            return instant.astimezone(UTC), self.after[1]
        except (ValueError, OverflowError):
            raise CursorInvalid from None

    def after_ids(self) -> tuple[UUID, UUID] | None:
        """Return the key with an id as its sort value; raises CursorInvalid for a cursor of another list."""
        if self.after is None:
            return None
        try:
            return UUID(self.after[0]), self.after[1]
        except ValueError:
            raise CursorInvalid from None

    def page(
        self,
        rows: Sequence[R],
        *,
        into: type[P],
        view: Callable[[R], object],
        key: Callable[[R], tuple[str, UUID]],
    ) -> P:
        """Make the page of up to `limit` rows; the query fetched one more, which tells that there is a next page."""
        shown = rows[: self.limit]
        cursor = encode_cursor(*key(shown[-1])) if len(rows) > self.limit else None
        return into(items=[view(row) for row in shown], next_cursor=cursor)


def encode_cursor(value: str, identifier: object) -> str:
    """Return the cursor behind the item with this value to sort by and this id."""
    key = json.dumps([value, str(identifier)], ensure_ascii=False)
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[str, UUID]:
    try:
        value, identifier = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(value, str) or "\x00" in value or not isinstance(identifier, str):
            raise CursorInvalid
        value.encode()
        return value, UUID(identifier)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise CursorInvalid from None


async def _page_request(
    limit: Annotated[int, Query(ge=1, le=100, description="Items a page", json_schema_extra={"format": "int32"})] = 20,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST_CURSOR, description="`next_cursor` of the page before")
    ] = None,
) -> PageRequest:
    return PageRequest(limit=limit, after=_decode(cursor) if cursor else None)


Paging = Annotated[PageRequest, Depends(_page_request)]


def link_next(request: Request, cursor: str) -> str:
    """Return the `Link` of an answer that has a next page (RFC 8288)."""
    url = request.url.include_query_params(cursor=cursor)
    return f'<{url.path}?{url.query}>; rel="next"'


class Linker:
    """Adds `Link: <…>; rel="next"` (RFC 8288) to a page that has a next one."""

    def __init__(self, request: Request, response: Response) -> None:
        """Bind to one request."""
        self._request = request
        self._response = response

    def __call__(self, page: P) -> P:
        """Return the page as it is, with the header set on its answer."""
        if page.next_cursor is not None:
            self._response.headers["Link"] = link_next(self._request, page.next_cursor)
        return page


async def _linker(request: Request, response: Response) -> Linker:
    return Linker(request, response)


Linked = Annotated[Linker, Depends(_linker)]
