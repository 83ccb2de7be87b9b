"""What holds for every operation alike (api.md, conventions), asked of each one that the document declares.

Which checks an operation must pass is read from what it declares: a header it takes, a body, a list. So a new one is in
by itself.
"""

import re
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.contract.asking import OPERATIONS, Ask, Operation, SignedIn
from tests.contract.roles import Things
from tests.factories.world import World

PROBLEM = "application/problem+json"
KEY = "Idempotency-Key"
UNKNOWN = {"khong_co_truong_nay": "1"}
UNREADABLE = (
    (b"{", 400, "body_not_json"),
    (b'{"a": NaN}', 400, "body_not_json"),
    (b'{"a": "\\ud800"}', 400, "body_not_json"),
    (b'{"a": 99999999999999999999}', 400, "body_not_json"),
    (b"[" * 20 + b"]" * 20, 400, "body_too_deep"),
    (b"\xff\xfe", 400, "body_not_json"),
    (b'{"a": "' + b"a" * 65_536 + b'"}', 413, "body_too_large"),
)
WISHES = (("en", "en"), ("vi-VN,vi;q=0.9", "vi"), ("fr", "vi"))
STALE = ('"7-0"', '"999999999-0"', "*", "never given", "")
CURSORS = ("0", "!!!", "W10", "WyJhIiwgImIiXQ", "WyIiLG51bGxd", "a" * 500)
LIMITS = ("0", "101", "-1", "99999999999999999999", "x")
# Passwords, codes and tokens: nothing of these is kept.
SECRET = {
    "activateAccount",
    "signIn",
    "refreshTokens",
    "signOut",
    "changePassword",
    "issueActivationCode",
    "makeMyCalendar",
    "signInByIdentity",
    "linkIdentity",
    "enrolSecondFactor",
    "confirmSecondFactor",
    "renewRecoveryCodes",
    "removeSecondFactor",
}
# Ballots too; and what shares its route class with those above.
KEPT_NOTHING_OF = SECRET | {"castBallot", "revokeMyCalendar", "unlinkIdentity", "resetSecondFactor"}
# Open to everybody; pages by a cursor of their own, which tells what is new; a copy that no cache may hold.
UNTAGGED = {"getHealth", "getReadiness", "getJwks", "getChanges", "exportMyData"}
# Their answer is what was found, row by row, and no thing that could be read again.
REPORTING = {"correctMembers", "importMembers", "importTree", "requeueDeliveries"}
# What no phone's cache may hold.
NOT_STORED = {"exportMyData"}
_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")

Effects = Callable[[], Awaitable[tuple[int, ...]]]
Check = Callable[[Ask, Effects], Awaitable[None]]


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def pointers(answer: Response) -> dict[str, str]:
    return {field["pointer"]: field["code"] for field in answer.json()["errors"]}


def shape(answer: Response) -> tuple[int, str]:
    """What was answered, with every id by the order in which it comes: of two runs these are two."""
    order: dict[str, str] = {}
    return answer.status_code, _ID.sub(lambda found: order.setdefault(found[0], f"#{len(order)}"), answer.text)


async def echoes_the_request_id_and_stays_private(ask: Ask, _: Effects) -> None:
    answer = await ask({"X-Request-Id": "dien-thoai:42"})
    assert answer.headers["X-Request-Id"] == "dien-thoai:42"
    is_file = answer.is_success and not ask.operation.answers_json and answer.content
    caching = "private, no-store" if ask.operation.name in NOT_STORED and answer.is_success else "private, no-cache"
    assert re.fullmatch("private, .+" if is_file else caching, answer.headers["Cache-Control"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.is_success == ask.operation.succeeds, answer.text


async def refuses_other_methods_by_naming_its_own(ask: Ask, _: Effects) -> None:
    documented = {other.method for other in OPERATIONS if other.path == ask.operation.path}
    documented |= {"HEAD"} if "GET" in documented else set()
    answers = [await ask.anybody.request("TRACE", ask.path, headers={"Accept-Language": wish}) for wish, _ in WISHES]
    for answer in answers:
        assert code_of(answer) == (405, "method_not_allowed")
        assert set(answer.headers["Allow"].split(", ")) == documented
    _speak_the_readers_language(answers)


async def refuses_whoever_is_not_signed_in(ask: Ask, _: Effects) -> None:
    method, path = ask.operation.method, ask.path
    answers = [await ask.anybody.request(method, path, headers={"Accept-Language": wish}) for wish, _ in WISHES]
    for answer in answers:
        assert code_of(answer) == (401, "token_invalid")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    _speak_the_readers_language(answers)


def _speak_the_readers_language(answers: list[Response]) -> None:
    for answer, (_, language) in zip(answers, WISHES, strict=True):
        problem = answer.json()
        assert answer.headers["Content-Type"] == PROBLEM
        assert answer.headers["Content-Language"] == language
        assert "Accept-Language" in answer.headers["Vary"]
        assert (problem["status"], problem["type"]) == (answer.status_code, f"/problems/{problem['code']}")
        assert problem["request_id"] == answer.headers["X-Request-Id"]
    english, vietnamese, french = (answer.json()["title"] for answer in answers)
    assert english != vietnamese == french


async def refuses_bodies_that_cannot_be_read(ask: Ask, _: Effects) -> None:
    for content, status, code in UNREADABLE:
        answer = await ask(content=content)
        assert code_of(answer) == (status, code), content[:40]
        assert answer.headers["Content-Type"] == PROBLEM


async def refuses_fields_by_their_pointers(ask: Ask, _: Effects) -> None:
    answers = [await ask({"Accept-Language": wish}, fields=UNKNOWN) for wish, _ in WISHES]
    for answer in answers:
        assert code_of(answer) == (422, "fields_not_valid")
        assert pointers(answer)["/khong_co_truong_nay"] == "extra_forbidden"
    _speak_the_readers_language(answers)
    answer = await ask(fields={"title": "a\x00b"})
    assert (code_of(answer), pointers(answer)) == ((422, "text_not_allowed"), {"/title": "control_character"})
    assert ask.operation.schema is not None
    required = ask.operation.schema.get("required", ())
    if required:
        answer = await ask(fields=dict.fromkeys(required))
        assert code_of(answer) == (422, "fields_not_valid")
        assert pointers(answer).keys() >= {f"/{name}" for name in required}
        unsent = await ask(content=b"")
        assert (code_of(unsent), pointers(unsent).keys()) == (code_of(answer), pointers(answer).keys())


async def takes_null_for_not_sent(ask: Ask, _: Effects) -> None:
    assert ask.operation.schema is not None
    unsent = ask.operation.schema["properties"].keys() - ask.body.keys() - set(ask.operation.schema.get("required", ()))
    if unsent:
        without, with_nulls = await ask.undone(ask), await ask.undone(lambda: ask(fields=dict.fromkeys(unsent)))
        assert shape(with_nulls) == shape(without)


async def answers_304_to_whoever_has_it(ask: Ask, _: Effects) -> None:
    first = await ask()
    if first.is_success:
        again = await ask({"If-None-Match": f'"0-other", {first.headers["ETag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


async def tags_what_each_reader_sees(ask: Ask, _: Effects) -> None:
    first, other = await ask(), await ask.other.get(ask.path)
    assert other.headers.get("ETag") != first.headers["ETag"]


async def changes_only_the_version_that_was_seen(ask: Ask, _: Effects) -> None:
    if ask.operation.method != "POST":
        assert code_of(await ask(without="If-Match")) == (428, "if_match_missing")
    for stale in STALE:
        answer = await ask({"If-Match": stale})
        assert code_of(answer) == (412, "version_changed"), stale
        assert answer.json()["current_version"] == 1


async def comes_in_pages_of_an_envelope(ask: Ask, _: Effects) -> None:
    answer = await ask()
    assert set(answer.json()) == {"items", "next_cursor"}
    assert isinstance(answer.json()["items"], list)
    for cursor in CURSORS:
        answer = await ask(params={"cursor": cursor})
        assert code_of(answer) == (400, "cursor_invalid"), cursor
    for limit in LIMITS:
        answer = await ask(params={"limit": limit})
        assert (answer.status_code, set(pointers(answer))) == (422, {"query/limit"}), limit


async def spares_its_body_if_asked(ask: Ask, _: Effects) -> None:
    answer = await ask({"Prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Preference-Applied"] == "return=minimal"
    assert answer.headers["ETag"].startswith('"')


async def takes_effect_once_under_a_key(ask: Ask, effects: Effects) -> None:
    malformed = await ask({KEY: "1"})
    assert (malformed.status_code, set(pointers(malformed))) == (422, {f"header/{KEY}"})
    unkeyed = await ask.undone(ask)  # a key is a wish (api.md 10), no condition
    before = await effects()
    headers = {KEY: str(uuid4())}
    first = await ask(headers)
    assert shape(first) == shape(unkeyed)
    assert "Idempotency-Replayed" not in first.headers
    done = await effects()

    again = await ask(headers)
    if not first.is_success:  # a refusal is not kept
        assert (shape(again), done, await effects()) == (shape(first), before, before)
        assert "Idempotency-Replayed" not in again.headers
        return
    if ask.operation.name == "endSession":  # the caller's own: whoever repeats must still be signed in
        assert code_of(again) == (401, "token_invalid")
        return
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers.get("ETag") == first.headers.get("ETag")

    others = [await ask(headers, params=UNKNOWN), await ask({**headers, "If-Match": '"7-0"'})]
    if ask.operation.has_body:
        others.append(await ask(headers, fields=UNKNOWN))
    for other in others:
        assert code_of(other) == (422, "idempotency_key_reused")
    assert await effects() == done != before


def checks_of(operation: Operation) -> list[Check]:
    """Return what must hold of an operation, by what it declares."""
    taken = operation.parameters
    is_read = "If-None-Match" in taken
    applicable = {
        echoes_the_request_id_and_stays_private: True,
        refuses_other_methods_by_naming_its_own: True,
        refuses_whoever_is_not_signed_in: operation.needs_sign_in,
        refuses_bodies_that_cannot_be_read: operation.schema is not None,
        refuses_fields_by_their_pointers: operation.schema is not None,
        takes_null_for_not_sent: operation.schema is not None,
        answers_304_to_whoever_has_it: is_read,
        # A file's ETag is the digest of its bytes, the same for all who may read it (api.md 11).
        tags_what_each_reader_sees: is_read and operation.answers_json,
        changes_only_the_version_that_was_seen: "If-Match" in taken,
        # Catching up has pages of its own: always a next cursor, and up to 200 objects (api.md, "Catching up").
        comes_in_pages_of_an_envelope: {"cursor", "limit"} <= taken and operation.name != "getChanges",
        spares_its_body_if_asked: "Prefer" in taken and operation.succeeds,
        takes_effect_once_under_a_key: KEY in taken,
    }
    return [check for check, applies in applicable.items() if applies]


@pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
async def test_operation_keeps_the_conventions(
    operation: Operation,
    world: World,
    things: Things,
    client: AsyncClient,
    signed_in: SignedIn,
    database: RolledBackDatabase,
    subtests: pytest.Subtests,
) -> None:
    async with database.session() as session:
        connection = await session.connection()

        async def effects() -> tuple[int, ...]:
            tables = ("events", "procrastinate_jobs", "idempotency_keys", "documents")
            counted = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
            return tuple((await connection.execute(text(f"SELECT {counted}"))).one())

        async def undone(work: Callable[[], Awaitable[Response]]) -> Response:
            savepoint = await connection.begin_nested()
            answer = await work()
            await savepoint.rollback()
            return answer

        ask = Ask(operation, world, things, signed_in, client, undone)
        for check in checks_of(operation):
            with subtests.test(check.__name__):
                savepoint = await connection.begin_nested()
                try:
                    await check(ask, effects)
                finally:
                    await savepoint.rollback()


def test_every_write_takes_a_key_but_those_that_hold_secrets() -> None:
    writes = {operation.name for operation in OPERATIONS if operation.method != "GET"}
    assert {operation.name for operation in OPERATIONS if KEY in operation.parameters} == writes - KEPT_NOTHING_OF


def test_every_operation_has_a_row_that_succeeds_but_those_that_need_a_secret_or_a_machine() -> None:
    """Whatever is refused anyway shows no conventions of a success."""
    needy = {"activateAccount", "signIn", "refreshTokens", "checkIn", "getReadiness", "getDocumentContent"}
    needy |= {"signInByIdentity", "linkIdentity", "confirmSecondFactor", "renewRecoveryCodes", "removeSecondFactor"}
    assert {operation.name for operation in OPERATIONS if not operation.succeeds} == needy


def test_every_read_of_a_thing_or_a_list_can_be_answered_304() -> None:
    reads = {operation.name for operation in OPERATIONS if operation.method == "GET" and operation.answers_json}
    conditional = {operation.name for operation in OPERATIONS if "If-None-Match" in operation.parameters}
    assert reads - conditional == UNTAGGED


def test_every_command_that_answers_with_a_thing_can_be_asked_to_spare_it() -> None:
    answering = {operation.name for operation in OPERATIONS if operation.method != "GET" and operation.answers_thing}
    sparing = {operation.name for operation in OPERATIONS if "Prefer" in operation.parameters}
    assert answering - sparing == (SECRET & answering) | REPORTING
