"""A phone that stores what it is told, and what the addresses say that it ought to hold."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from app.kernel.db import Database
from tests.factories.changes import tell_of_world

Json = dict[str, Any]  # Any: JSON
Held = dict[tuple[str, str], Json]
"""Resources by type and id."""

ADDRESSES = {
    "activity_entry": "/v1/activity-entries/{}",
    "announcement": "/v1/announcements/{}",
    "away_period": "/v1/away-periods/{}",
    "comment": "/v1/comments/{}",
    "document": "/v1/documents/{}",
    "meeting": "/v1/meetings/{}",
    "member": "/v1/members/{}",
    "minutes": "/v1/meetings/{}/minutes",
    "organisation": "/v1/organisations/{}",
    "poll": "/v1/polls/{}",
    "resolution": "/v1/resolutions/{}",
    "roll": "/v1/meetings/{}/roll",
    "task": "/v1/tasks/{}",
}
"""Where a resource of a type stands alone; posts and notices only stand in lists."""


async def ask(client: AsyncClient, cursor: str | None = None, limit: int | None = None) -> Response:
    params = {"cursor": cursor, "limit": limit}
    return await client.get("/v1/changes", params={name: value for name, value in params.items() if value is not None})


@dataclass(slots=True)
class Phone:
    """Keeps objects by type and id, with the scope that each came with."""

    cursor: str | None = None
    held: Held = field(default_factory=dict)
    scopes: dict[tuple[str, str], str] = field(default_factory=dict)
    told: list[Json] = field(default_factory=list)
    """The items of the last catching up."""

    async def catch_up(self, client: AsyncClient, *, limit: int | None = None) -> list[Json]:
        """Ask until there is no more; no object may come twice."""
        self.told = []
        while await self.ask_once(client, limit=limit):
            pass
        names = [(item["type"], item["id"]) for item in self.told]
        assert len(names) == len(set(names))
        return self.told

    async def ask_once(self, client: AsyncClient, *, limit: int | None = None) -> bool:
        """Store a page; return whether there is more."""
        answer = await ask(client, self.cursor, limit)
        assert answer.status_code == 200, answer.text
        page: Json = answer.json()
        for item in page["items"]:
            self._store(item)
        self.told += page["items"]
        self.cursor = page["next_cursor"]
        more: bool = page["has_more"]
        return more

    def _store(self, item: Json) -> None:
        name = (item["type"], item["id"])
        if item["op"] == "upsert":
            self.held[name] = item["resource"]
            self.scopes[name] = item["scope_id"]
        elif item["op"] == "delete":
            self._forget(name)
        else:
            for other in [known for known, scope in self.scopes.items() if scope == item["scope_id"]]:
                self._forget(other)

    def _forget(self, name: tuple[str, str]) -> None:
        self.held.pop(name, None)
        self.scopes.pop(name, None)

    def of(self, kind: str) -> dict[str, Json]:
        return {identifier: resource for (held, identifier), resource in self.held.items() if held == kind}


async def fresh(client: AsyncClient, *, limit: int | None = None) -> Phone:
    """A phone at its first start."""
    phone = Phone()
    await phone.catch_up(client, limit=limit)
    return phone


def named(phone: Phone, op: str = "upsert") -> set[tuple[str, str]]:
    """What the last catching up told, of one kind."""
    return {(item["type"], item["id"]) for item in phone.told if item["op"] == op}


async def announce_world(database: Database) -> None:
    """Write the change rows of the world."""
    async with database.session() as session:
        await tell_of_world(session)
        await session.commit()


def settled(held: Held) -> Held:
    """Leave out how many are silent: somebody who joins raises it in meetings that are not told again."""
    for name, resource in held.items():
        if name[0] == "meeting" and resource["reply_counts"] is not None:
            held[name] = {**resource, "reply_counts": {**resource["reply_counts"], "silent": None}}
    return held


async def at_their_addresses(client: AsyncClient, phone: Phone) -> Held:
    """What the server answers at the address of each thing that the phone holds."""
    found = {}
    for kind, identifier in phone.held:
        if kind in ADDRESSES:
            answer = await client.get(ADDRESSES[kind].format(identifier))
            assert answer.status_code == 200, (kind, answer.text)
            found[kind, identifier] = answer.json()
    return found


async def in_their_lists(client: AsyncClient, organisation_id: UUID) -> Held:
    """What the lists show the caller, of a branch and of themself; where nothing may be listed, nothing."""
    branch = f"/v1/organisations/{organisation_id}"
    lists = {
        "activity_entry": [f"{branch}/activity-entries"],
        "announcement": [f"{branch}/announcements", "/v1/me/announcements"],
        "document": [f"/v1/documents?organisation_id={organisation_id}"],
        "meeting": [f"{branch}/meetings", "/v1/me/meetings"],
        "member": [f"{branch}/members"],
        "notification": ["/v1/me/notifications"],
        "poll": [f"{branch}/polls"],
        "post": [f"{branch}/posts"],
        "resolution": [f"{branch}/resolutions"],
        "task": [f"{branch}/tasks", "/v1/me/tasks"],
    }
    found: Held = {}
    for kind, addresses in lists.items():
        for address in addresses:
            found |= {(kind, item["id"]): item for item in await _all(client, address)}
    for _, identifier in [name for name in found if name[0] == "resolution"]:
        comments = await _all(client, f"/v1/resolutions/{identifier}/comments")
        found |= {("comment", item["id"]): item for item in comments}
    return found


async def _all(client: AsyncClient, address: str) -> list[Json]:
    items: list[Json] = []
    cursor: str | None = None
    while True:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        answer = await client.get(str(client.base_url.join(address).copy_merge_params(params)))
        if answer.status_code in {403, 404}:
            return []
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return items
