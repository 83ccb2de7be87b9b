"""Schemathesis set up for this API: every check on, each exception with the rule that makes it one."""

from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from enum import StrEnum
from itertools import chain
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zlib import crc32

import httpx
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.meta import TestPhase

from tests.contract.document import DOCUMENT
from tests.contract.living import Living
from tests.contract.things import PASSWORD
from tests.factories.world import Person

CONFIG = """
base-url = "{url}"
seed = {seed}

[generation]
max-examples = {max_examples}
deterministic = true
database = "none"

[phases.coverage]
enabled = {coverage}
# The other methods of each address: tests/contract/test_every_operation.py asks them, once each.
unexpected-methods = ["trace"]

[phases.stateful]
max-steps = 6

[checks]
max_response_time = 5

# Valid by the schema, refused by a rule that no schema can say, each by its own name: 400 a cursor this server never
# gave, 410 one that it may have given; 412 a version that was never there; 422 a time past, a blank line, a zone that
# does not exist, an id of somebody else; 429 many passwords that are wrong; 409, 403, 404 stand in the default. 5xx is
# no answer to valid data.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "400", "401", "403", "404", "409", "410", "412", "422", "429"]

# Besides the usual: 410, a cursor that may have been one; 412, a version that is not the current one; 413, a body too
# large; 428, no version named.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "410", "412", "413", "415", "422", "428"]

# The one required header is If-Match, and it being absent is 428 by api.md 8.
[checks.missing_required_header]
expected-statuses = ["428", "401", "404", "422"]

# The bounds of what a read is asked by are those of a few parameters that all lists share, and the conventions test
# asks each with them.
[[operations]]
include-method = "GET"
phases.coverage.enabled = false

# A stream of events is described as text: an item's own schema breaks generators, and is what this check would want.
[[operations]]
include-operation-id = "watchMeeting"
checks.response_schema_conformance.enabled = false

# A form makes a word of everything: a title that is generated as wrong, being a number, arrives as a right one.
[[operations]]
include-operation-id = "uploadDocument"
checks.negative_data_rejection.enabled = false
"""


KEY = "Idempotency-Key"
LONGEST_ADDRESS = 60_000
"""In characters: beyond 64 KiB the server itself refuses the request, before the application hears of it."""
FRAMING = {"content-length", "transfer-encoding"}
"""What is wrong with these the server itself refuses, too."""
ENDS_A_SESSION = {"POST /v1/auth/logout", "DELETE /v1/me/sessions/{session_id}"}


class Bounds(StrEnum):
    """Which bounds of the schemas are walked; they are refused for the same reason whoever asks."""

    none = "none"
    one_of_each_kind = "one_of_each_kind"
    """Of each operation's body and parameters one that is too long, one of a wrong type, and so on."""
    all = "all"


class SignedInAgain:
    """Signs in when the last session is no more: signing out is one of the operations.

    Who has left cannot, and shows the token of their old session.
    """

    def __init__(self, client: httpx.Client, living: Living, person: Person) -> None:
        self._client = client
        self._living = living
        self._person = person
        self._token: str | None = None

    def get(self, _case: object, _context: object) -> str:
        if self._token is None:
            installation = {"installation_id": str(self._person.installation_id), "platform": "android"}
            answer = self._client.post(
                "/v1/auth/login",
                json={"phone": self._person.phone, "password": PASSWORD, "installation": installation},
            )
            is_refused = answer.status_code == httpx.codes.UNAUTHORIZED
            self._token = self._living.token(self._person) if is_refused else str(answer.json()["access_token"])
        return self._token

    def forget(self) -> None:
        self._token = None

    def set(self, case: Any, token: str, _context: object) -> None:  # Any: Schemathesis' own case
        framed = {name: value for name, value in (case.headers or {}).items() if name.lower() not in FRAMING}
        headers = {**framed, "Authorization": f"Bearer {token}"}
        if KEY in headers:  # here, since no other hook is asked of the cases that walk the bounds
            headers[KEY] = _fresh(headers[KEY])
        case.headers = headers


def fuzz(
    living: Living, person: Person | None, *, max_examples: int, bounds: Bounds, seed: int = 1
) -> tuple[list[str], Counter[str]]:
    """Run every phase against the server, as nobody where no person is named.

    Return what was found, and how many calls had which status.
    """
    settings = CONFIG.format(
        url=living.url, max_examples=max_examples, seed=seed, coverage=str(bounds is not Bounds.none).lower()
    )
    schema = schemathesis.openapi.from_dict(deepcopy(DOCUMENT), config=SchemathesisConfig.from_str(settings))
    client = httpx.Client(base_url=living.url)
    if person is not None:
        _sign_in(schema, SignedInAgain(client, living, person))

    def map_path_parameters(context: object, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        del context
        return {name: _existing(living, name, value) for name, value in (path_parameters or {}).items()} or None

    asked: set[tuple[object, ...]] = set()

    def filter_case(context: object, case: Any) -> bool:
        del context
        if len(urlencode(case.query or {}, doseq=True)) > LONGEST_ADDRESS:
            return False
        if bounds is Bounds.all or case.meta.phase.name != TestPhase.COVERAGE:
            return True
        bound = case.meta.phase.data
        kind = (case.operation.label, bound.parameter_location, bound.scenario)
        is_first = kind not in asked
        asked.add(kind)
        return is_first

    schema.hook(filter_case)
    schema.hook(map_path_parameters)
    try:
        return _collect(from_schema(schema).execute())
    finally:
        client.close()


def _sign_in(schema: Any, caller: SignedInAgain) -> None:  # Any: Schemathesis' own schema
    @schema.auth(refresh_interval=None)
    class Caller:
        get = caller.get
        set = caller.set

    def after_call(context: object, case: Any, response: Any) -> None:
        del context
        if case.operation.label in ENDS_A_SESSION and response.status_code == httpx.codes.NO_CONTENT:
            caller.forget()

    schema.hook(after_call)


def _collect(stream: Iterable[events.EngineEvent]) -> tuple[list[str], Counter[str]]:
    found: dict[str, str] = {}
    statuses: Counter[str] = Counter()
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            answers = (interaction.response for interaction in event.recorder.interactions.values())
            statuses.update(str(answer.status_code) for answer in answers if answer is not None)
            for check in chain.from_iterable(event.recorder.checks.values()):
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    key = f"{check.name} {failure.operation}: {failure.message}"
                    found.setdefault(key[:200], f"{key}\n{check.failure_info.code_sample}")
        elif isinstance(event, events.NonFatalError):
            found.setdefault(event.label, f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return list(found.values()), statuses


def _fresh(key: Any) -> Any:
    # One that was used belongs to another request; what is generated as wrong stays wrong.
    try:
        UUID(str(key))
    except ValueError:
        return key
    return str(uuid4())


def _existing(living: Living, name: str, value: Any) -> Any:
    # Two of three well-formed ids become one of something that exists; what is generated as wrong stays wrong.
    known = living.ids.get(name)
    choice = crc32(str(value).encode())
    try:
        UUID(str(value))
    except ValueError:
        return value
    return known[choice % len(known)] if known and choice % 3 else value
