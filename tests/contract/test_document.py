"""The published document: valid, current, and in the house style that generated clients were tested with."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from openapi_spec_validator import validate

from app.kernel.errors import AppError
from app.kernel.problems import MEDIA_TYPE
from tests.contract.document import APP, DOCUMENT

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("get", "put", "post", "delete", "patch")
Operation = dict[str, Any]  # Any: a part of a JSON document


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return APP


@pytest.fixture(scope="module")
def document() -> Operation:
    return DOCUMENT


def operations(document: Operation) -> Iterator[tuple[str, str, Operation]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def nodes(node: Any, pointer: str = "") -> Iterator[tuple[str, Operation]]:
    """Every object of the document but what stands inside examples and defaults."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from nodes(item, f"{pointer}/{index}")
    if isinstance(node, dict):
        yield pointer, node
        for name, value in node.items():
            if name not in {"examples", "example", "default"}:
                yield from nodes(value, f"{pointer}/{name}")


def codes_of(kind: type[AppError]) -> Iterator[str]:
    for child in kind.__subclasses__():
        yield child.code
        yield from codes_of(child)


def test_document_is_valid_openapi_3_1(document: Operation) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_checked_in_document_is_the_one_the_routes_make(document: Operation) -> None:
    """To the letter: scripts/check says so of what scripts/export_openapi.py writes."""
    assert json.loads((ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8")) == document


def test_checked_in_document_is_written_in_letters_not_escapes() -> None:
    text = (ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8")
    assert "Chi bộ thôn Đông" in text
    assert "\\u" not in text


def test_every_operation_has_a_route_and_every_route_an_operation(app: FastAPI, document: Operation) -> None:
    served = {
        (context.path_format, method.lower())
        for context in api_routes(app)
        if context.include_in_schema
        for method in context.methods
    }
    assert {(path, method) for path, method, _ in operations(document)} == served


def api_routes(app: FastAPI) -> Iterator[Any]:
    """Every API route with its whole path. Any: FastAPI has no public type for a route in an included router."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "effective_route_contexts"):
            yield from route.effective_route_contexts()


def test_every_operation_is_named_by_verb_and_noun_once(document: Operation) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)+", name)] == []


def test_every_operation_has_one_declared_tag_a_summary_and_a_description(document: Operation) -> None:
    declared = {tag["name"] for tag in document["tags"] if tag["description"]}
    for path, method, operation in operations(document):
        assert len(operation["tags"]) == 1, (path, method)
        assert set(operation["tags"]) <= declared, (path, method)
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)


def test_paths_are_kebab_and_parameters_snake(document: Operation) -> None:
    for path, _, operation in operations(document):
        if path.startswith("/v1"):
            assert re.fullmatch(r"/v1(/([a-z0-9.]+(-[a-z0-9.]+)*|\{[a-z_]+\}(\.(ics|xlsx|pdf))?))+", path), path
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "header":
                assert re.fullmatch(r"[a-z][a-z0-9_]*", parameter["name"]), (path, parameter["name"])


def test_properties_are_snake_case(document: Operation) -> None:
    names = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", ())}
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


def test_schemas_have_names_of_their_own(document: Operation) -> None:
    names = document["components"]["schemas"]
    assert [name for name in names if re.search(r"(-Input|-Output|__|^Body_|ValidationError)", name)] == []


@pytest.mark.parametrize(("kind", "sizes"), [("integer", {"int32", "int64"}), ("number", {"double"})])
def test_every_number_says_its_size(document: Operation, kind: str, sizes: set[str]) -> None:
    said = {at: node.get("format") for at, node in nodes(document) if node.get("type") == kind}
    assert said
    assert set(said.values()) <= sizes, said


def test_unions_are_only_ever_something_or_null(document: Operation) -> None:
    for at, node in nodes(document["components"]["schemas"]):
        assert "oneOf" not in node, at
        if "anyOf" in node:
            assert len(node["anyOf"]) == 2, at
            assert {"type": "null"} in node["anyOf"], at


def test_every_error_is_a_problem_and_there_is_a_default(document: Operation) -> None:
    for path, method, operation in operations(document):
        responses = operation["responses"]
        assert "default" in responses, (path, method)
        for status, response in responses.items():
            if status[0] in "45d":
                schema = response["content"][MEDIA_TYPE]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (path, method, status)


def test_declared_problems_are_errors_the_server_has(document: Operation) -> None:
    known = set(codes_of(AppError))
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            for code, example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).items():
                value = example["value"]
                assert code in known, (path, method, code)
                assert value["code"] == code, (path, method, code)
                assert str(value["status"]) == status, (path, method, code)
                assert set(value) == set(document["components"]["schemas"]["Problem"]["properties"])


def test_lists_come_in_an_envelope(document: Operation) -> None:
    schemas = document["components"]["schemas"]
    lists = [
        (path, operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1])
        for path, method, operation in operations(document)
        if method == "get" and operation["operationId"].startswith("list")
    ]
    assert lists
    for path, name in lists:
        assert set(schemas[name]["properties"]) == {"items", "next_cursor"}, path
        assert set(schemas[name]["required"]) == {"items", "next_cursor"}, path
        assert schemas[name]["properties"]["items"]["type"] == "array", path


def test_responses_leave_nothing_out(document: Operation) -> None:
    schemas = document["components"]["schemas"]
    seen: set[str] = set()
    waiting = [
        schema["$ref"].rsplit("/", 1)[-1]
        for _, _, operation in operations(document)
        for response in operation["responses"].values()
        for media in response.get("content", {}).values()
        for _, schema in nodes(media["schema"])
        if "$ref" in schema
    ]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            found = schemas[name]
            assert set(found.get("required", ())) == set(found.get("properties", ())), name
            waiting += [node["$ref"].rsplit("/", 1)[-1] for _, node in nodes(found) if "$ref" in node]


def test_request_bodies_say_that_unknown_fields_are_refused(document: Operation) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        waiting, bodies = [content["application/json"]["schema"]], set[str]()
        while waiting:  # what is within them too
            for name in set(re.findall(r"'#/components/schemas/(\w+)'", str(waiting.pop()))) - bodies:
                bodies.add(name)
                waiting.append(schemas[name])
        for name in bodies:
            if schemas[name].get("type") == "object":
                assert schemas[name]["additionalProperties"] is False, (path, method, name)


def test_what_may_be_left_out_of_a_body_may_also_be_null(document: Operation) -> None:
    for name, schema in document["components"]["schemas"].items():
        if schema.get("additionalProperties") is False:
            for field, described in schema["properties"].items():
                if field not in schema.get("required", ()):
                    assert {"type": "null"} in described.get("anyOf", ()), (name, field)


def test_every_text_and_number_has_an_example(document: Operation) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            kinds = [described, *described.get("anyOf", ())]
            plain = [kind for kind in kinds if kind.get("type") in {"string", "integer"}]
            if plain and described.get("format") != "binary":
                assert any("examples" in kind for kind in kinds), (name, field)


def test_tagged_reads_say_304_and_changes_of_shared_things_need_if_match(document: Operation) -> None:
    for path, method, operation in operations(document):
        headers = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
        assert ("304" in operation["responses"]) == ("If-None-Match" in headers), (path, method)
        if "If-None-Match" in headers:
            assert method == "get", path
            assert "ETag" in operation["responses"]["200"]["headers"], path
        if "If-Match" in headers:
            # A step may say which version it means; a change must.
            assert headers["If-Match"]["required"] == (method != "post"), (path, method)
            assert "412" in operation["responses"], (path, method)
            assert ("428" in operation["responses"]) == (method != "post"), (path, method)


def test_every_answer_names_its_request(document: Operation) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            assert "X-Request-Id" in response["headers"], (path, method, status)


def test_every_operation_says_whether_it_needs_a_sign_in(document: Operation) -> None:
    assert document["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"
    for path, method, operation in operations(document):
        assert "security" in operation, (path, method)
        if operation["security"]:
            assert "401" in operation["responses"], (path, method)
