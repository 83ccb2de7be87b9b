"""What breaks clients of the released document is caught, and what only adds is not."""

import copy
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/breaking_changes.py"
breaks: Callable[[Any, Any], list[str]] = runpy.run_path(str(SCRIPT))["breaks"]

PROBLEM: dict[str, Any] = {
    "application/problem+json": {"schema": {}, "examples": {"vote_closed": {}, "vote_not_found": {}}}
}
RELEASED: dict[str, Any] = {
    "paths": {
        "/votes/{id}": {
            "put": {
                "operationId": "castVote",
                "tags": ["votes"],
                "security": [{"token": []}],
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
                    {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 9}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Write"}}}},
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/View"}}},
                        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
                    },
                    "409": {"content": PROBLEM},
                },
            },
            "get": {"operationId": "getVote", "tags": ["votes"], "security": [], "responses": {}},
        }
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A token"}},
        "headers": {"ETag": {"required": True, "schema": {"type": "string"}}},
        "schemas": {
            "Choice": {"type": "string", "enum": ["for", "against"]},
            "Write": {
                "type": "object",
                "additionalProperties": False,
                "required": ["choice"],
                "properties": {
                    "choice": {"$ref": "#/components/schemas/Choice"},
                    "note": {"anyOf": [{"type": "string", "maxLength": 200}, {"type": "null"}], "default": "none"},
                    "weights": {"type": "array", "maxItems": 5, "items": {"type": "integer", "minimum": 1}},
                },
            },
            "View": {
                "type": "object",
                "required": ["choice", "count", "by"],
                "properties": {
                    "choice": {"$ref": "#/components/schemas/Choice"},
                    "count": {"type": "integer", "format": "int32", "maximum": 9},
                    "by": {"anyOf": [{"$ref": "#/components/schemas/Person"}, {"type": "null"}]},
                },
            },
            "Person": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        },
    },
}
PUT = "/paths/~1votes~1{id}/put"
WRITE, VIEW, PERSON = (f"/components/schemas/{name}" for name in ("Write", "View", "Person"))
GONE = object()
PLANTED = [
    ("/paths/~1votes~1{id}", GONE, "GET /votes/{id}: removed"),
    ("/paths/~1votes~1{id}/get", GONE, "GET /votes/{id}: removed"),
    (f"{PUT}/operationId", "vote", "PUT /votes/{id}: operationId castVote became vote"),
    (f"{PUT}/tags/0", "polls", 'PUT /votes/{id}: tags ["votes"] became ["polls"]'),
    (f"{PUT}/security", [], "PUT /votes/{id}: its sign-in changed"),
    ("/paths/~1votes~1{id}/get/security", [{"token": []}], "GET /votes/{id}: its sign-in changed"),
    ("/components/securitySchemes/token", GONE, "sign-in token: removed or changed"),
    ("/components/securitySchemes/token/scheme", "basic", "sign-in token: removed or changed"),
    (f"{PUT}/parameters/1", GONE, "PUT /votes/{id}: parameter q (query) removed"),
    (f"{PUT}/parameters/1/required", True, "PUT /votes/{id}: parameter q (query) became required"),
    (f"{PUT}/parameters/1/name", "find", "PUT /votes/{id}: parameter q (query) removed"),
    (f"{PUT}/parameters/1/schema/maxLength", 8, "PUT /votes/{id}: parameter q (query): maxLength 9 became 8"),
    (
        f"{PUT}/parameters/-",
        {"name": "If-Match", "in": "header", "required": True, "schema": {}},
        "PUT /votes/{id}: parameter If-Match (header) is new and required",
    ),
    (f"{PUT}/requestBody", GONE, "PUT /votes/{id}: body removed"),
    (f"{PUT}/requestBody/required", True, "PUT /votes/{id}: body became required"),
    (f"{PUT}/requestBody/content/application~1json", GONE, "PUT /votes/{id}: body application/json removed"),
    (f"{PUT}/responses/200", GONE, "PUT /votes/{id}: 200: removed"),
    (f"{PUT}/responses/409", GONE, "PUT /votes/{id}: 409: removed"),
    (f"{PUT}/responses/200/content/application~1json", GONE, "PUT /votes/{id}: 200: application/json removed"),
    (f"{PUT}/responses/200/headers/ETag", GONE, "PUT /votes/{id}: 200: header ETag removed"),
    ("/components/headers/ETag/required", False, "PUT /votes/{id}: 200: header ETag may be missing"),
    ("/components/headers/ETag/schema/type", "integer", "header ETag: type string became integer"),
    (
        f"{PUT}/responses/409/content/application~1problem+json/examples/vote_closed",
        GONE,
        "problem vote_closed: removed",
    ),
    (f"{WRITE}/properties/note", GONE, "Write in requests.note removed"),
    (f"{WRITE}/required/-", "note", "Write in requests.note became required"),
    (f"{WRITE}/required/-", "reason", "Write in requests.reason is new and required"),
    (f"{WRITE}/properties/note", {"type": "string", "maxLength": 200}, "Write in requests.note refuses null"),
    (f"{WRITE}/properties/note/default", "other", "Write in requests.note: default none became other"),
    (f"{WRITE}/properties/note/anyOf/0/maxLength", 100, "Write in requests.note: maxLength 200 became 100"),
    (f"{WRITE}/properties/note/anyOf/0/minLength", 1, "Write in requests.note: minLength nothing became 1"),
    (f"{WRITE}/properties/note/anyOf/0/pattern", "^a", "Write in requests.note: pattern nothing became ^a"),
    (f"{WRITE}/properties/note/anyOf/0/enum", ["a"], "Write in requests.note: its values were listed"),
    (f"{WRITE}/properties/weights/maxItems", 4, "Write in requests.weights: maxItems 5 became 4"),
    (f"{WRITE}/properties/weights/items/minimum", 2, "Write in requests.weights[]: minimum 1 became 2"),
    ("/components/schemas/Choice/enum/0", GONE, "Choice in requests: value for removed"),
    ("/components/schemas/Choice/enum", GONE, "Choice in responses: its values are listed no more"),
    (f"{PERSON}/additionalProperties", {"type": "string"}, None),
    (f"{VIEW}/properties/count", GONE, "View in responses.count removed"),
    (f"{VIEW}/properties/count/type", "number", "View in responses.count: type integer became number"),
    (f"{VIEW}/properties/count/format", "int64", "View in responses.count: format int32 became int64"),
    (f"{VIEW}/required/1", GONE, "View in responses.count may be missing"),
    (
        f"{VIEW}/properties/count",
        {"anyOf": [{"type": "integer", "format": "int32"}, {"type": "null"}]},
        "View in responses.count may be null",
    ),
    (f"{PERSON}/properties/name", GONE, "Person in responses.name removed"),
    (
        f"{VIEW}/properties/by/anyOf/0/$ref",
        "#/components/schemas/View",
        "View in responses.by: Person became View",
    ),
    # What only adds.
    ("/paths/~1polls", {"get": {"operationId": "listPolls"}}, None),
    (f"{PUT}/summary", "Vote", None),
    (f"{PUT}/parameters/-", {"name": "page", "in": "query", "schema": {"type": "integer"}}, None),
    (f"{PUT}/parameters/1/schema/maxLength", 10, None),
    (f"{PUT}/responses/404", {"content": PROBLEM}, None),
    (f"{PUT}/responses/409/content/application~1problem+json/examples/vote_secret", {}, None),
    ("/components/securitySchemes/token/description", "Another word", None),
    ("/components/schemas/Choice/enum/-", "blank", None),
    (f"{WRITE}/required", [], None),
    (f"{WRITE}/properties/reason", {"type": "string"}, None),
    (f"{WRITE}/properties/note/anyOf/0/maxLength", GONE, None),
    (f"{WRITE}/properties/weights/items/minimum", 0, None),
    (f"{VIEW}/properties/closed", {"type": "boolean"}, None),
    (f"{VIEW}/properties/count/maximum", 99, None),
    (f"{VIEW}/properties/by", {"$ref": "#/components/schemas/Person"}, None),
]


def changed(pointer: str, value: object) -> dict[str, Any]:
    document = copy.deepcopy(RELEASED)
    *way, last = (step.replace("~1", "/") for step in pointer.removeprefix("/").split("/"))
    node: Any = document
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if isinstance(node, list) and last == "-":
        node.append(value)
    else:
        key = int(last) if isinstance(node, list) else last
        if value is GONE:
            del node[key]
        else:
            node[key] = value
    return document


@pytest.mark.parametrize(("pointer", "value", "caught"), PLANTED)
def test_break_is_caught_and_addition_is_not(pointer: str, value: object, caught: str | None) -> None:
    found = breaks(RELEASED, changed(pointer, value))

    assert caught in found if caught else found == []


def test_unknown_fields_that_come_to_be_refused_are_caught() -> None:
    open_before = changed(f"{WRITE}/additionalProperties", GONE)

    assert breaks(open_before, RELEASED) == ["Write in requests: additionalProperties are refused"]


def test_each_break_is_said_once_and_needs_a_declaration_that_still_holds(tmp_path: Path) -> None:
    """The real program in a copy: undeclared, declared, stale, released."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("bench", "__pycache__"))
    folder = tmp_path / "openapi"
    folder.mkdir()
    (folder / "openapi.json").write_text(json.dumps(changed(f"{VIEW}/properties/count", GONE)))
    (folder / "released.json").write_text(json.dumps(RELEASED))
    declared = folder / "breaking-changes.toml"

    def check(*options: str) -> tuple[int, list[str]]:
        program = (sys.executable, str(tmp_path / "scripts/breaking_changes.py"), *options)
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()[:-1]

    declared.write_text("")
    assert check() == (1, ["breaks clients: View in responses.count removed"])
    declared.write_text('[[change]]\nwhat = "View in responses.count removed"\n')
    assert check() == (1, ["declared without a reason: View in responses.count removed"])
    declared.write_text('[[change]]\nwhat = "View in responses.count removed"\nreason = "Nobody read it"\n')
    assert check() == (0, [])
    (folder / "openapi.json").write_text(json.dumps(RELEASED))
    assert check() == (1, ["declared, but no break: View in responses.count removed"])
    assert check("--release") == (0, [])
    assert check() == (0, [])
    assert (folder / "released.json").read_text() == json.dumps(RELEASED)
