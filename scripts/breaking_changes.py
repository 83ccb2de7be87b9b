"""Compares openapi/openapi.json with the released document: what breaks a client must be declared, with its reason.

`--release` makes the present document the released one.
"""

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).resolve().parents[1] / "openapi"
CURRENT, RELEASED, DECLARED = FOLDER / "openapi.json", FOLDER / "released.json", FOLDER / "breaking-changes.toml"
HEAD = """\
# What breaks clients of openapi/released.json, each with its reason; the checks refuse any other break.
#
# [[change]]
# what = "the line that scripts/check prints"
# reason = "why no client is harmed, or why that is right all the same"
"""
PROBLEM = "application/problem+json"
NOTHING_MORE = {"maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"}
NOTHING_LESS = {"minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"}
EXACTLY = {"pattern", "multipleOf", "uniqueItems"}
# Not compared part by part, since the document has none (tests/contract/test_document.py).
WHOLE = ("allOf", "oneOf", "not", "if", "prefixItems", "patternProperties", "propertyNames", "contentMediaType")

Node = dict[str, Any]  # Any: JSON
Side = Literal["request", "response"]


def breaks(released: Node, current: Node) -> list[str]:
    """Return a line for each difference that a client generated from the released document cannot take.

    A request may come to allow more and a response to hold more, never the other way. Enums in responses are open
    (a new value is no break). Renamed operations, tags and schemas rename what generated clients call.
    """
    return sorted(set(_Comparison(released, current).run()))


class _Comparison:
    def __init__(self, released: Node, current: Node) -> None:
        self._old, self._new = released, current
        self._seen: set[tuple[str, str, Side]] = set()

    def run(self) -> Iterator[str]:
        new = dict(_operations(self._new))
        for name, old in _operations(self._old):
            if name in new:
                yield from (f"{name}: {what}" for what in self._operation(old, new[name]))
                yield from self._schemas_of(name, old, new[name])
            else:
                yield f"{name}: removed"
        schemes = self._new.get("components", {}).get("securitySchemes", {})
        for name, scheme in self._old.get("components", {}).get("securitySchemes", {}).items():
            if _shape(schemes.get(name)) != _shape(scheme):
                yield f"sign-in {name}: removed or changed"
        for code in sorted(_codes(self._old) - _codes(self._new)):
            yield f"problem {code}: removed"

    def _operation(self, old: Node, new: Node) -> Iterator[str]:
        for key in ("operationId", "tags"):
            if old.get(key) != new.get(key):
                yield f"{key} {_say(old.get(key))} became {_say(new.get(key))}"
        before, after = (document.get("security", []) for document in (self._old, self._new))
        if old.get("security", before) != new.get("security", after):
            yield "its sign-in changed"
        yield from _asked(self._parameters(self._old, old), self._parameters(self._new, new))
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        for status, response in old.get("responses", {}).items():
            if status in new.get("responses", {}):
                found = _deref(self._new, new["responses"][status])
                yield from (f"{status}: {what}" for what in self._response(_deref(self._old, response), found))
            else:
                yield f"{status}: removed"

    def _body(self, old: Node | None, new: Node | None) -> Iterator[str]:
        before, after = _deref(self._old, old or {}), _deref(self._new, new or {})
        if old and not new:
            yield "body removed"
            return
        if after.get("required") and not before.get("required"):
            yield "body became required"
        for kind in before.get("content", {}).keys() - after.get("content", {}).keys():
            yield f"body {kind} removed"

    def _response(self, old: Node, new: Node) -> Iterator[str]:
        for kind in old.get("content", {}).keys() - new.get("content", {}).keys():
            yield f"{kind} removed"
        for name, header in old.get("headers", {}).items():
            if name not in new.get("headers", {}):
                yield f"header {name} removed"
                continue
            before, after = _deref(self._old, header), _deref(self._new, new["headers"][name])
            if before.get("required") and not after.get("required"):
                yield f"header {name} may be missing"

    def _parameters(self, document: Node, operation: Node) -> dict[str, Node]:
        found = (_deref(document, parameter) for parameter in operation.get("parameters", ()))
        return {f"parameter {one['name']} ({one['in']})": one for one in found}

    def _schemas_of(self, name: str, old: Node, new: Node) -> Iterator[str]:
        parameters = self._parameters(self._new, new)
        for what, parameter in self._parameters(self._old, old).items():
            if what in parameters:
                yield from self._schema(f"{name}: {what}", parameter["schema"], parameters[what]["schema"], "request")
        bodies = [_deref(document, of.get("requestBody", {})) for document, of in ((self._old, old), (self._new, new))]
        yield from self._contents(f"{name}: body", bodies[0], bodies[1], "request")
        for status, response in old.get("responses", {}).items():
            found = _deref(self._new, new.get("responses", {}).get(status, {}))
            given = _deref(self._old, response)
            yield from self._contents(f"{name}: {status}", given, found, "response")
            for header in given.get("headers", {}).keys() & found.get("headers", {}).keys():
                before = _deref(self._old, given["headers"][header])
                after = _deref(self._new, found["headers"][header])
                yield from self._schema(f"header {header}", before["schema"], after["schema"], "response")

    def _contents(self, at: str, old: Node, new: Node, side: Side) -> Iterator[str]:
        after = new.get("content", {})
        for kind, content in old.get("content", {}).items():
            if kind in after:
                yield from self._schema(at, content["schema"], after[kind]["schema"], side)

    def _schema(self, at: str, old: Node, new: Node, side: Side) -> Iterator[str]:
        (before, nullable), (after, may_be_null) = _without_null(old), _without_null(new)
        if side == "request" and nullable and not may_be_null:
            yield f"{at} refuses null"
        if side == "response" and may_be_null and not nullable:
            yield f"{at} may be null"
        names = _name(before), _name(after)
        if names[0] and names[0] != names[1]:
            yield f"{at}: {names[0]} became {names[1] or 'a schema without a name'}"
        if names[0] and names[1]:
            # Said once for all places that hold it.
            at = f"{names[0]} in {side}s"
            if (*names, side) in self._seen:
                return
            self._seen.add((*names, side))
        yield from self._compare(at, _deref(self._old, before), _deref(self._new, after), side)

    def _compare(self, at: str, old: Node, new: Node, side: Side) -> Iterator[str]:
        for key in ("type", "format"):
            if old.get(key) != new.get(key):
                yield f"{at}: {key} {_say(old.get(key))} became {_say(new.get(key))}"
        for key in (*WHOLE, "anyOf"):
            if _shape(old.get(key)) != _shape(new.get(key)):
                yield f"{at}: {key} changed"
        yield from (f"{at}: {what}" for what in _values(old, new, side))
        if side == "request":
            yield from (f"{at}: {what}" for what in _narrowed(old, new))
        yield from self._fields(at, old, new, side)
        for key in ("items", "additionalProperties"):
            before, after = old.get(key, True), new.get(key, True)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self._schema(f"{at}[]", before, after, side)
            elif after is False and before is not False and side == "request":
                yield f"{at}: {key} are refused"
            elif isinstance(before, dict) or (isinstance(after, dict) and side == "request"):
                yield f"{at}: {key} changed"

    def _fields(self, at: str, old: Node, new: Node, side: Side) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was, required = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            if name not in after:
                yield f"{at}.{name} removed"
                continue
            yield from self._schema(f"{at}.{name}", schema, after[name], side)
            if side == "response" and name in was and name not in required:
                yield f"{at}.{name} may be missing"
            if side == "request" and name in required and name not in was:
                yield f"{at}.{name} became required"
        if side == "request":
            yield from (f"{at}.{name} is new and required" for name in required - before.keys())


def _operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path, item in document["paths"].items():
        for method in ("get", "put", "post", "delete", "patch"):
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def _asked(old: dict[str, Node], new: dict[str, Node]) -> Iterator[str]:
    for name, parameter in old.items():
        if name not in new:
            yield f"{name} removed"
        elif new[name].get("required") and not parameter.get("required"):
            yield f"{name} became required"
    yield from (f"{name} is new and required" for name in new.keys() - old.keys() if new[name].get("required"))


def _deref(document: Node, node: Node) -> Node:
    while "$ref" in node:
        found = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def _name(schema: Node) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def _without_null(schema: Node) -> tuple[Node, bool]:
    kinds = schema.get("anyOf", [])
    rest = [kind for kind in kinds if kind != {"type": "null"}]
    if len(rest) == len(kinds):
        return schema, False
    beside = {key: value for key, value in schema.items() if key != "anyOf"}
    return ({**beside, **rest[0]} if len(rest) == 1 else {**beside, "anyOf": rest}), True


def _values(old: Node, new: Node, side: Side) -> Iterator[str]:
    (before, after) = (set(_listed(schema)) for schema in (old, new))
    if bool(before) != bool(after):
        yield "its values were listed" if after else "its values are listed no more"
    elif side == "request":
        yield from (f"value {value} removed" for value in sorted(before - after))


def _listed(schema: Node) -> Iterable[str]:
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return (_say(value) for value in values)


def _narrowed(old: Node, new: Node) -> Iterator[str]:
    for key in sorted(NOTHING_MORE | NOTHING_LESS | EXACTLY | {"default"}):
        before, after = old.get(key), new.get(key)
        if key == "default":
            is_narrower = before is not None and before != after
        elif key in EXACTLY:
            is_narrower = before != after and after not in (None, False)
        elif after is None:
            is_narrower = False
        else:
            is_narrower = before is None or (after < before if key in NOTHING_MORE else after > before)
        if is_narrower:
            yield f"{key} {_say(before)} became {_say(after)}"


def _shape(node: Any) -> Any:
    """Return a part of the document without the words that are for people only; Any: JSON."""
    if isinstance(node, dict):
        return {key: _shape(value) for key, value in node.items() if key not in {"description", "examples", "title"}}
    return [_shape(item) for item in node] if isinstance(node, list) else node


def _codes(document: Node) -> set[str]:
    return {
        code
        for _, operation in _operations(document)
        for response in operation.get("responses", {}).values()
        for code in response.get("content", {}).get(PROBLEM, {}).get("examples", ())
    }


def _say(value: Any) -> str:  # Any: JSON
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False).strip('"')


def _read(path: Path) -> Node:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def main() -> int:
    """Print breaks that are not declared, and declarations that no break stands behind; 1 if there is any."""
    if "--release" in sys.argv:
        RELEASED.write_bytes(CURRENT.read_bytes())
        DECLARED.write_text(HEAD, encoding="utf-8")
        return 0
    declared = tomllib.loads(DECLARED.read_text(encoding="utf-8")).get("change", [])
    found = breaks(_read(RELEASED), _read(CURRENT))
    wrong = [f"breaks clients: {what}" for what in found if what not in {change["what"] for change in declared}]
    wrong += [f"declared, but no break: {change['what']}" for change in declared if change["what"] not in found]
    wrong += [f"declared without a reason: {change['what']}" for change in declared if not change.get("reason")]
    if wrong:
        print(*wrong, "Take it back, or declare it in openapi/breaking-changes.toml.", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
