"""A POST sent twice takes effect once, and what it was answered is what it is answered again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter, File, Form, Header, Response, UploadFile
from httpx import ASGITransport, AsyncClient
from httpx import Response as Answer
from sqlalchemy import text

from app.kernel.bodies import StrictRoute
from app.kernel.db import Database, DbSession, PooledDatabase
from app.kernel.errors import Conflict, NotSignedIn
from app.kernel.etags import Tagged
from app.kernel.events import record
from app.kernel.passwords import Passwords
from app.kernel.schemas import Request as Body
from app.kernel.schemas import Versioned
from app.kernel.security import Actor
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from app.worker import TASKS
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.world import Person, World
from tests.kernel.test_db import rung
from tests.worker import JobRunner

ANN = UUID(int=1)
BINH = UUID(int=2)
SignedIn = Callable[[Person], AsyncClient]


class Ring(Body):
    name: str
    fail: str = ""


class RingView(Versioned):
    name: str


class Meanwhile:
    """What somebody else does while a request is served; the request waits for it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=10, statement_timeout_ms=2_000)
    async with database.session() as session:
        await session.execute(text("CREATE TABLE bells (id uuid, name text UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        await session.commit()
    yield database
    await database.close()


@pytest.fixture
def meanwhile() -> Meanwhile:
    return Meanwhile()


@pytest.fixture
async def ann(
    live: PooledDatabase, meanwhile: Meanwhile, settings: Settings, keys: TokenKeys, passwords: Passwords
) -> AsyncIterator[AsyncClient]:
    app = create_app(Parts(settings=settings, database=live, passwords=passwords, keys=keys))

    async def authenticate(session: object, token: str) -> Actor:
        del session
        if not token.isdigit():
            raise NotSignedIn
        nobody = UUID(int=0)
        return Actor(
            account_id=UUID(int=int(token)),
            session_id=nobody,
            member_id=nobody,
            organisation_id=nobody,
            path=(),
            posts=(),
            time_zone="Asia/Ho_Chi_Minh",
        )

    app.state.authenticate = authenticate
    router = APIRouter(route_class=StrictRoute)

    async def ring(
        session: DbSession,
        tagged: Tagged,
        response: Response,
        body: Ring,
        if_match: Annotated[str | None, Header(alias="If-Match")] = None,
    ) -> RingView:
        del if_match
        made = session.new_id()
        await session.execute(text("INSERT INTO bells VALUES (:id, :name)"), {"id": made, "name": body.name})
        await record(session, rung())
        if body.fail == "refusal":
            raise Conflict
        if body.fail == "crash":
            raise RuntimeError("after record()")
        if body.fail == "wait":
            meanwhile.reached.set()
            await meanwhile.go_on.wait()
        if body.fail == "overtaken":
            async with live.session() as other:
                await other.execute(
                    text("""
                        INSERT INTO idempotency_keys
                        SELECT :ann, CAST(:key AS uuid), 'x', 201, '{}', '', now()
                    """),
                    {"ann": ANN, "key": body.name},
                )
                await other.commit()
        response.headers["Location"] = f"/test/rings/{made}"
        return tagged.one(RingView(id=made, version=1, name=body.name))

    async def hand_in(
        session: DbSession, file: Annotated[UploadFile, File()], title: Annotated[str, Form()]
    ) -> dict[str, Any]:  # Any: JSON
        content = await file.read()
        await session.execute(text("INSERT INTO bells VALUES (:id, :name)"), {"id": session.new_id(), "name": title})
        return {"title": title, "size": len(content)}

    async def silence(session: DbSession) -> None:
        await session.execute(text("DELETE FROM bells"))

    router.add_api_route("/test/rings", ring, methods=["POST"], status_code=201, operation_id="ring")
    router.add_api_route("/test/other", ring, methods=["POST"], status_code=201, operation_id="other")
    router.add_api_route("/test/papers", hand_in, methods=["POST"], operation_id="handIn", max_body_size=2**22)
    router.add_api_route("/test/silence", silence, methods=["POST"], status_code=204, operation_id="silence")
    app.include_router(router)
    async with AsyncClient(
        transport=ASGITransport(app, raise_app_exceptions=False),
        base_url="http://sotay.test",
        headers={"Authorization": "Bearer 1"},
    ) as caller:
        yield caller


async def count(live: Database, table: str = "bells") -> int:
    async with live.session() as session:
        return (await session.scalar(text(f"SELECT count(*) FROM {table}"))) or 0


def with_key(key: object = None, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": str(key or uuid4()), **more}


def code_of(answer: Any) -> tuple[int, str]:  # Any: httpx's answer
    return answer.status_code, answer.json()["code"]


async def test_a_repetition_gets_the_same_bytes_and_tag_and_does_nothing(
    ann: AsyncClient, live: PooledDatabase
) -> None:
    headers = with_key()
    first = await ann.post("/test/rings", json={"name": "Đông"}, headers=headers)
    again = await ann.post("/test/rings", json={"name": "Đông"}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("etag", "location", "content-type", "content-length"):
        assert again.headers[name] == first.headers[name]
    counted = [await count(live, table) for table in ("bells", "events", "procrastinate_jobs", "idempotency_keys")]
    assert counted == [1, 1, 1, 1]


async def test_without_a_key_each_post_is_its_own(ann: AsyncClient, live: PooledDatabase) -> None:
    for name in "ab":
        assert (await ann.post("/test/rings", json={"name": name})).status_code == 201

    assert (await count(live), await count(live, "idempotency_keys")) == (2, 0)


async def test_an_answer_without_a_body_is_repeated_too(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    assert (await ann.post("/test/silence", headers=headers)).status_code == 204
    await ann.post("/test/rings", json={"name": "a"})

    again = await ann.post("/test/silence", headers=headers)

    assert (again.status_code, again.content, again.headers["idempotency-replayed"]) == (204, b"", "true")
    assert await count(live) == 1


@pytest.mark.parametrize(
    ("path", "body", "more"),
    [
        ("/test/rings", {"name": "b"}, {}),
        ("/test/other", {"name": "a"}, {}),
        ("/test/rings?loud=1", {"name": "a"}, {}),
        ("/test/rings", {"name": "a"}, {"If-Match": '"1-0"'}),
        ("/test/rings", {"nom": "not even valid"}, {}),
    ],
)
async def test_a_key_of_another_request_is_refused(
    path: str, body: dict[str, str], more: dict[str, str], ann: AsyncClient, live: PooledDatabase
) -> None:
    key = uuid4()
    await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key))

    answer = await ann.post(path, json=body, headers=with_key(key, **more))

    assert code_of(answer) == (422, "idempotency_key_reused")
    assert await count(live) == 1


async def test_another_account_may_use_the_same_key(ann: AsyncClient, live: PooledDatabase) -> None:
    key = uuid4()
    await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key))

    answer = await ann.post("/test/rings", json={"name": "b"}, headers=with_key(key, Authorization="Bearer 2"))

    assert answer.status_code == 201
    assert answer.json()["name"] == "b"
    assert "idempotency-replayed" not in answer.headers
    assert await count(live) == 2


async def test_who_is_no_longer_signed_in_gets_no_repetition(ann: AsyncClient) -> None:
    key = uuid4()
    await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key))

    answer = await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key, Authorization="Bearer out"))

    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["", "1", "không", "01a20554-aa22-7cf5-97ba-64575c030d6", "x" * 5000])
async def test_a_malformed_key_is_refused_by_its_name(key: str, ann: AsyncClient, live: PooledDatabase) -> None:
    answer = await ann.post("/test/rings", json={"name": "a"}, headers={b"Idempotency-Key": key.encode()})

    assert code_of(answer) == (422, "fields_not_valid")
    assert answer.json()["errors"][0]["pointer"] == "header/Idempotency-Key"
    assert await count(live) == 0


@pytest.mark.parametrize(("fail", "status"), [("refusal", 409), ("crash", 500)])
async def test_a_refusal_is_not_kept_so_that_a_retry_may_succeed(
    fail: str, status: int, ann: AsyncClient, live: PooledDatabase
) -> None:
    headers = with_key()
    for _ in range(2):
        refused = await ann.post("/test/rings", json={"name": "a", "fail": fail}, headers=headers)
        assert (refused.status_code, "idempotency-replayed" in refused.headers) == (status, False)
    assert await count(live, "idempotency_keys") == 0

    assert (await ann.post("/test/rings", json={"name": "a"}, headers=headers)).status_code == 201
    assert await count(live) == 1


async def test_a_commit_that_fails_keeps_nothing(ann: AsyncClient, live: PooledDatabase) -> None:
    await ann.post("/test/rings", json={"name": "a"})
    headers = with_key()

    failed = await ann.post("/test/rings", json={"name": "a"}, headers=headers)  # checked by the commit itself

    assert code_of(failed) == (500, "internal_error")
    assert await count(live, "idempotency_keys") == 0
    async with live.session() as session:
        await session.execute(text("DELETE FROM bells"))
        await session.commit()
    assert (await ann.post("/test/rings", json={"name": "a"}, headers=headers)).status_code == 201


async def test_a_connection_that_dies_before_the_commit_keeps_nothing_and_frees_the_key(
    ann: AsyncClient, live: PooledDatabase, meanwhile: Meanwhile
) -> None:
    headers = with_key()
    body = {"name": "a", "fail": "wait"}
    first = asyncio.create_task(ann.post("/test/rings", json=body, headers=headers))
    await meanwhile.reached.wait()
    async with live.session() as session:
        await session.execute(
            text("""
                SELECT pg_terminate_backend(pid) FROM pg_locks
                WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
            """)
        )
    meanwhile.go_on.set()

    assert (await first).status_code == 503
    assert (await count(live), await count(live, "idempotency_keys")) == (0, 0)
    assert (await ann.post("/test/rings", json=body, headers=headers)).status_code == 201
    assert await count(live) == 1


async def test_an_answer_lost_on_its_way_is_given_again_word_for_word(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    app = ann._transport.app  # type: ignore[attr-defined] # noqa: SLF001 the caller below hangs up
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:  # Any: an ASGI message
        return {"type": "http.request", "body": b'{"name":"a"}'}

    async def send(message: Any) -> None:  # Any: an ASGI message
        if message["type"] == "http.response.body":
            sent.append(message["body"])
            raise OSError("the caller is gone")

    raw = {"host": "sotay.test", "authorization": "Bearer 1", "content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/test/rings",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in raw.items()],
    }
    with pytest.raises(OSError, match="gone"):
        await app(scope, receive, send)

    again = await ann.post("/test/rings", content=b'{"name":"a"}', headers={**raw})
    assert again.headers["idempotency-replayed"] == "true"
    assert [again.content] == sent
    assert await count(live) == 1


async def test_a_repetition_while_the_first_is_under_way_is_told_so_at_once(
    ann: AsyncClient, live: PooledDatabase, meanwhile: Meanwhile
) -> None:
    headers = with_key()
    body = {"name": "a", "fail": "wait"}
    first = asyncio.create_task(ann.post("/test/rings", json=body, headers=headers))
    await meanwhile.reached.wait()

    second = await ann.post("/test/rings", json=body, headers=headers)
    meanwhile.go_on.set()

    assert code_of(second) == (409, "request_in_flight")
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    third = await ann.post("/test/rings", json=body, headers=headers)
    assert (third.status_code, third.content) == (201, (await first).content)
    assert await count(live) == 1


async def test_who_is_overtaken_between_look_and_lock_takes_no_effect(ann: AsyncClient, live: PooledDatabase) -> None:
    key = uuid4()

    answer = await ann.post("/test/rings", json={"name": str(key), "fail": "overtaken"}, headers=with_key(key))

    assert code_of(answer) == (409, "request_in_flight")
    assert await count(live) == 0


async def test_a_hundred_at_once_take_effect_once(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()

    answers = await asyncio.gather(*(ann.post("/test/rings", json={"name": "a"}, headers=headers) for _ in range(100)))

    assert [await count(live, table) for table in ("bells", "events", "idempotency_keys")] == [1, 1, 1]
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in done) == 1


async def test_a_form_is_the_same_whatever_stands_between_its_parts(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    content = b"%PDF" + bytes(3 * 1024 * 1024)

    async def hand_in(title: str, content: bytes, name: str = "a.pdf") -> Any:  # Any: httpx's answer
        form = {"data": {"title": title}, "files": {"file": (name, content)}}
        return await ann.post("/test/papers", headers=headers, **form)  # type: ignore[arg-type]

    first = await hand_in("a", content)
    again = await hand_in("a", content)

    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (first.json(), again.content) == ({"title": "a", "size": len(content)}, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    for other in (("b", content), ("a", content[:-1]), ("a", content, "b.pdf")):
        assert code_of(await hand_in(*other)) == (422, "idempotency_key_reused")
    assert await count(live) == 1


async def test_a_body_too_large_is_refused_with_a_key_as_without(ann: AsyncClient) -> None:
    for path in ("/test/rings", "/test/silence"):
        answer = await ann.post(path, content=b" " * 70_000, headers=with_key())
        assert code_of(answer) == (413, "body_too_large")


async def test_a_caller_may_prefer_an_empty_answer_to_the_resource(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    spare = await ann.post("/test/rings", json={"name": "a"}, headers={**headers, "Prefer": "return=minimal"})
    whole = await ann.post("/test/rings", json={"name": "a"}, headers=headers)

    assert (spare.status_code, spare.content, spare.headers["preference-applied"]) == (204, b"", "return=minimal")
    assert (whole.status_code, whole.json()["name"]) == (201, "a")
    assert "preference-applied" not in whole.headers
    assert (spare.headers["etag"], spare.headers["location"]) == (whole.headers["etag"], whole.headers["location"])
    assert "idempotency-replayed" not in spare.headers
    replayed = await ann.post("/test/rings", json={"name": "a"}, headers={**headers, "Prefer": "return=minimal"})
    assert (replayed.status_code, replayed.headers["idempotency-replayed"]) == (204, "true")
    assert await count(live) == 1


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ("return=minimal", 204),
        ('respond-async, Return = "minimal"; x=1', 204),
        ("return=representation", 201),
        ("return", 201),
        ("", 201),
    ],
)
async def test_a_preference_is_read_as_rfc_7240_writes_it(wish: str, status: int, ann: AsyncClient) -> None:
    answer = await ann.post("/test/rings", json={"name": "a"}, headers={"Prefer": wish})

    assert answer.status_code == status


async def test_a_refusal_and_a_read_are_whole_whatever_is_preferred(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    preferring = {"Prefer": "return=minimal"}

    refused = await secretary.post(f"/v1/meetings/{uuid4()}/announce", headers=preferring)
    read = await secretary.get(f"/v1/organisations/{world.branch_a}", headers=preferring)

    assert code_of(refused) == (404, "meeting_not_found")
    assert (read.status_code, read.json()["id"]) == (200, str(world.branch_a))


async def test_what_holds_secrets_is_not_kept(world: World, signed_in: SignedIn, database: Database) -> None:
    path = f"/v1/members/{world.member.member_id}/activation-code"
    headers = with_key()

    codes = [(await signed_in(world.secretary).post(path, headers=headers)).json()["activation_code"] for _ in "12"]

    assert codes[0] != codes[1]
    assert await count(database, "idempotency_keys") == 0


async def test_answers_are_forgotten_after_thirty_days(
    world: World, signed_in: SignedIn, database: Database, jobs: JobRunner, clock: FakeClock
) -> None:
    path = f"/v1/organisations/{world.branch_a}/meetings"
    body = {"title": "Sinh hoạt tháng 12", "starts_at": "2027-03-04T12:30:00Z", "place": "Nhà văn hóa"}
    purge = next(task for task in TASKS if task.name == "kernel.purge_idempotency")
    assert purge.cron is not None
    await signed_in(world.secretary).post(path, json=body, headers=with_key())

    clock.advance(days=30)
    await purge.run(jobs.office, timestamp=0)
    assert await count(database, "idempotency_keys") == 1
    clock.advance(seconds=1)
    await purge.run(jobs.office, timestamp=0)
    assert await count(database, "idempotency_keys") == 0


async def test_who_has_lost_a_post_or_left_the_branch_is_not_told_the_answer_again(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    """The secretary's phone comes back late: what it was answered about the branch is no longer theirs to see."""
    secretary = signed_in(world.secretary)
    body = {"title": "Họp", "starts_at": "2026-12-04T12:30:00Z", "place": "Nhà văn hóa", "kind": "regular"}
    headers = with_key()
    path = f"/v1/organisations/{world.branch_a}/meetings"

    async def ask() -> Answer:
        return await secretary.post(path, json=body, headers=headers)

    async def change(statement: str, **values: object) -> None:
        async with database.session() as session:
            await session.execute(text(statement), values)
            await session.commit()

    first = await ask()
    assert first.status_code == 201, first.text
    here = {"member": world.secretary.member_id, "branch": world.branch_a}

    await change(
        "INSERT INTO posts (id, member_id, organisation_id, kind, starts_on) "
        "VALUES (gen_random_uuid(), :member, :branch, 'auditor', '2026-01-01')",
        **here,
    )
    more = await ask()  # whoever has got more still has what it was then
    assert (more.content, more.headers["idempotency-replayed"]) == (first.content, "true")

    await change("UPDATE posts SET ends_on = '2026-11-21' WHERE member_id = :member AND kind = 'secretary'", **here)
    assert code_of(await ask()) == (403, "answer_no_longer_yours")

    await change("UPDATE posts SET ends_on = NULL WHERE member_id = :member", **here)
    assert (await ask()).content == first.content
    await change(
        "UPDATE members SET organisation_id = :other WHERE id = :member", member=here["member"], other=world.branch_b
    )
    left = await ask()
    assert code_of(left) == (403, "answer_no_longer_yours")
    assert "Họp" not in left.text
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM meetings")) == 1
