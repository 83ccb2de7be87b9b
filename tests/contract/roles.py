"""Everybody an access rule speaks of, and how a row of the access table is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Things = dict[str, UUID]
"""Ids by the names that tests call them; meetings by their status."""

VERSION_1 = {"If-Match": '"1-0"'}

ROLES = (
    "anonymous",
    "stranger",
    "member",
    "away",
    "probationary",
    "guest",
    "former",
    "minute_taker",
    "secretary",
    "sister_secretary",
    "officer",
    "administrator",
    "auditor",
)
OK = "ok"
Expected = Mapping[str, str | int]


def expect(otherwise: str | int, **said: str | int) -> Expected:
    """What each role gets: 401 for whoever is not signed in or has left, `otherwise` where nothing is said.

    A name may be a group: `branch` is everybody convened, a guest too; `organisers` its secretary and minute-taker;
    `inside` whoever sees that the branch is there, a guest not.
    """
    groups = {
        "branch": ("member", "away", "probationary", "guest", "minute_taker", "secretary"),
        "organisers": ("minute_taker", "secretary"),
        "inside": (
            "member",
            "away",
            "probationary",
            "minute_taker",
            "secretary",
            "officer",
            "administrator",
            "auditor",
        ),
    }
    table: dict[str, str | int] = dict.fromkeys(ROLES, otherwise) | {"anonymous": 401, "former": 401}
    for name, status in said.items():
        table |= dict.fromkeys(groups.get(name, (name,)), status)
    assert set(table) == set(ROLES), said
    return table


EVERYBODY = dict.fromkeys(ROLES, OK)
NOBODY_WITHOUT_SECRETS = dict.fromkeys(ROLES, 401)
SIGNED_IN = expect(OK)
# Its own people see a meeting that was announced, officers above see that it is; administrators and auditors never.
SEES_MEETING = expect(404, branch=OK, officer=OK)
CALLS_ANNOUNCED = expect(404, branch=403, organisers=OK, officer=403)
CALLS_DRAFT = expect(404, organisers=OK)
SEES_BRANCH = expect(404, inside=OK)
CHANGES_TREE = expect(404, inside=403, administrator=OK)
# Who sees nobody there cannot tell a member from nobody: the auditor, a guest, and every other branch.
KEEPS_RECORD = expect(404, branch=403, guest=404, officer=403, secretary=OK, administrator=OK)
KNOWS_AWAY = expect(404, organisers=OK, administrator=OK)


@dataclass(frozen=True, slots=True)
class Row:
    """One way to ask an operation: what fills its path, its body, and what each role gets."""

    operation: str
    expected: Expected
    path: Mapping[str, str] = field(default_factory=dict)
    """Path parameter → the name of a thing; `mine.…` is the caller's own."""
    body: Mapping[str, Any] | None = None  # Any: JSON; "$name" stands for the id of a thing
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    file: tuple[str, bytes] | None = None
    """The name and content of the form's file; without it a roster."""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.operation}{' ' if self.why else ''}{self.why}"


A = {"organisation_id": "branch_a"}
