"""What tests send about reorganisations."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

Json = dict[str, Any]  # Any: JSON


async def ask(caller: AsyncClient, organisation_id: UUID, what: str, **body: Any) -> Response:
    """POST what shall happen to an organisation; Any: JSON, ids as they are."""
    return await caller.post(f"/v1/organisations/{organisation_id}/{what}", json=_json(body))


async def done(caller: AsyncClient, organisation_id: UUID, what: str, **body: Any) -> Json:
    """The same where it must succeed; Any: JSON."""
    answer = await ask(caller, organisation_id, what, **body)
    assert answer.status_code == 201, answer.text
    view: Json = answer.json()
    return view


def codes(view: Json, severity: str = "error") -> list[str]:
    """What a view found, of one severity."""
    return [finding["code"] for finding in view["findings"] if finding["severity"] == severity]


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    return str(value) if isinstance(value, UUID) else value
