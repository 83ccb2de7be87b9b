"""Every type that a change may name is shown by somebody, and said in the document."""

import ast
from pathlib import Path

from app.changes.resources import RESOURCES
from app.changes.schemas import ChangeView

APP = Path(__file__).parents[2] / "app"


def named_types() -> set[str]:
    """The types in every `Change(scope, "type", …)` of the application, which are written out there."""
    found = set()
    for file in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Change":
                kind = node.args[1]
                assert isinstance(kind, ast.Constant), file
                assert isinstance(kind.value, str), file
                found.add(kind.value)
    return found


def test_every_type_of_change_has_a_resource_and_no_other_has() -> None:
    kinds = [resource.type for resource in RESOURCES]

    assert len(named_types()) > 10
    assert sorted(named_types()) == kinds


def test_the_document_names_every_type() -> None:
    said = ChangeView.model_fields["type"].description or ""

    assert all(f"`{resource.type}`" in said for resource in RESOURCES)
