"""The Bruno collection of an OpenAPI document: a folder for each tag, a request for each operation."""

import json
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]  # Any: JSON

SIGN_IN = "signIn"
ENVIRONMENT = {
    "base_url": "http://127.0.0.1:8000",
    "phone": "+84900000001",
    "password": "so-tay-demo-1",
    "installation_id": "7d0f6a0e-52a5-4a37-9a1e-0c1c5f4d9a10",
}
"""The demonstration's secretary, who may do most; `sotay serve --demo` prints the others."""
# Fields of bodies that are filled from what earlier answers left behind.
FILLED = {
    "assignee_id": "member_id",
    "current_password": "password",
    "parent_id": "organisation_id",
    "password": "password",
    "refresh_token": "refresh_token",
    "through": "notification_id",
}
NEXT_WEEK = "{{next_week}}"
BEFORE = """\
bru.setVar("next_week", new Date(Date.now() + 7 * 24 * 3600 * 1000).toISOString());"""
AFTER = """\
// For If-Match and If-None-Match of the next request.
const etag = res.getHeader("etag");
if (etag) bru.setVar("etag", etag);"""
KEEP_TOKENS = """\
if (res.getStatus() === 200) {
  bru.setVar("access_token", res.getBody().access_token);
  bru.setVar("refresh_token", res.getBody().refresh_token);
}"""
KEEP_ME = """\
if (res.getStatus() === 200) {
  bru.setVar("member_id", res.getBody().member_id);
  bru.setVar("organisation_id", res.getBody().organisation?.id);
}"""
DOCS = """\
Made from openapi/openapi.json by scripts/export_openapi.py: change nothing here by hand.

Choose the environment `demo`, run `auth / Sign in`, then `me / Who I am`. Lists keep the id of their first item and
answers their ETag for the requests that follow."""


def collection(document: Node) -> dict[str, str]:
    """Return the collection's files by their paths within it."""
    return dict(_Collection(document).files())


class _Collection:
    def __init__(self, document: Node) -> None:
        self._document = document
        self._schemas: Node = document["components"]["schemas"]
        self._ids = {
            parameter["name"]
            for item in document["paths"].values()
            for operation in item.values()
            for parameter in operation.get("parameters", ())
            if parameter["in"] == "path" and parameter["schema"].get("type") == "string"
        }

    def files(self) -> Iterator[tuple[str, str]]:
        title = self._document["info"]["title"]
        yield "bruno.json", _json({"version": "1", "name": title, "type": "collection"}) + "\n"
        yield (
            "collection.bru",
            _blocks(
                ("auth", "mode: bearer"),
                ("auth:bearer", "token: {{access_token}}"),
                ("script:pre-request", BEFORE),
                ("script:post-response", AFTER),
                ("docs", DOCS),
            ),
        )
        values = "\n".join(f"{name}: {value}" for name, value in ENVIRONMENT.items())
        yield "environments/demo.bru", _blocks(("vars", values))
        for place, tag in enumerate(self._document["tags"], start=1):
            name = tag["name"]
            yield (
                f"{name}/folder.bru",
                _blocks(
                    ("meta", f"name: {name}\nseq: {place}"), ("auth", "mode: inherit"), ("docs", tag["description"])
                ),
            )
            for order, (path, method, operation) in enumerate(self._tagged(name), start=1):
                yield f"{name}/{operation['operationId']}.bru", self._request(path, method, operation, order)

    def _tagged(self, tag: str) -> Iterator[tuple[str, str, Node]]:
        for path, item in self._document["paths"].items():
            for method, operation in item.items():
                if tag in operation["tags"]:
                    yield path, method, operation

    def _request(self, path: str, method: str, operation: Node, order: int) -> str:
        content: Node = operation.get("requestBody", {}).get("content", {})
        kind = {"application/json": "json", "multipart/form-data": "multipartForm"}.get(next(iter(content), ""), "none")
        sending = "inherit" if operation["security"] else "none"
        address = path
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                address = address.replace(f"{{{parameter['name']}}}", self._given(parameter))
        statuses = ", ".join(status for status in operation["responses"] if status.startswith("2"))
        return _blocks(
            ("meta", f"name: {operation['summary']}\ntype: http\nseq: {order}"),
            (method, f"url: {{{{base_url}}}}{address}\nbody: {kind}\nauth: {sending}"),
            ("params:query", self._parameters(operation, "query")),
            ("headers", self._parameters(operation, "header")),
            ("body:json", self._body(content["application/json"]["schema"]) if kind == "json" else ""),
            ("body:multipart-form", self._form(content) if kind == "multipartForm" else ""),
            ("assert", f"res.status: in [{statuses}]"),
            ("script:post-response", self._keeping(path, method, operation)),
            ("docs", operation["description"]),
        )

    def _parameters(self, operation: Node, where: str) -> str:
        return "\n".join(
            f"{'' if parameter.get('required') else '~'}{parameter['name']}: {self._given(parameter)}"
            for parameter in operation.get("parameters", ())
            if parameter["in"] == where
        ).replace("~Idempotency-Key", "Idempotency-Key")

    def _given(self, parameter: Node) -> str:
        fixed = {
            "Idempotency-Key": "{{$randomUUID}}",
            "If-Match": "{{etag}}",
            "If-None-Match": "{{etag}}",
            "If-Range": "{{etag}}",
            "accept-language": "vi",
        }
        name = parameter["name"]
        given = fixed.get(name) or self._example(name, {**parameter["schema"], **_examples(parameter)})
        return _plain(given)

    def _body(self, schema: Node) -> str:
        found: Node = self._example("", schema)
        if schema["$ref"].endswith("/SignIn"):
            found["phone"] = "{{phone}}"
        return _json(found)

    def _form(self, content: Node) -> str:
        schema = self._deref(content["multipart/form-data"]["schema"])
        required = schema.get("required", ())
        return "\n".join(
            f"{'' if name in required else '~'}{name}: "
            + ("@file()" if field.get("format") == "binary" else _plain(self._example(name, field)))
            for name, field in schema["properties"].items()
        )

    def _keeping(self, path: str, method: str, operation: Node) -> str:
        if operation["operationId"] in {SIGN_IN, "refreshTokens"}:
            return KEEP_TOKENS
        if operation["operationId"] == "getMe":
            return KEEP_ME
        noun = path.rsplit("/", 1)[-1].replace("-", "_")
        one = noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s")
        name = next((id_ for id_ in (f"{one}_id", f"{one.rsplit('_', 1)[-1]}_id") if id_ in self._ids), None)
        fields = self._answered(operation)
        if name and method == "get" and "items" in fields:
            item = self._deref(fields["items"]["items"])
            if "id" in item.get("properties", {}):
                return f'const first = res.getBody().items?.[0];\nif (first) bru.setVar("{name}", first.id);'
        if name and method == "post" and "id" in fields:
            return f'if (res.getStatus() === 201) bru.setVar("{name}", res.getBody().id);'
        return ""

    def _answered(self, operation: Node) -> Node:
        success: Node = next(value for status, value in operation["responses"].items() if status.startswith("2"))
        schema = success.get("content", {}).get("application/json", {}).get("schema", {})
        return dict(self._deref(schema).get("properties", {}))

    def _example(self, name: str, schema: Node) -> Any:  # Any: JSON
        variable = FILLED.get(name, name)
        if variable in self._ids or variable in FILLED.values():
            return f"{{{{{variable}}}}}"
        shown = _examples(schema)
        schema = self._deref(schema)
        if "anyOf" in schema:
            return self._example(name, {**schema["anyOf"][0], **shown})
        if schema.get("format") == "date-time":
            return NEXT_WEEK
        values = [*(shown or _examples(schema)).get("examples", ()), *schema.get("enum", ())]
        return values[0] if values else self._made_up(name, schema)

    def _made_up(self, name: str, schema: Node) -> Any:  # Any: JSON
        if schema["type"] == "array":
            return [self._example(name, schema["items"])]
        if schema["type"] == "object":
            required = schema.get("required", ())
            return {
                field: self._example(field, described)
                for field, described in schema.get("properties", {}).items()
                if field in required or self._is_told(described)
            }
        return schema.get("default", {"boolean": True, "integer": schema.get("minimum", 1)}.get(schema["type"], ""))

    def _is_told(self, field: Node) -> bool:
        """Whether an optional field has an example that fits everywhere: a text, no id and no time."""
        kinds = [self._deref(kind) for kind in (field, *field.get("anyOf", ()))]
        return bool(_examples(field)) and not any(kind.get("format") in {"uuid", "date", "date-time"} for kind in kinds)

    def _deref(self, schema: Node) -> Node:
        return dict(self._schemas[schema["$ref"].rsplit("/", 1)[-1]]) if "$ref" in schema else schema


def _examples(schema: Node) -> Node:
    return {"examples": schema["examples"]} if isinstance(schema.get("examples"), list) else {}


def _plain(value: Any) -> str:  # Any: JSON
    return value if isinstance(value, str) else json.dumps(value)


def _json(value: Node) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _blocks(*blocks: tuple[str, str]) -> str:
    return "\n".join(
        f"{name} {{\n" + "".join(f"  {line}".rstrip() + "\n" for line in text.split("\n")) + "}\n"
        for name, text in blocks
        if text
    )
