"""Who has habits: a person with a phone, what they see on it, and how they write."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from tests.faults.phone import Json, Phone, Write

_RECENT = 12
"""People act on what is new."""


class Owner:
    """A phone's owner; `screens` are the check-in codes that hang on the wall of meetings in session."""

    def __init__(self, phone: Phone, *, screens: dict[str, str], numbers: Iterator[int]) -> None:
        self.phone = phone
        self.chance = phone.chance
        self.screens = screens
        self._numbers = numbers
        self._done: set[tuple[str, str]] = set()
        """What is done once only: its kind and the object."""

    def words(self, what: str) -> str:
        return f"{what} #{next(self._numbers)}."

    def write(self, kind: str, method: str, path: str, body: Json | None = None, **more: Any) -> Write:
        # Any: the write's own fields.
        # What names a version cannot come late, and a ballot is cast once.
        needs_key = "version" not in more and kind != "vote"
        key = self.phone.new_key() if needs_key else None
        return Write(kind=kind, method=method, path=f"/v1/{path}", body=body, key=key, **more)

    def make(self, table: str, path: str, body: Json, words: str, code: str, *, names_itself: bool = True) -> Write:
        """A POST that makes a row; half of the time the phone names it, and then it needs no body back."""
        own_id = self.phone.new_id() if names_itself and self.chance.random() < 0.5 else ""
        return self.write(
            code,
            "POST",
            path,
            body | ({"id": own_id} if own_id else {}),
            is_minimal=bool(own_id) and self.chance.random() < 0.5,
            table=table,
            row_id=own_id,
            words=words,
            code=code,
        )

    def step(self, kind: str, path: str, subject: str, body: Json | None = None, **more: Any) -> Write:
        """A POST that moves something on."""
        is_minimal = self.chance.random() < 0.25
        return self.write(kind, "POST", path, body, code=kind, subject=subject, is_minimal=is_minimal, **more)

    def replace(self, table: str, kind: str, resource: Json, body: Json, words: str, code: str | None) -> Write:
        return self.write(
            f"replace {kind}",
            "PUT",
            f"{table}/{resource['id']}",
            body,
            version=self.version(kind, resource),
            is_minimal=self.chance.random() < 0.25,
            table=table,
            row_id=resource["id"],
            words=words,
            code=code,
        )

    def one(self, kind: str, fits: Callable[[Json], bool] = lambda _: True) -> Json | None:
        found = [each for each in self.phone.store.of(kind) if fits(each)]
        found.sort(key=lambda each: str(each["id"]))  # by the time they were made
        return self.chance.choice(found[-_RECENT:]) if found else None

    def once(self, kind: str, resource: Json | None) -> Json | None:
        if resource is None or (kind, resource["id"]) in self._done:
            return None
        self._done.add((kind, resource["id"]))
        return resource

    def version(self, kind: str, resource: Json) -> int:
        return self.phone.store.versions[kind, resource["id"]]

    def has_status(self, *statuses: str) -> Callable[[Json], bool]:
        return lambda each: each["organisation_id"] == self.phone.branch and each["status"] in statuses

    def in_days(self, days: float) -> str:
        return (self.phone.now() + timedelta(days=days)).replace(microsecond=0).isoformat()

    def today(self) -> date:
        return self.phone.now().date()

    @property
    def me(self) -> str:
        return self.phone.member_id
