"""Two communes merged while many read, each read judged by the scene's model: all as before, or all as after."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.kernel.clock import Clock
from app.kernel.db import PooledDatabase, Session
from app.kernel.security import Actor, Authenticate
from app.kernel.tokens import TokenKeys
from tests.changes.phones import Phone, fresh, settled
from tests.factories.world import Person
from tests.reorganisations.scene import Address, Reader, Scene, Seen


class Unfrozen(PooledDatabase):
    """The fault that the readers must find: each statement of a read sees an instant of its own."""

    async def freeze(self, session: Session) -> None:
        pass


def from_afar(identify: Authenticate, *, round_trips: int) -> Authenticate:
    """Between asking who reads and reading ask for nothing, so often: a merge is the likelier to come in between."""

    async def identify_from_afar(session: Session, token: str) -> Actor:
        actor = await identify(session, token)
        for _ in range(round_trips):
            await session.execute(text("SELECT 1"))
        return actor

    return identify_from_afar


@dataclass(slots=True)
class Outcome:
    """How many reads there were, of what was before, of what came after, and those that were of neither."""

    reads: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    phones: int = 0
    """That hold afterwards what a fresh one is given."""


class Upheaval:
    """Readers that read without a pause, and the one merge among them."""

    def __init__(self, app: ASGITransport, keys: TokenKeys, clock: Clock, scene: Scene) -> None:
        self._app, self._keys, self._clock, self._scene = app, keys, clock, scene
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
        async with self._client(self._scene.administrator) as administrator:
            body = {"into_id": str(self._scene.lasting)}
            answer = await administrator.post(f"/v1/organisations/{self._scene.ending}/merge", json=body)
        assert answer.status_code == 201, answer.text
        self._merged.set()
        await asyncio.gather(*readers)
        return self.outcome

    async def _read(self, reader: Reader, started: asyncio.Event, *, rounds: int, chance: random.Random) -> None:
        async with self._client(reader.person) as client:
            phone = await fresh(client)
            for _ in range(rounds):
                for address in reader.addresses:
                    await self._ask(client, address, {"before"})
            started.set()
            while not self._merged.is_set():
                await self._ask(client, chance.choice(reader.addresses), {"before", "after"})
            for _ in range(rounds):
                for address in reader.addresses:
                    await self._ask(client, address, {"after"})
            await self._catch_up(client, phone, reader.person)

    async def _catch_up(self, client: AsyncClient, phone: Phone, person: Person) -> None:
        await phone.catch_up(client)
        if settled(phone.held) == settled((await fresh(client)).held):
            self.outcome.phones += 1
        else:
            self.outcome.wrong.append(f"the phone of {person.full_name}")

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
        return AsyncClient(transport=self._app, base_url="http://sotay.test", headers=headers, timeout=120)
