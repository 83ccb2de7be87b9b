"""Asks, and judges each answer by the model: what is foreign in it, what is missing, what was refused or allowed."""

import io
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pypdfium2
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from starlette.types import ASGIApp

from app.kernel.db import Base, Session
from app.kernel.pokes import Pokes
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, furnish
from tests.conftest import RolledBackDatabase, cheap_passwords
from tests.contract.document import APP, Json
from tests.factories.clock import FakeClock
from tests.isolation.asking import KEY, Asked, Asking
from tests.isolation.expecting import DENIED, FOR_A_PASSWORD, denials, may_differ
from tests.isolation.faults import Fault, Leaking
from tests.isolation.happenings import Happenings
from tests.isolation.invention import Invention
from tests.isolation.knowledge import Knowledge
from tests.isolation.model import Model
from tests.isolation.rows import Rows, ScopedChange, changes_of
from tests.isolation.rules import ITEMS, seen_changes
from tests.isolation.state import NUMBER, WORD, Person

ISSUER = "http://sotay.test"
BETWEEN_HAPPENINGS = 300
SMALLEST_TYPESET = 2_000
ONE_IN_REFUSED = 60


class Findings:
    """What was counted, and what is wrong: a foreign row, a missing row, a server error, a wrong status, a change."""

    def __init__(self) -> None:
        self.requests = 0
        self.words_judged = 0
        self.items_judged = 0
        self.digests = 0
        self.replays = 0
        self.happenings: Counter[str] = Counter()
        self.answers: Counter[tuple[str, str, str]] = Counter()
        self.wrong: dict[str, list[str]] = {
            "foreign rows": [],
            "missing rows": [],
            "server errors": [],
            "wrong answers": [],
            "changes by refused writes": [],
        }

    def note(self, what: str, asked: Asked, detail: str) -> None:
        who = "nobody" if asked.caller is None else f"{asked.caller.id}"
        self.wrong[what].append(f"{asked.operation.name}: {detail}\n    as {who}: {asked}")

    @property
    def is_clean(self) -> bool:
        return not any(self.wrong.values())


class Trial:
    """One country, and requests to it; every request is taken back, what happens in between is not."""

    def __init__(
        self,
        connection: AsyncConnection,
        clock: FakeClock,
        app: ASGIApp,
        keys: TokenKeys,
        *,
        seed: int,
        reading: type[Model],
    ) -> None:
        self.dice = random.Random(seed)  # noqa: S311 for the same run again, not for secrets
        self.clock = clock
        self.findings = Findings()
        self._connection = connection
        self._reading = reading
        self._keys = keys
        self._tokens: dict[Person, str] = {}
        self._holders: dict[str, Person] = {}
        self._cursors: dict[Person, str] = {}
        self._digest: str | None = None
        transport = ASGITransport(app, raise_app_exceptions=False)
        self._client = AsyncClient(transport=transport, base_url=ISSUER, headers={"Accept-Encoding": "identity"})
        invention = Invention(self.dice, clock(), self._today())
        self.state = invention.run()
        self.happenings = Happenings(invention, connection, clock, self._act)
        self._told: set[ScopedChange] = set()
        self._look()
        self.asking = Asking(self.dice, self.model)

    def _today(self) -> Any:  # a day
        return (self.clock() + timedelta(hours=7)).date()

    def _look(self) -> None:
        self.model = self._reading(self.state, now=self.clock(), today=self._today())
        self._knowledge = Knowledge(self.model)
        self._told.update(changes_of(self.state))  # what was told in a scope stays there, unless it was handed over
        self._told = {one for one in self._told if (one[0], one[2]) not in self.state.handed_over}
        self._tokens.clear()
        self._holders.clear()
        self._digest = None

    def begin_anew(self) -> None:
        """Forget what was found."""
        self.findings = Findings()

    async def run(self, requests: int, *, until_wrong: bool = False) -> None:
        """Ask so many times, pages and repeats counted, or until something is wrong; now and then something happens."""
        until_happening = BETWEEN_HAPPENINGS
        while self.findings.requests < requests and not (until_wrong and not self.findings.is_clean):
            asked = self.asking.ask()
            before = self.findings.requests
            transaction = await self._connection.begin()
            try:
                await self._try(asked)
            finally:
                await transaction.rollback()
            until_happening -= self.findings.requests - before
            if until_happening <= 0:
                until_happening = BETWEEN_HAPPENINGS
                self.findings.happenings[await self.happenings.next()] += 1
                self._look()
                self.asking.look_again(self.model)

    async def close(self) -> None:
        await self._client.aclose()

    # One request.

    async def send(self, asked: Asked, caller: Person | None, params: dict[str, str] | None = None) -> Response:
        self.findings.requests += 1
        headers = dict(asked.headers)
        if caller is not None:
            headers["Authorization"] = f"Bearer {self.token_of(caller)}"
        sent: dict[str, Any] = {}  # Any: what httpx takes
        if asked.form is not None:
            sent = {"data": asked.form, "files": {"file": asked.file}}
        elif asked.body is not None:
            sent = {"json": asked.body}
        answer = await self._client.request(
            asked.operation.method,
            asked.url,
            params=asked.params if params is None else params,
            headers=headers,
            **sent,
        )
        self._judge_words(asked, caller, answer)
        return answer

    async def _act(self, person: Person, address: str, body: Json) -> Response:
        headers = {"Authorization": f"Bearer {self.token_of(person)}", KEY: str(uuid4())}
        return await self._client.post(address, json=body, headers=headers)

    def token_of(self, caller: Person) -> str:
        if caller not in self._tokens:
            self._tokens[caller] = self._keys.issue(
                account_id=caller.account, session_id=caller.session, token_id=uuid4(), now=self.clock()
            )
            self._holders[self._tokens[caller]] = caller
        return self._tokens[caller]

    def holder_of(self, token: str) -> Person | None:
        return self._holders.get(token)

    async def _try(self, asked: Asked) -> None:
        answer = await self.send(asked, asked.caller)
        status = answer.status_code
        known = "ok" if status < 300 else str(status)
        self.findings.answers[asked.operation.name, asked.relation, known] += 1
        self._judge_status(asked, answer)
        if status == 200 and asked.caller is not None:
            if asked.operation.name == "getChanges":
                await self._judge_changes(asked, asked.caller, answer)
            elif asked.operation.name in ITEMS:
                await self._judge_items(asked, asked.caller, answer)
            elif asked.operation.method == "GET" and asked.subject is not None:
                self._judge_presence(asked, answer)
        if status in {403, 404} and asked.operation.method != "GET" and self.dice.randrange(ONE_IN_REFUSED) == 0:
            await self._judge_unchanged(asked)
        if KEY in asked.headers and answer.is_success and asked.caller is not None:
            await self._judge_replay(asked, asked.caller, answer)

    # Judging.

    def _judge_status(self, asked: Asked, answer: Response) -> None:
        status, name = answer.status_code, asked.operation.name
        if status >= 500 and name != "getReadiness":
            self.findings.note("server errors", asked, answer.text[:500])
        right = denials(asked, self.model)
        is_free = name in FOR_A_PASSWORD or (right == {401} and not asked.operation.needs_sign_in)
        is_right = status in right if right else status not in DENIED - may_differ(asked)
        if not (is_free or is_right):
            expected = sorted(right) or "visible and allowed"
            self.findings.note("wrong answers", asked, f"{status}, not {expected}: {answer.text[:200]}")

    def _judge_words(self, asked: Asked, caller: Person | None, answer: Response) -> None:
        """Look for words and numbers of others in all of an answer, headers too."""
        content = answer.content
        said = str(answer.headers) + answer.text
        if content.startswith(b"%PDF") and len(content) > SMALLEST_TYPESET:
            said = "".join(_pages(content))
        elif content.startswith(b"PK"):
            said = _unzipped(content)
        owners = self.state.words.owners
        found = {word for word in (*WORD.findall(said), *NUMBER.findall(said)) if word in owners}
        if not found:
            return
        self.findings.words_judged += len(found)
        if asked.operation.name == "fetchCalendar" and asked.subject is not None:
            caller = asked.subject  # who knows the address reads as its owner
        allowed = self._knowledge.of(caller) if caller is not None and self.model.is_member(caller) else frozenset()
        if asked.operation.name == "startTransfer" and answer.is_success and asked.body is not None:
            # Whoever lets a member go to a branch is told which one that is.
            there = (one.name for one in self.state.organisations if str(one.id) == asked.body["to_organisation_id"])
            allowed = allowed.union(there)
        for word in found - allowed:
            if word not in asked.sent:
                self.findings.note("foreign rows", asked, f"{answer.status_code} shows {word}, {owners[word]}")

    def _judge_presence(self, asked: Asked, answer: Response) -> None:
        word = getattr(asked.subject, "title", None) or getattr(asked.subject, "question", None)
        if word is not None and asked.operation.name == f"get{type(asked.subject).__name__}":
            self.findings.items_judged += 1
            if word not in answer.text:
                self.findings.note("missing rows", asked, f"its own {word} is not there")

    async def _judge_items(self, asked: Asked, caller: Person, answer: Response) -> None:
        items: list[Any] = []  # JSON
        while True:
            page = answer.json()
            items += page["items"]
            if page.get("next_cursor") is None:
                break
            answer = await self.send(asked, caller, {**asked.params, "cursor": page["next_cursor"]})
            if answer.status_code != 200:
                self.findings.note("wrong answers", asked, f"{answer.status_code} for its own next page")
                return
        got = [str(item.get("id") or item["member_id"]) for item in items]
        expected = {str(one) for one in ITEMS[asked.operation.name](self.model, caller, asked.subject)}
        expected = self._narrowed(asked, expected)
        self.findings.items_judged += len(expected | set(got))
        for one in set(got) - expected:
            self.findings.note("foreign rows", asked, f"lists {one}")
        for one in expected - set(got):
            self.findings.note("missing rows", asked, f"does not list {one}")
        if len(got) != len(set(got)):
            self.findings.note("wrong answers", asked, "lists something twice")

    def _narrowed(self, asked: Asked, expected: set[str]) -> set[str]:
        state, params = self.state, asked.params
        if asked.operation.name == "listDocuments":
            by_id = {str(one.id): one for one in state.documents}
            return {
                one
                for one in expected
                if params.get("q", by_id[one].title) == by_id[one].title
                and params.get("organisation_id") in {None, str(by_id[one].organisation.id)}
            }
        if "q" in params:
            names = {str(one.id): one.name for one in state.people}
            names |= {str(one.id): one.name for one in state.organisations}
            return {one for one in expected if names[one] == params["q"]}
        if "meeting_id" in params:
            of = {
                str(one.id) for one in state.resolutions if one.meeting and str(one.meeting.id) == params["meeting_id"]
            }
            return expected & of
        return expected

    async def _judge_changes(self, asked: Asked, caller: Person, answer: Response) -> None:
        """All of a first start is as the model says; of what a phone catches up with the words are judged only."""
        first = [(item["type"], item["id"]) for item in answer.json()["items"]]
        while (page := answer.json())["has_more"]:
            answer = await self.send(asked, caller, {"cursor": page["next_cursor"], "limit": "200"})
            if answer.status_code != 200:
                self.findings.note("wrong answers", asked, f"its own cursor is answered {answer.text[:300]}")
                return
            first += [(item["type"], item["id"]) for item in answer.json()["items"]]
        expected = seen_changes(self.model, caller, self._told)
        self.findings.items_judged += len(expected)
        for kind, key in set(first) - expected:
            self.findings.note("foreign rows", asked, f"brings {kind} {key}")
        for kind, key in expected - set(first):
            self.findings.note("missing rows", asked, f"does not bring {kind} {key}")
        if caller in self._cursors:
            await self.send(asked, caller, {"cursor": self._cursors[caller], "limit": "200"})
        others = [one for one in self._cursors if one is not caller]
        if others:
            stolen = await self.send(asked, caller, {"cursor": self._cursors[self.dice.choice(others)]})
            if stolen.status_code != 410:
                self.findings.note("wrong answers", asked, f"{stolen.status_code} for a cursor of somebody else")
        self._cursors[caller] = page["next_cursor"]

    async def _judge_replay(self, asked: Asked, caller: Person, answer: Response) -> None:
        """The same caller is answered the same again; who else knows the key makes a request of their own."""
        self.findings.replays += 1
        near = [
            one
            for one in self.state.people
            if not {one.organisation, *self.model.hosts(one)}.isdisjoint(one.organisation for one in caller.standings)
        ]
        other = self.dice.choice(near if self.dice.random() < 0.5 else self.state.people)
        if other is not caller:
            theirs = await self.send(asked, other)
            if "Idempotency-Replayed" in theirs.headers:
                self.findings.note("foreign rows", asked, f"replayed to {other.id}")
        again = await self.send(asked, caller)
        if asked.operation.name == "endSession" and again.status_code == 401:
            return  # the session that ended is the one that asks
        if (
            asked.operation.name == "acceptTransfer"
            and asked.subject.member is caller
            and again.status_code in {401, 403}
        ):
            return  # whoever takes themself in elsewhere, or lets themself go, has other rights there or none
        if asked.operation.name in {"splitOrganisation", "endPost"} and b'"answer_no_longer_yours"' in again.content:
            return  # whoever goes along with the part they split off, or ends their own post, administers no more
        if again.content != answer.content or again.headers.get("Idempotency-Replayed") != "true":
            self.findings.note("wrong answers", asked, f"{again.status_code}, not the same again: {again.text[:200]}")

    async def _judge_unchanged(self, asked: Asked) -> None:
        self.findings.digests += 1
        if self._digest is None:
            self._digest = await self._digest_apart()
        if await _digest_of(self._connection) != self._digest:
            self.findings.note("changes by refused writes", asked, "another digest of all rows")

    async def _digest_apart(self) -> str:
        async with self._connection.engine.connect() as apart:
            return await _digest_of(apart)


async def _digest_of(connection: AsyncConnection) -> str:
    """Return a digest of all rows of all tables."""
    tables = (
        f"(SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table.name} AS t)"
        for table in Base.metadata.sorted_tables
    )
    return str((await connection.execute(text(f"SELECT {', '.join(tables)}"))).one())


def _pages(content: bytes) -> Iterator[str]:
    paper = pypdfium2.PdfDocument(io.BytesIO(content))
    try:
        for page in paper:
            yield page.get_textpage().get_text_bounded()
    finally:
        paper.close()


def _unzipped(content: bytes) -> str:
    """Return the text of a spreadsheet."""
    with ZipFile(io.BytesIO(content)) as parts:
        return "".join(parts.read(name).decode(errors="replace") for name in parts.namelist())


@asynccontextmanager
async def country(
    url: str,
    directory: Path,
    *,
    seed: int,
    reading: type[Model] = Model,
    app: ASGIApp = APP,
) -> AsyncIterator[Trial]:
    """Make a country in a migrated, empty database; `app` is what is asked, in the end APP itself."""
    clock = FakeClock()
    engine = create_async_engine(url, poolclass=NullPool)
    keys = TokenKeys(directory / "keys", issuer=ISSUER)
    settings = Settings(data_dir=directory, public_url=ISSUER, rate_limit_per_minute=0)
    async with engine.connect() as connection:
        database = RolledBackDatabase(connection, clock)
        furnish(APP, Parts(settings=settings, database=database, passwords=cheap_passwords(), keys=keys))
        APP.state.pokes = Pokes(database, longest=0)  # httpx hands over whole answers: a stream must end by itself
        trial = Trial(connection, clock, app, keys, seed=seed, reading=reading)
        async with Session(engine, clock=clock) as session:
            await Rows(trial.state, clock()).write(session, APP.state.documents)
            await session.commit()
        async with engine.connect() as apart:
            await (await apart.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))
        yield trial
        await trial.close()
    await engine.dispose()


async def try_country(url: str, directory: Path, *, requests: int, seed: int, reading: type[Model] = Model) -> Findings:
    """Ask so many requests of a country, and judge them by a reading."""
    async with country(url, directory, seed=seed, reading=reading) as trial:
        await trial.run(requests)
    return trial.findings


async def try_faults(
    url: str, directory: Path, faults: Iterable[Fault], *, seed: int, at_most: int
) -> dict[Fault, Findings]:
    """Plant one fault after another in the same country, each until something of it is found, and return that.

    Nothing is asked but what the fault answers, at most so many times; nothing happens in between.
    """
    leaking = Leaking(APP)
    found = {}
    async with country(url, directory, seed=seed, app=leaking) as trial:
        for fault in faults:
            trial.begin_anew()
            trial.asking.ask_only(fault.operations)
            leaking.plant(fault, trial)
            await trial.run(at_most, until_wrong=True)
            found[fault] = trial.findings
    return found
