"""Many phones of one village on a service that really runs: they live, come to rest, and are judged."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

from tests.changes.phones import settled
from tests.faults.habits.life import LISTS, Habits, numbers, path_of
from tests.faults.harness import Program, free_port, sql, wait_until
from tests.faults.judge import Ledger
from tests.faults.phone import Phone, SignedOut, Store
from tests.faults.village import Village
from tests.faults.wire import Lost, Weather

AT_ONCE = 24
MOST_AT_A_VISIT = 12
LEADING = 0.3
BEGINNINGS = 2
TRIES = 4
RETRY_WINDOW_SECONDS = 60
REFRESHES_CUT = 0.10
REFRESHING_AT_ONCE = 48
"""Some only wait, for the time below. Were they many more, a busy server would answer so late that a token whose answer
was cut twice is asked for again after its minute, and that is theft."""
BETWEEN_REFRESHES_SECONDS = 2
"""Tokens last ten minutes. Refreshed at once again, the first attempt could still be at work, and would look stolen."""


@contextlib.contextmanager
def serving(directory: Path, url: str, *, processes: int) -> Iterator[tuple[int, ...]]:
    """Run the API in so many processes, and a worker, on a migrated database; yields the ports."""
    ports = tuple(free_port() for _ in range(processes))
    address = f"http://127.0.0.1:{ports[0]}"
    environment = {"SOTAY_DATABASE_URL": url, "SOTAY_DATA_DIR": str(directory), "SOTAY_PUBLIC_URL": address}
    calls = [("worker", "--quiet"), *(("api", "--quiet", "--port", str(port)) for port in ports)]
    with contextlib.ExitStack() as running:
        programs = [
            running.enter_context(Program(directory / f"{place}.log", *call, **environment))
            for place, call in enumerate(calls)
        ]
        wait_until(lambda: all(map(_is_ready, ports)), "it is ready", seconds=120)
        yield ports
        assert {program.end() for program in programs} == {0}


def _is_ready(port: int) -> bool:
    asking = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        asking.request("GET", "/readyz")
        return asking.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        asking.close()


class Fleet:
    """The phones, their owners' habits, and the model of what they mean to do."""

    def __init__(self, village: Village, *, ports: Sequence[int], seed: int) -> None:
        self.village = village
        self.ledger = Ledger()
        self.weather = Weather()
        self.phones: list[Phone] = []
        self._habits: dict[Phone, Habits] = {}
        self._screens: dict[str, str] = {}
        self._chance = random.Random(seed)  # noqa: S311 repeatable chance, no secret
        marks = numbers()
        for branch in village.branches:
            for place, person in enumerate(branch.people):
                phone = Phone(
                    person,
                    branch=str(branch.id),
                    ports=ports,
                    seed=f"{seed} {len(self.phones)}",
                    weather=self.weather,
                    judge=self.ledger,
                )
                post = {0: "secretary", 1: "minute_taker"}.get(place)
                self.phones.append(phone)
                self._habits[phone] = Habits(phone, post=post, screens=self._screens, numbers=marks)

    @property
    def seen(self) -> Counter[str]:
        """What happened to all of them."""
        return sum((phone.seen for phone in self.phones), Counter())

    async def begin(self) -> None:
        """Sign everybody in; then those who lead do a few things, so that there is something to answer."""
        await self._each(self.phones, Phone.sign_in)
        leading = [phone for phone in self.phones if not self._habits[phone].is_member]
        for _ in range(BEGINNINGS):
            await self._each(leading, lambda phone: self._visit(phone, MOST_AT_A_VISIT // 2))

    # Living.

    async def live(self, operations: int) -> None:
        """Let people pick up their phones, some at a time, until they have done so many things."""
        idle = list(self.phones)
        left = operations

        async def hold_phones() -> None:
            nonlocal left
            while left > 0:
                phone = self._who(idle)
                idle.remove(phone)
                count = min(left, self._chance.randint(1, MOST_AT_A_VISIT))
                left -= count
                await self._visit(phone, count)
                idle.append(phone)

        await asyncio.gather(*(hold_phones() for _ in range(min(AT_ONCE, len(self.phones) // 2))))

    def _who(self, idle: list[Phone]) -> Phone:
        """Choose who takes up their phone: one who leads more often than one who does not."""
        leading = [phone for phone in idle if not self._habits[phone].is_member]
        return self._chance.choice(leading if leading and self._chance.random() < LEADING else idle)

    async def _visit(self, phone: Phone, count: int) -> None:
        phone.seen["operations"] += count
        chance, habits = phone.chance, self._habits[phone]
        is_online = chance.random() < 0.8
        if chance.random() < 0.05:
            phone.set_clock()
        try:
            if is_online:
                await self._try(phone.catch_up)
                await self._show_codes(phone)
            for _ in range(count):
                phone.outbox.append(habits.next())
                if is_online and chance.random() < 0.6:
                    await phone.flush()
            if is_online:
                await phone.flush()
                await self._try(lambda: phone.look(self._something(phone)))
        except SignedOut:  # counted where it was noticed; the person types the password
            await phone.sign_in()
        await phone.wire.close()

    def _something(self, phone: Phone) -> str:
        shown = [path for path in map(path_of, phone.store.held) if path is not None]
        return phone.chance.choice([*LISTS, *shown[-20:]])

    async def _show_codes(self, phone: Phone) -> None:
        """Let an organiser's phone fetch the codes that hang on the wall."""
        for meeting in phone.store.of("meeting"):
            is_here = (meeting["organisation_id"], meeting["status"]) == (phone.branch, "in_session")
            if is_here and meeting["id"] not in self._screens and not self._habits[phone].is_member:
                path = f"/v1/meetings/{meeting['id']}/check-in-code"
                with contextlib.suppress(Lost):
                    answer = await phone.ask("GET", path)
                    if answer.status == HTTPStatus.OK:
                        self._screens[meeting["id"]] = answer.json()["code"]

    async def _try(self, do: Callable[[], Awaitable[None]]) -> None:
        for _ in range(TRIES):
            try:
                await do()
            except Lost:
                continue
            return

    # Coming to rest.

    async def rest(self) -> None:
        """Empty every outbox in the same bad weather; then the sky clears, the worker finishes, and all catch up."""

        async def empty(phone: Phone) -> None:
            await phone.flush(patience=1)

        await self._each(self.phones, empty)
        self.weather.cut = self.weather.unreachable = 0
        waiting = """
            SELECT id FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
            AND task_name LIKE 'notifications.%%' AND coalesce(scheduled_at, now()) <= now()
        """
        await asyncio.to_thread(
            wait_until, lambda: not sql(self.village.url, waiting), "notices are given out", seconds=300
        )
        await self._each(self.phones, Phone.catch_up)

    async def unequal_stores(self) -> list[str]:
        """Compare each phone's store with that of a fresh one; what a clock changed meanwhile is looked at again."""
        found: list[str] = []

        async def compare(phone: Phone) -> None:
            lines = await self._differences(phone)
            if lines:
                lines = await self._differences(phone)
            found.extend(f"{phone.person.full_name}: {line}" for line in lines)

        await self._each(self.phones, compare)
        return found

    async def _differences(self, phone: Phone) -> list[str]:
        await phone.catch_up()
        grown, phone.store = phone.store, Store()
        await phone.catch_up(limit=200)
        fresh, phone.store = phone.store, grown
        phone.seen["resources compared"] += len(fresh.held)
        old, new = settled(grown.held), settled(fresh.held)
        lines = []
        for name in old.keys() | new.keys():
            ours, theirs = old.get(name), new.get(name)
            if ours is None or theirs is None:
                lines.append(f"{name} is only {'on the fresh phone' if ours is None else 'on the old phone'}")
            elif ours != theirs:
                lines.append(f"{name}: {[(key, ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]]}")
        return lines

    async def stale_pages(self) -> list[str]:
        """Return pages that the server calls unchanged and shows otherwise."""
        stale: list[str] = []

        async def look_again(phone: Phone) -> None:
            for path, (etag, body) in list(phone.pages.items()):
                known = await phone.ask("GET", path, {"If-None-Match": etag})
                if known.status == HTTPStatus.NOT_MODIFIED:
                    phone.seen["pages held unchanged"] += 1
                    now = await phone.ask("GET", path)
                    if now.body != body:
                        stale.append(f"{path}: {body.decode()} is now {now.body.decode()}")

        await self._each(self.phones, look_again)
        return stale

    def odd_installations(self) -> list[str]:
        """Return installations that have another number of open sessions than one, since all have refreshed theirs."""
        counted = sql(
            self.village.url,
            "SELECT installation_id, count(*) FILTER (WHERE revoked_at IS NULL) FROM sessions GROUP BY installation_id",
        )
        return [f"{installation}: {count}" for installation, count in counted if count != 1]

    # Staying signed in.

    async def refresh(self, count: int) -> None:
        """Change refresh tokens so many times, a tenth of the answers being cut; then everybody must still be in."""
        self.weather.cut = REFRESHES_CUT
        shares = dict.fromkeys(self.phones, count // len(self.phones))
        for phone in self.phones[: count % len(self.phones)]:
            shares[phone] += 1

        async def stay(phone: Phone) -> None:
            for _ in range(shares[phone]):
                lost_before = phone.seen["answers cut"]
                try:
                    await phone.refresh()
                except SignedOut:
                    await phone.sign_in()
                if phone.seen["answers cut"] > lost_before:
                    await asyncio.sleep(BETWEEN_REFRESHES_SECONDS)

        await self._each(self.phones, stay, at_once=REFRESHING_AT_ONCE)
        self.weather.cut = 0
        await self._each(self.phones, self._look_in)

    async def _look_in(self, phone: Phone) -> None:
        answer = await phone.ask("GET", "/v1/me")
        assert answer.status == HTTPStatus.OK, answer.body

    async def steal(self) -> tuple[int, int]:
        """Replay the tokens of every other phone, each in one of four ways; return how many, and how many were caught.

        Caught is one where thief and owner are both out afterwards. Who was not robbed must still be in.
        """
        robbed = self.phones[::2]
        caught = 0

        async def rob(phone: Phone) -> None:
            nonlocal caught
            way = robbed.index(phone) % 4
            own, other = str(phone.person.installation_id), str(uuid4())
            stolen = phone.refresh_token
            if way != 1:  # 1: not yet used, from another phone
                await phone.refresh()
            if way == 0:  # the owner has gone on; 2: from another phone, at once
                await phone.refresh()
            if way == 3:  # at once would be a retry
                self._age_tokens(phone)
            body = {"refresh_token": stolen, "installation_id": other if way in {1, 2} else own}
            thief = await phone.insist("POST", "/v1/auth/refresh", body)
            now = await phone.wire.ask("GET", "/v1/me", phone.signed())
            body = {"refresh_token": phone.refresh_token, "installation_id": own}
            owner = await phone.insist("POST", "/v1/auth/refresh", body)
            caught += {thief.status, now.status, owner.status} == {HTTPStatus.UNAUTHORIZED}

        await self._each(robbed, rob)
        await self._each(self.phones[1::2], self._look_in)
        told = sql(self.village.url, "SELECT count(*) FROM events WHERE code = 'identity.refresh_token_reused'")
        return len(robbed), min(caught, int(told[0][0]))

    def _age_tokens(self, phone: Phone) -> None:
        sql(
            self.village.url,
            "UPDATE refresh_tokens SET used_at = used_at - make_interval(secs => %s) WHERE session_id IN"
            " (SELECT id FROM sessions WHERE installation_id = %s AND revoked_at IS NULL)",
            RETRY_WINDOW_SECONDS + 1,
            phone.person.installation_id,
        )

    async def _each(
        self, phones: Iterable[Phone], do: Callable[[Phone], Awaitable[None]], *, at_once: int = AT_ONCE
    ) -> None:
        places = asyncio.Semaphore(at_once)

        async def take_place(phone: Phone) -> None:
            async with places:
                try:
                    await do(phone)
                except SignedOut:  # counted where it was noticed; the person types the password, and goes on
                    await phone.sign_in()
                    await do(phone)
                await phone.wire.close()

        await asyncio.gather(*map(take_place, phones))
