"""The operations found in the document, and a caller who asks one as its row of the access table does."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from httpx import AsyncClient, Response

from tests.contract.document import DOCUMENT, Json
from tests.contract.roles import OK, ROLES, Row, Things
from tests.contract.test_access import ROSTER, TABLE, identify
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
Undone = Callable[[Callable[[], Awaitable[Response]]], Awaitable[Response]]
"""Runs something and takes back what it did."""
JSON = "application/json"
# Who keeps most of what there is comes first: fewer rights, fewer ways to be refused for another reason.
_FIRST = ("secretary", "administrator", "member")


class Operation:
    """What the document declares of an operation, and a row that asks it as somebody who may, if there is one."""

    def __init__(self, path: str, method: str, declared: Json) -> None:
        self.name: str = declared["operationId"]
        self.path = path
        self.method = method.upper()
        self.parameters = {parameter["name"] for parameter in declared.get("parameters", ())}
        self.needs_sign_in = bool(declared["security"])
        body = declared.get("requestBody", {}).get("content", {})
        self.has_body = bool(body)
        self.schema: Json | None = None
        if JSON in body:
            self.schema = DOCUMENT["components"]["schemas"][body[JSON]["schema"]["$ref"].rsplit("/", 1)[-1]]
        self.answers_json = JSON in declared["responses"].get("200", {}).get("content", {})
        self.answers_thing = self.answers_json or JSON in declared["responses"].get("201", {}).get("content", {})
        rows = [row for row in TABLE if row.operation == self.name]
        self.row: Row = next((row for row in rows if OK in row.expected.values()), rows[0])
        self.role = next((role for role in (*_FIRST, *ROLES) if self.row.expected[role] == OK), "secretary")
        self.succeeds = self.row.expected[self.role] == OK

    def __repr__(self) -> str:
        return self.name


OPERATIONS = tuple(
    Operation(path, method, declared) for path, item in DOCUMENT["paths"].items() for method, declared in item.items()
)


class Ask:
    """Asks one operation, again and again, as the same person about the same things."""

    def __init__(
        self,
        operation: Operation,
        world: World,
        things: Things,
        signed_in: SignedIn,
        anybody: AsyncClient,
        undone: Undone,
    ) -> None:
        self.operation = operation
        self.undone = undone
        self.row = operation.row
        self.anybody = anybody
        self.person: Person = getattr(world, operation.role if operation.role != "anonymous" else "secretary")
        self.other = signed_in(world.minute_taker)
        self._caller = signed_in(self.person)
        self._things = things
        self.path = operation.path.format(**self._identified(self.row.path))
        self.body: Json = self._identified(self.row.body or {})

    def _identified(self, named: Mapping[str, Any]) -> Json:  # Any: JSON
        return {name: identify(value, self._things, self.person) for name, value in named.items()}

    async def __call__(
        self,
        headers: Mapping[str, str] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        without: str = "",
        fields: Mapping[str, object] | None = None,
    ) -> Response:
        """Ask as the row does, with what is given beside it or instead; `without` is a header left out."""
        more = fields or {}
        sent: Json = {}
        if content is not None:
            sent = {"content": content}
            headers = {"Content-Type": JSON, **(headers or {})}
        elif self.row.form is not None:
            name, file = self.row.file or ("danh-sach.csv", ROSTER.encode())
            sent = {"data": {**self._identified(self.row.form), **more}, "files": {"file": (name, file)}}
        elif self.operation.schema is not None:
            sent = {"json": {**self.body, **more}}
        given = {**self.row.headers, **(headers or {})}
        return await self._caller.request(
            self.operation.method,
            self.path,
            params=params,
            headers={name: value for name, value in given.items() if name != without},
            **sent,
        )
