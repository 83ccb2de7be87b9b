"""Screens: what a phone asks whenever it opens. Each is one statement, in one round trip, of one instant.

A feature writes the statement upon `kernel.asking` and `page_of`, once a process; PostgreSQL finds who asks, the page
and its ETag, and makes the JSON, which leaves as it is. A page that the caller holds already is found, and not made.
The route declares what it answers as any other does, and hands the question to its `Screen`:

    return await screen.page(queries.mine(), {"since": since}, paging)

What other routes have from dependencies (sign-in, rate, ETag, link) happens here, in the same order.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import array, psycopg
from sqlalchemy.sql import visitors

from app.kernel.asking import ACCOUNT, ASKING
from app.kernel.db import Database, Question, Session, day_of, transaction
from app.kernel.etags import IfNoneMatch, NotModified, tags_in
from app.kernel.pagination import PageRequest, encode_cursor, link_next
from app.kernel.security import Actor, Authenticate, BearerToken, require_allowance, require_token
from app.kernel.tokens import TokenKeys

LIMIT: BindParameter[int] = bindparam("limit", None, Integer())
"""How many are shown; the query of a page is cut to one more, which tells that there is a next page."""
LAST_ID = bindparam("last_id", None, Uuid())
"""Of the last one on the page before; null on the first."""
_KNOWN = bindparam("known", None, ARRAY(Text()))
# The server's own placeholders: the driver need not look through a long text at each request.
_DIALECT = psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


def question(statement: Select[Any]) -> Question:
    """Write a statement down; Any: a row of many columns. What is constant stands in it, for the planner to see."""

    def fix(element: Any, **_: Any) -> Any:  # Any: SQLAlchemy's own
        is_constant = isinstance(element, BindParameter) and element.unique
        return element.render_literal_execute() if is_constant else None

    fixed: Any = visitors.replacement_traverse(statement, {}, fix)
    compiled = fixed.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return Question(sql=compiled.string, names=tuple(compiled.positiontup or ()))


def instant(value: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Write an instant (Any: or null) as `schemas.Instant` does; the zone of the connection is UTC."""
    return func.replace(func.to_char(value, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ".000000", "")


def json_list_of(rows: Select[Any]) -> ColumnElement[str]:
    """Return the rows of a query, in their order, as the text of a JSON list; Any: of any columns."""
    each = rows.subquery()
    joined = select(func.string_agg(cast(func.row_to_json(each.table_valued()), Text), ","))
    return func.concat("[", joined.scalar_subquery(), "]")


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of which pages are shown.

    `found` is what may be shown, cut to one more than a page; `state` what the ETag stands for, of each; `order` how
    they come, by a value (an instant, or null for none) and the id; `items` makes them, of the rows it is given.
    """

    found: CTE
    state: ColumnElement[str]
    order: Sequence[ColumnElement[Any]]
    key: ColumnElement[str]
    items: Callable[[CTE], Select[Any]]


def page_of(listed: Listed) -> Question:
    """Write down the question for a page: its tag, its items unless the tag is known, the key of the last one."""
    found = listed.found
    states = func.concat_ws("\n", ACCOUNT, LIMIT, func.string_agg(listed.state, "\n"))
    digest = func.encode(func.sha256(func.convert_to(states, "UTF8")), "hex")
    tagged = (
        select(func.substr(digest, 1, 24).label("tag"), func.count().label("found"))
        .select_from(found)
        .cte("tagged")
        .prefix_with("MATERIALIZED")
    )
    last = (
        select(array([listed.key, cast(found.c.id, Text)]))
        .order_by(*listed.order)
        .offset(LIMIT - 1)
        .limit(1)
        .scalar_subquery()
    )
    items = json_list_of(listed.items(found).order_by(*listed.order).limit(LIMIT))
    return question(
        select(
            tagged.c.tag,
            case((tagged.c.tag == any_(_KNOWN), null()), else_=items),
            case((tagged.c.found > LIMIT, last)),
            ASKING.c.time_zone,
        )
        # Who asks comes first, and one row of it: an outer join is made from its left side.
        .select_from(ASKING.outerjoin(tagged, true()))
    )


class Screen:
    """One hot read of somebody who is signed in."""

    def __init__(self, request: Request, token: HTTPAuthorizationCredentials | None, if_none_match: str | None) -> None:
        """Bind to one request."""
        self._request = request
        self._token = token
        self._known = tags_in(if_none_match)

    async def row(self, asked: Question, values: Mapping[str, Any]) -> Sequence[Any]:
        """Return the one row; raises TokenInvalid where nobody asks, RateLimitExceeded. Any: of any columns."""
        state = self._request.app.state
        database: Database = state.database
        keys: TokenKeys = state.keyring.keys
        now = database.now()
        claims, refusal = require_token(self._token, keys, now=now)
        given = {
            "asking_account": claims.sub,
            "asking_session": claims.sid,
            "asking_now": now,
            "asking_today": day_of(now),
            "asking_unproven": sorted(kind.value for kind in state.second_factor_of),
            **values,
        }
        row = await database.read(asked, given)
        if row is None:
            raise refusal
        require_allowance(self._request, claims.sub, now=now)
        return row

    async def page(
        self,
        asked: Question,
        values: Mapping[str, Any],
        paging: PageRequest,
        *,
        finish: Callable[[str, str], str] | None = None,
    ) -> Response:
        """Answer with a page; `finish` makes the items of what the database gave and of the zone the caller is in.

        Raises NotModified, and what `row` raises.
        """
        wanted = {**values, "limit": paging.limit, "known": self._known}
        tag, items, last, zone = await self.row(asked, wanted)
        etag = f'"{tag}"'
        if items is None:
            raise NotModified(etag)
        headers = {"ETag": etag}
        cursor = "null"
        if last is not None:
            following = encode_cursor(*last)
            cursor = f'"{following}"'
            headers["Link"] = link_next(self._request, following)
        body = f'{{"items":{finish(items, zone) if finish else items},"next_cursor":{cursor}}}'
        return Response(body, headers=headers, media_type="application/json")

    @asynccontextmanager
    async def at_length(self) -> AsyncIterator[tuple[Session, Actor]]:
        """Open a unit of work of one instant, for an answer that takes several statements after all.

        It is committed when the block ends; the rate was counted by `row`.
        """
        state = self._request.app.state
        assert self._token is not None, "row() comes first"
        async with transaction(state.database) as session:
            await state.database.freeze(session)
            authenticate: Authenticate = state.authenticate
            yield session, await authenticate(session, self._token.credentials)


async def _screen(request: Request, token: BearerToken, if_none_match: IfNoneMatch = None) -> Screen:
    return Screen(request, token, if_none_match)


HotRead = Annotated[Screen, Depends(_screen)]
