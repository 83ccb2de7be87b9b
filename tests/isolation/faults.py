"""Faults that are planted between the client and the application, each of which the generated test must find.

A fault answers one way of asking (a channel) with the rights of somebody who stands in one relation to who asks: as a
route would that forgot its filter. The application itself stays as it is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.isolation.asking import KEY, Operation, operations
from tests.isolation.model import ORGANISERS, Model
from tests.isolation.rules import ITEMS
from tests.isolation.state import Person

EXPORTS = {"exportMyData", "getReportSpreadsheet", "getMinutesPdf", "getResolutionPdf"}
OF_THEIR_OWN = EXPORTS | {"getChanges", "watchMeeting", "fetchCalendar"}
CHANNELS: dict[str, Callable[[Operation], bool]] = {
    "read": lambda one: one.method == "GET" and bool(one.parameters) and one.name not in OF_THEIR_OWN | ITEMS.keys(),
    "list": lambda one: one.name in ITEMS,
    "search": lambda one: "q" in one.query,
    "changes": lambda one: one.name == "getChanges",
    "export": lambda one: one.name in EXPORTS,
    "live": lambda one: one.name == "watchMeeting",
    "calendar": lambda one: one.name == "fetchCalendar",
    "replay": lambda one: one.takes_key and one.needs_sign_in,
}
"""Ways of asking, by the operations that are asked so."""
Stands = Callable[[Model, Person, Person], bool]
RELATIONS: dict[str, Stands] = {
    "own": lambda model, who, other: model.holds(other, ORGANISERS, who.organisation),
    "above": lambda model, who, other: not model.places(other).isdisjoint(who.organisation.line[:-1]),
    "below": lambda model, who, other: (
        other.organisation not in who.organisation.line
        and not model.places(who).isdisjoint(other.organisation.line[:-1])
    ),
    "sibling": lambda _, who, other: (
        other.organisation is not who.organisation and other.organisation.above is who.organisation.above
    ),
    "former": lambda model, who, other: (
        other.organisation is not who.organisation
        and other.organisation not in model.hosts(who)
        and any(one.organisation is other.organisation for one in who.standings)
    ),
    "guest": lambda model, who, other: other.organisation in model.hosts(who),
}
"""As whom a fault answers, seen from who asks: an organiser of the own branch, who holds a post above, and so on."""


@dataclass(frozen=True)
class Fault:
    """One of them."""

    channel: str
    relation: str

    def __str__(self) -> str:
        return f"{self.channel} as {self.relation}"

    @property
    def operations(self) -> frozenset[str]:
        """The operations that it answers wrongly."""
        return frozenset(one.name for one in operations() if CHANNELS[self.channel](one))


FAULTS = tuple(Fault(channel, relation) for channel in CHANNELS for relation in RELATIONS)


class Tokens(Protocol):
    """Who asks, and as whom they could."""

    model: Model

    def holder_of(self, token: str) -> Person | None: ...

    def token_of(self, caller: Person) -> str: ...


class Leaking:
    """The application with one fault after another."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[Person, list[Message]]] = {}

    def plant(self, fault: Fault, asked: Tokens) -> None:
        """Answer wrongly from now on."""
        self.fault, self._asked = fault, asked
        self._kept.clear()
        self._paths = [_pattern(one) for one in operations() if one.name in fault.operations]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = f"{scope.get('method')} {scope.get('path')}"
        if not any(path.fullmatch(asked) for path in self._paths):
            await self.app(scope, receive, send)
        elif self.fault.channel == "replay":
            await self._replay(scope, receive, send)
        else:
            await self.app(self._as_another(scope), receive, send)

    def _as_another(self, scope: Scope) -> Scope:
        headers = dict(scope["headers"])
        if self.fault.channel == "calendar":
            secret = scope["path"].removeprefix("/v1/calendars/").removesuffix(".ics")
            owner = next((one for one in self._people() if one.calendar == secret), None)
            other = self._other(owner)
            path = scope["path"].replace(secret, other.calendar) if other else scope["path"]
            return {**scope, "path": path, "raw_path": path.encode()}
        other = self._other(self._caller(headers))
        if other is not None:
            headers[b"authorization"] = f"Bearer {self._asked.token_of(other)}".encode()
        return {**scope, "headers": list(headers.items())}

    async def _replay(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the kept answer of whoever used the key first."""
        headers = dict(scope["headers"])
        key, caller = headers[KEY.lower().encode()].decode(), self._caller(headers)
        first, kept = self._kept.get(key, (None, []))
        if first is not None and caller is not None and self._stands(caller, first):
            for message in kept:
                await send(message)
            return
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self.app(scope, receive, keep)
        if first is None and caller is not None:
            start = {**sent[0], "headers": [*sent[0]["headers"], (b"idempotency-replayed", b"true")]}
            self._kept[key] = (caller, [start, *sent[1:]])

    def _caller(self, headers: dict[bytes, bytes]) -> Person | None:
        return self._asked.holder_of(headers.get(b"authorization", b"").decode().removeprefix("Bearer "))

    def _people(self) -> Sequence[Person]:
        return self._asked.model.state.people

    def _stands(self, who: Person, other: Person) -> bool:
        return who is not other and RELATIONS[self.fault.relation](self._asked.model, who, other)

    def _other(self, who: Person | None) -> Person | None:
        if who is None or not self._asked.model.is_active(who):
            return None
        active = (one for one in self._people() if self._asked.model.is_active(one))
        return next((one for one in active if self._stands(who, one)), None)


def _pattern(operation: Operation) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", operation.path)
    path = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts)
    return re.compile(f"{operation.method} {path}")
