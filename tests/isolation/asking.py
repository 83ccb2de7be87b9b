"""Thinks up requests: any operation, by anybody, about anything that stands in any relation to them, or is guessed."""

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.contract.document import DOCUMENT, Json
from tests.contract.roles import Row
from tests.contract.test_access import ROSTER, TABLE
from tests.isolation.model import Model
from tests.isolation.rules import BODY_KINDS, ITEMS, KINDS, POOLS, VALUES, identifier
from tests.isolation.state import Organisation, Person

KEY = "Idempotency-Key"
OFTEN, COMMON, NOW_AND_THEN, SELDOM = 120, 40, 20, 1
WEIGHTS = {
    # One answer says of many things whether they are shown.
    **dict.fromkeys(ITEMS, OFTEN),
    # Typesetting takes a hundred times as long as anything else.
    **dict.fromkeys(("getMinutesPdf", "getResolutionPdf", "getReportPdf"), SELDOM),
    **dict.fromkeys(("getHealth", "getReadiness", "getJwks", "getWebPushKey", "getMemberImportTemplate"), SELDOM),
    # Passwords, codes and tokens are hashed slowly, on purpose.
    **dict.fromkeys(("activateAccount", "signIn", "refreshTokens", "signOut", "changePassword"), SELDOM),
    **dict.fromkeys(("signInByIdentity", "linkIdentity", "issueActivationCode", "enrolSecondFactor"), SELDOM),
    **dict.fromkeys(("confirmSecondFactor", "renewRecoveryCodes", "removeSecondFactor"), SELDOM),
    "getChanges": NOW_AND_THEN,
}
RELATIONS = {
    "own": 26,
    "host": 10,
    "former": 10,
    "above": 10,
    "post held": 12,
    "below": 10,
    "sibling": 12,
    "other": 16,
    "guessed": 5,
    "wrong kind": 3,
    "gone": 3,
}
"""Where the thing asked about belongs, seen from the caller, and how often it shall be so."""
NONE = "–"


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    parameters: tuple[str, ...]
    needs_sign_in: bool
    takes_key: bool
    rows: tuple[Row, ...]
    query: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request; `subject` is what its first parameter names, None where that is nothing of this kind."""

    operation: Operation
    caller: Person | None
    relation: str
    kind: str | None
    subject: Any  # of whatever kind
    url: str
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Json | None = None
    form: dict[str, str] | None = None
    file: tuple[str, bytes] | None = None

    @property
    def sent(self) -> str:
        """All that the caller wrote: an answer may repeat it."""
        return f"{self.url} {self.params} {self.body} {self.form} {self.file}"

    def __str__(self) -> str:
        given = [str(one) for one in (self.params, self.body, self.form) if one]
        return " ".join((f"{self.operation.method} {self.url} ({self.relation})", *given))


def operations() -> Iterator[Operation]:
    """Yield every operation of the document with its rows of the access table; raises KeyError for a new parameter."""
    for path, item in DOCUMENT["paths"].items():
        for method, declared in item.items():
            parameters = [one for one in declared.get("parameters", ()) if one["in"] == "path"]
            names = tuple(one["name"] for one in parameters if one["name"] not in VALUES)
            for name in names:
                KINDS[name]
            name = declared["operationId"]
            yield Operation(
                name=name,
                method=method.upper(),
                path=path,
                parameters=names,
                needs_sign_in=bool(declared["security"]),
                takes_key=any(one["name"] == KEY for one in declared.get("parameters", ())),
                rows=tuple(row for row in TABLE if row.operation == name),
                query=frozenset(one["name"] for one in declared.get("parameters", ()) if one["in"] == "query"),
            )


class Asking:
    """Makes one request after another; the same dice make the same."""

    def __init__(self, dice: random.Random, model: Model) -> None:
        self.dice = dice
        self._operations = list(operations())
        self._weights = [WEIGHTS.get(one.name, COMMON) for one in self._operations]
        self.look_again(model)

    def ask_only(self, names: Collection[str]) -> None:
        """Ask these operations only, all of them as often."""
        self._weights = [int(one.name in names) for one in self._operations]

    def look_again(self, model: Model) -> None:
        """Take notice of what has happened."""
        self.model = model
        self._places: dict[Person, dict[str, list[Organisation]]] = {}
        self._things: dict[str, dict[Organisation, list[Any]]] = {}
        for kind, pool in POOLS.items():
            by_place = self._things.setdefault(kind, {})
            for thing in pool(model.state):
                for place in dict.fromkeys((thing.organisation, getattr(thing, "receiver", thing.organisation))):
                    by_place.setdefault(place, []).append(thing)
        # Who has much to be told apart by comes more often.
        self._weight_of = [
            1 + 2 * len(one.posts) + 2 * (len(one.standings) > 1) if model.is_active(one) else 1
            for one in model.state.people
        ]

    def ask(self) -> Asked:
        operation = self.dice.choices(self._operations, self._weights)[0]
        people = self.model.state.people
        caller = None if self.dice.random() < 0.02 else self.dice.choices(people, self._weight_of)[0]
        relation, kind, subject = NONE, None, None
        filled: dict[str, str] = {}
        row = self.dice.choice(operation.rows)
        for name in operation.parameters:
            found, thing, written = self._some(caller, KINDS[name])
            filled[name] = written
            if kind is None:
                relation, kind, subject = found, KINDS[name], thing
        form = self._filled(row.form, caller) if row.form is not None else None
        if operation.name == "uploadDocument" and form is not None and "organisation_id" in form:
            relation, subject, form["organisation_id"] = self._some(caller, "organisation")
            kind = "organisation"
        values = {name: row.path[name] for name in VALUES & row.path.keys()} | {"version": str(self.dice.randint(1, 3))}
        body = self._filled(row.body, caller) if row.body is not None else None
        if body is not None and self.dice.random() < 0.5:
            body |= self._nested(body, caller)
        return Asked(
            operation=operation,
            caller=caller,
            relation=relation,
            kind=kind,
            subject=subject,
            url=operation.path.format(**filled, **values),
            params=self._query(operation, caller),
            headers={**row.headers, **({KEY: str(uuid4())} if operation.takes_key else {})},
            body=body,
            form=form,
            file=(row.file or ("danh-sach.csv", self._roster())) if row.form is not None else None,
        )

    def _some(self, caller: Person | None, kind: str) -> tuple[str, Any, str]:  # Any: of whatever kind
        relation = self.dice.choices(list(RELATIONS), list(RELATIONS.values()))[0]
        gone = [key for of, key in self.model.state.gone if of == kind]
        if relation == "gone" and gone:
            return relation, None, str(self.dice.choice(gone))
        if relation == "wrong kind":
            other = self.dice.choice([one for one in ("meeting", "poll", "member", "document") if one != kind])
            return relation, None, identifier(other, self._anything(other))
        thing = self._of_relation(caller, kind, relation) if caller else None
        if thing is None:
            thing = self._anything(kind)
        if relation == "guessed":
            written = identifier(kind, thing)
            if kind == "calendar":
                return relation, None, written[:-1] + ("0" if written[-1] != "0" else "1")
            return relation, None, str(UUID(int=UUID(written).int ^ (1 << self.dice.randrange(62))))
        return self.relation(caller, thing.organisation), thing, identifier(kind, thing)

    def _anything(self, kind: str) -> Any:  # of whatever kind
        by_place = self._things[kind]
        return self.dice.choice(by_place[self.dice.choice(list(by_place))])

    def _of_relation(self, caller: Person, kind: str, relation: str) -> Any:  # of whatever kind, or None
        if caller not in self._places:
            places = self._places.setdefault(caller, {})
            for place in self.model.state.organisations:
                places.setdefault(self.relation(caller, place), []).append(place)
        having = [one for one in self._places[caller].get(relation, ()) if one in self._things[kind]]
        return self.dice.choice(self._things[kind][self.dice.choice(having)]) if having else None

    def relation(self, caller: Person | None, place: Organisation) -> str:
        """Say how an organisation stands to somebody: the nearest relation of several."""
        if caller is None:
            return "other"
        home, held = caller.organisation, self.model.places(caller)
        relations = {
            "own": place is home,
            "post held": place in held,
            "host": place in self.model.hosts(caller),
            "former": any(one.organisation is place for one in caller.standings),
            "above": place in home.line,
            "below": home in place.line or not held.isdisjoint(place.line),
            "sibling": place.above is home.above,
        }
        return next((relation for relation, is_so in relations.items() if is_so), "other")

    def _filled(self, named: Mapping[str, Any], caller: Person | None) -> Json:  # Any: JSON
        return {name: self._value(value, caller) for name, value in named.items()}

    def _value(self, value: Any, caller: Person | None) -> Any:  # Any: JSON
        if isinstance(value, list):
            return [self._value(one, caller) for one in value]
        if isinstance(value, dict):
            return self._filled(value, caller)
        if isinstance(value, str) and (value.startswith("$") or value in BODY_KINDS):
            return self._some(caller, BODY_KINDS[value.removeprefix("$")])[2]
        return value

    def _nested(self, body: Json, caller: Person | None) -> Json:
        """Return further fields that name things, those of anybody: what is refused must tell nothing of them."""
        fields = body.keys()
        paper = [self._some(caller, "document")[2]]
        more: Json = {}
        if {"starts_at", "kind"} <= fields:
            more = {"agenda": [{"title": "Kết quả công tác", "document_ids": paper}]}
        elif {"title", "body", "needs_acknowledgement"} <= fields:
            more = {"document_ids": paper}
        elif "occurred_on" in fields:
            more = {"document_id": paper[0]}
        elif "paragraphs" in fields:
            more = {"meeting_id": self._some(caller, "meeting")[2]}
        elif "official_on" in fields:
            # Whether somebody else has this number is refused without saying who.
            other = self._anything("member")
            more = self.dice.choice(({"phone": other.phone}, {"citizen_id": other.citizen_id}))
        elif fields == {"version", "body"}:
            more = {"paragraph_id": str(self._anything("resolution").paragraph_id)}
        return more

    def _roster(self) -> bytes:
        other = self._anything("member")
        return ROSTER.replace("\n", ",Số thẻ\n", 1).replace("2006\n", f"2006,{other.card}\n").encode()

    def _query(self, operation: Operation, caller: Person | None) -> dict[str, str]:
        asked = {}
        if "limit" in operation.query:
            asked["limit"] = str(self.dice.choice((3, 20, 100)))
        if "q" in operation.query and self.dice.random() < 0.5:
            kind = {"listDocuments": "document", "listOrganisations": "organisation"}.get(operation.name, "member")
            found = self._anything(kind)
            asked["q"] = found.title if kind == "document" else found.name
        elif operation.name == "listDocuments" and self.dice.random() < 0.5:
            asked["organisation_id"] = self._some(caller, "organisation")[2]
        if "meeting_id" in operation.query and self.dice.random() < 0.3:
            asked["meeting_id"] = self._some(caller, "meeting")[2]
        return asked
