"""Two communes merged while many read, each read judged by a plain model: all as before, or all as after."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import insert

from app.announcements.models import Announcement, AnnouncementStatus
from app.kernel.db import PooledDatabase, transaction
from app.kernel.notices import AudiencePart
from app.kernel.security import PostKind
from app.kernel.tokens import TokenKeys
from app.organisations.models import OrganisationKind
from tests.factories.changes import tell_of_world
from tests.factories.clock import FakeClock
from tests.factories.world import Maker, Person

Seen = tuple[int, frozenset[str]]
"""The status of an answer, and what it names."""


@dataclass(frozen=True, slots=True)
class Address:
    """Something to read: what the answer comes down to, and what that is before the merge and after it."""

    path: str
    of: Callable[[Any], frozenset[str]]  # Any: JSON
    before: Seen
    after: Seen

    def saw(self, answer: Response) -> Seen:
        return answer.status_code, self.of(answer.json()) if answer.status_code == 200 else frozenset()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody, and the addresses they read."""

    person: Person
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Two communes of one province, `ending` and `lasting`, and everybody in it who reads."""

    ending: UUID
    lasting: UUID
    administrator: Person
    readers: tuple[Reader, ...]


@dataclass(slots=True)
class Outcome:
    """How many reads there were, of what was before, of what came after, and those that were of neither."""

    reads: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def _ids(page: Any) -> frozenset[str]:
    return frozenset(item["id"] for item in page["items"])


def _parent(organisation: Any) -> frozenset[str]:
    return frozenset({organisation["parent_id"]})


def _held(page: Any) -> frozenset[str]:
    kinds = {"organisation", "announcement"}
    return frozenset(item["id"] for item in page["items"] if item["type"] in kinds and item["op"] == "upsert")


def _found(*ids: UUID) -> Seen:
    return 200, frozenset(map(str, ids))


async def set_scene(database: PooledDatabase, *, branches: int, readers: int) -> Scene:
    """Make `branches` branches, half of them below each commune, and readers in them, two of them officers above."""
    async with transaction(database) as session:
        make = Maker(session)
        province = await make.organisation("Đảng bộ tỉnh Ninh Bình", OrganisationKind.province)
        communes = [
            await make.organisation(f"Đảng bộ xã {name}", OrganisationKind.commune, under=province)
            for name in ("Yên Mô", "Yên Thắng")
        ]
        below: list[list[UUID]] = [[], []]
        for number in range(branches):
            under = communes[number % 2]
            made = await make.organisation(f"Chi bộ {number}", OrganisationKind.branch, under=under)
            below[number % 2].append(made.id)
        people = [await make.person(f"Đảng viên {n}", below[n % 2][n // 2 % len(below[n % 2])]) for n in range(readers)]
        posts = [((PostKind.committee_officer, commune.id),) for commune in communes]
        officers = [await make.person("Cán bộ", below[side][0], posts=posts[side]) for side in (0, 1)]
        administrator = await make.person("Quản trị", below[1][0], posts=((PostKind.administrator, province.id),))
        said = [uuid4(), uuid4()]
        for commune, announcement in zip(communes, said, strict=True):
            await session.execute(
                insert(Announcement),
                {
                    "id": announcement,
                    "organisation_id": commune.id,
                    "title": "Thông báo",
                    "body": "Nội dung",
                    "status": AnnouncementStatus.published,
                    "audience_part": AudiencePart.everyone,
                    "audience_post_kinds": [],
                    "needs_acknowledgement": False,
                    "published_at": session.now(),
                    "version": 1,
                    "created_by": administrator.member_id,
                    "created_at": session.now(),
                },
            )
        await tell_of_world(session)
    ending, lasting = communes[0].id, communes[1].id

    def reads(person: Person, side: int) -> tuple[Address, ...]:
        own, commune = person.organisation_id, communes[side].id
        announced = _found(said[0], said[1]) if side == 0 else _found(said[1])
        line = (province.id, ending, lasting, own) if side == 0 else (province.id, lasting, own)
        return (
            Address(f"/v1/organisations/{own}", _parent, _found(commune), _found(lasting)),
            Address("/v1/me/announcements", _ids, _found(said[side]), announced),
            Address(
                f"/v1/organisations/{commune}/children?limit=100", _ids, _found(own), _found(*([own] if side else []))
            ),
            Address("/v1/changes?limit=200", _held, _found(province.id, commune, own), _found(*line)),
        )

    def oversees(side: int) -> tuple[Address, ...]:
        """What the officer of a commune reads: a branch of their own commune and one of the other, and both lists."""
        mine, other = below[side][-1], below[1 - side][-1]
        nothing: Seen = (404, frozenset())
        if side == 0:
            return (
                Address(f"/v1/organisations/{mine}/meetings", _ids, _found(), nothing),
                Address(f"/v1/organisations/{ending}/children?limit=100", _ids, _found(*below[0]), _found()),
            )
        return (
            Address(f"/v1/organisations/{mine}/meetings", _ids, _found(), _found()),
            Address(f"/v1/organisations/{other}/meetings", _ids, nothing, _found()),
            Address(
                f"/v1/organisations/{lasting}/children?limit=100", _ids, _found(*below[1]), _found(*below[0], *below[1])
            ),
        )

    return Scene(
        ending=ending,
        lasting=lasting,
        administrator=administrator,
        readers=(
            *(Reader(person, reads(person, number % 2)) for number, person in enumerate(people)),
            *(Reader(officer, oversees(side)) for side, officer in enumerate(officers)),
        ),
    )


class Upheaval:
    """Readers that read without a pause, and the one merge among them."""

    def __init__(self, app: ASGITransport, keys: TokenKeys, clock: FakeClock, scene: Scene) -> None:
        self._app, self._keys, self._clock, self._scene = app, keys, clock, scene
        self._merging = asyncio.Event()
        self._merged = asyncio.Event()
        self.outcome = Outcome()

    async def run(self, *, rounds: int) -> Outcome:
        """Let each read every address so often before the merge, on through it, and so often after it."""
        ready = [asyncio.Event() for _ in self._scene.readers]
        readers = [
            asyncio.create_task(self._read(reader, started, rounds=rounds, chance=random.Random(number)))  # noqa: S311
            for number, (reader, started) in enumerate(zip(self._scene.readers, ready, strict=True))
        ]
        await asyncio.gather(*(started.wait() for started in ready))
        self._merging.set()
        async with self._client(self._scene.administrator) as administrator:
            body = {"into_id": str(self._scene.lasting)}
            answer = await administrator.post(f"/v1/organisations/{self._scene.ending}/merge", json=body)
        assert answer.status_code == 201, answer.text
        self._merged.set()
        await asyncio.gather(*readers)
        return self.outcome

    async def _read(self, reader: Reader, started: asyncio.Event, *, rounds: int, chance: random.Random) -> None:
        async with self._client(reader.person) as client:
            for _ in range(rounds):
                for address in reader.addresses:
                    await self._ask(client, address, {"before"})
            started.set()
            while not self._merged.is_set():
                await self._ask(client, chance.choice(reader.addresses), {"before", "after"})
            for _ in range(rounds):
                for address in reader.addresses:
                    await self._ask(client, address, {"after"})

    async def _ask(self, client: AsyncClient, address: Address, allowed: set[str]) -> None:
        # What was asked before the merge was answered may be of either; what was asked after it, of after only.
        seen = address.saw(await client.get(address.path))
        told = {name for name, model in self._models(address).items() if seen == model}
        if told & allowed:
            self.outcome.reads[min(told & allowed) if len(told) == 1 else "same"] += 1
        else:
            self.outcome.wrong.append(f"{address.path}: {seen}")

    @staticmethod
    def _models(address: Address) -> Mapping[str, Seen]:
        return {"before": address.before, "after": address.after}

    def _client(self, person: Person) -> AsyncClient:
        token = self._keys.issue(
            account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=self._clock()
        )
        headers = {"Authorization": f"Bearer {token}"}
        return AsyncClient(transport=self._app, base_url="http://sotay.test", headers=headers)
