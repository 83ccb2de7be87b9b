"""Keeps what the service answered in tests, for generated clients to be tried on; only where a directory is named."""

import hashlib
import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from httpx import Response

VARIABLE = "SOTAY_TEST_ANSWERS_DIR"
Hooks = dict[str, list[Callable[[Response], Awaitable[None]]]]


def recording(app: FastAPI) -> Hooks:
    """Return what a caller does with each answer: nothing, or a file in the directory, `operation.status.digest.json`.

    The file holds `{operation, status, media_type, body}`; `body` is null where the answer is not JSON.
    """
    if VARIABLE not in os.environ:
        return {}
    directory = Path(os.environ[VARIABLE])
    # A template that names more of the path comes before one that would take it for an id.
    templates = [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), item)
        for path, item in sorted(app.openapi()["paths"].items(), key=lambda entry: entry[0].count("{"))
    ]

    async def record(answer: Response) -> None:
        asked = answer.request
        found = [item for template, item in templates if template.fullmatch(asked.url.path)]
        operation = found[0].get(asked.method.lower()) if found else None
        if operation is None:  # a test of what is not there
            return
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        content = await answer.aread()
        kept = {
            "operation": operation["operationId"],
            "status": answer.status_code,
            "media_type": media_type,
            "body": json.loads(content) if content and media_type.endswith("json") else None,
        }
        digest = hashlib.sha256(content).hexdigest()[:12]
        name = f"{kept['operation']}.{kept['status']}.{digest}.json"
        (directory / name).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")

    return {"response": [record]}
