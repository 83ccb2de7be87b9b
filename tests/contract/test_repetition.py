"""Every POST that creates or sends may be repeated under its key; every change may be answered without a body."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from sqlalchemy import text

from app.kernel.db import Database
from tests.contract.roles import OK, ROLES, Row, Things
from tests.contract.test_access import ROSTER, TABLE, identify
from tests.contract.test_conventions import OPERATIONS, Asked, SignedIn
from tests.factories.world import Person, World

# No row succeeds: the code is on a screen. See tests/meetings/roll/test_checking_in.py.
ON_SCREEN = {"checkIn"}
KEPT = tuple(asked for asked in OPERATIONS if "Idempotency-Key" in asked.headers)
SPARED = tuple(asked for asked in OPERATIONS if "Prefer" in asked.headers)
# Passwords, codes and tokens: nothing of these is kept.
SECRET = {
    "activateAccount",
    "signIn",
    "refreshTokens",
    "signOut",
    "changePassword",
    "issueActivationCode",
    "makeMyCalendar",
}


class Repeating:
    """Asks an operation the way a row of the access table does, as somebody who may, again and again."""

    def __init__(self, asked: Asked, world: World, things: Things, signed_in: SignedIn) -> None:
        rows = [row for row in TABLE if row.operation == asked.name and OK in row.expected.values()]
        self._row: Row = rows[0]
        role = next(role for role in ROLES if self._row.expected[role] == OK)
        self.person: Person = getattr(world, role)
        self._asked = asked
        self.has_body = asked.has_json or self._row.form is not None
        self._things = things
        self._caller = signed_in(self.person)

    async def __call__(
        self, headers: Mapping[str, str], *, params: Mapping[str, str] | None = None, **more: object
    ) -> Response:
        places = {name: identify(thing, self._things, self.person) for name, thing in self._row.path.items()}
        sent: dict[str, Any] = {}  # Any: JSON
        if self._row.form is not None:
            name, content = self._row.file or ("danh-sach.csv", ROSTER.encode())
            form = {name: identify(value, self._things, self.person) for name, value in self._row.form.items()}
            sent = {"data": {**form, **more}, "files": {"file": (name, content)}}
        elif self._asked.has_json:
            body = {name: identify(value, self._things, self.person) for name, value in (self._row.body or {}).items()}
            sent = {"json": {**body, **more}}
        return await self._caller.request(
            self._asked.method,
            self._asked.path.format(**places),
            params=params,
            headers={**self._row.headers, **headers},
            **sent,
        )


async def effects(database: Database) -> tuple[int, ...]:
    async with database.session() as session:
        tables = ("events", "procrastinate_jobs", "idempotency_keys", "documents")
        return tuple([await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables])


def test_every_post_takes_a_key_but_those_that_hold_secrets() -> None:
    posts = {asked.name for asked in OPERATIONS if asked.method == "POST"}
    assert {asked.name for asked in KEPT} == posts - SECRET


@pytest.mark.parametrize("asked", [asked for asked in KEPT if asked.name not in ON_SCREEN], ids=repr)
async def test_a_post_repeated_under_its_key_gets_the_same_answer_and_no_second_effect(
    asked: Asked, world: World, things: Things, signed_in: SignedIn, database: Database
) -> None:
    ask = Repeating(asked, world, things, signed_in)
    headers = {"Idempotency-Key": str(uuid4())}

    first = await ask(headers)
    assert first.is_success, first.text
    assert "Idempotency-Replayed" not in first.headers
    done = await effects(database)

    again = await ask(headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers.get("ETag") == first.headers.get("ETag")

    others = [await ask(headers, params={"khac": "1"}), await ask({**headers, "If-Match": '"7-0"'})]
    if ask.has_body:
        others.append(await ask(headers, khac="1"))
    for other in others:
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await effects(database) == done


@pytest.mark.parametrize("asked", SPARED, ids=repr)
async def test_a_change_is_answered_without_its_body_if_the_caller_prefers_that(
    asked: Asked, world: World, things: Things, signed_in: SignedIn
) -> None:
    answer = await Repeating(asked, world, things, signed_in)({"Prefer": "return=minimal"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Preference-Applied"] == "return=minimal"
    assert answer.headers["ETag"].startswith('"')
