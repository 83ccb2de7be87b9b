"""What tests send about organisations."""

from typing import Any
from uuid import UUID


def new_branch(parent_id: UUID, **changes: Any) -> dict[str, Any]:
    """Return the body for a branch below the parent; Any: JSON."""
    return {"parent_id": str(parent_id), "kind": "branch", "name": "Chi bộ thôn Trung", **changes}
