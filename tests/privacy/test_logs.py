"""Logs: a month of a branch with all the secrets of signing in leaves none of them, no name, number or ballot."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from httpx import AsyncClient
from sqlalchemy import text
from starlette.requests import Request

from app.kernel.logging import configure_logging
from app.kernel.passwords import Passwords
from app.kernel.problems import unexpected
from app.kernel.settings import LogFormat
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, said
from tests.factories.world import HANOI, World
from tests.factories.year import RESOLUTION, TASK, live_december
from tests.identity.steps import (
    PASSWORD,
    give_password,
    issue_code,
    refresh,
    try_to_activate,
    try_to_sign_in,
)
from tests.worker import JobRunner

WRONG = "mật khẩu gõ nhầm"
NEW_PHONE, CITIZEN_ID = "+84912345678", "037060001234"
ROSTER = f"Họ và tên,Ngày sinh,Ngày vào Đảng,Điện thoại\nCao Thị Uyên,02/03/1980,19/05/2005,{NEW_PHONE}\n"
ReadLogs = Callable[[], str]


@pytest.fixture
def logs() -> Iterator[ReadLogs]:
    """What processes of the service would write, at the level and in the format of production."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # or they would be closed
    configure_logging(LogFormat.json)
    structlog.configure(cache_logger_on_first_use=False)  # loggers outlive this test
    written = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written.getvalue
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def secrets(client: AsyncClient, world: World, database: RolledBackDatabase, passwords: Passwords) -> set[str]:
    """Gathers what must not be logged; the passwords and what signing in hands out are in it."""
    await give_password(database, passwords, world.member)
    tokens = (await try_to_sign_in(client, world.member.phone)).json()
    assert (await try_to_sign_in(client, world.member.phone, WRONG)).status_code == 401
    assert (await try_to_sign_in(client, NEW_PHONE, WRONG)).status_code == 401
    renewed = (await refresh(client, tokens["refresh_token"])).json()
    return {PASSWORD, WRONG, *(each[name] for each in (tokens, renewed) for name in ("access_token", "refresh_token"))}


async def take_every_secret(client: AsyncClient, signed_in: SignedIn, world: World) -> set[str]:
    """Ask for each thing that only its owner may hold, and spend what can be spent."""
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    code = await issue_code(secretary, world.away)
    assert (await try_to_activate(client, code)).status_code == 200
    calendar = (await member.post("/v1/me/calendar")).json()["https_url"]
    assert (await client.get(calendar)).status_code == 200
    factor = (await member.post("/v1/me/second-factor", json={"current_password": PASSWORD})).json()["secret"]
    assert (await member.post("/v1/me/second-factor/confirm", json={"totp_code": "000000"})).status_code >= 400
    device = {"platform": "android", "time_zone": HANOI, "app_version": "1.0.0", "push_token": "fcm-token-moi-tinh"}
    assert (await member.put(f"/v1/me/devices/{world.member.installation_id}", json=device)).status_code == 200
    return {code, calendar.rsplit("/", 1)[1], factor, device["push_token"], member.headers["Authorization"].split()[1]}


async def write_records(signed_in: SignedIn, world: World) -> None:
    """Send numbers and names that are taken, refused as a field, refused as a whole, and asked for."""
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    address, branch = f"/v1/members/{world.phoneless.member_id}", f"/v1/organisations/{world.branch_a}"
    body = {"phone": NEW_PHONE, "citizen_id": CITIZEN_ID}
    answers = [
        await secretary.patch(address, json=body, headers={"If-Match": '"1-0"'}),
        await secretary.post(
            f"{branch}/members", json={"full_name": "Cao Thị Uyên", "admitted_on": "2005-05-19", **body}
        ),
        await secretary.post(f"{branch}/members", json={"full_name": 5, **body}),
        await secretary.post(
            f"{branch}/member-imports", data={"commit": "false"}, files={"file": ("a.csv", ROSTER.encode())}
        ),
        await secretary.get(f"{branch}/members?q=Cao Thị Uyên"),
        await member.post("/v1/me/correction-requests", json={"field": "citizen_id", "value": CITIZEN_ID}),
        await member.get("/v1/me/export"),
        await member.get(f"/{NEW_PHONE}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 409, 422, 200, 200, 201, 200, 404]


async def test_a_month_leaves_no_number_name_token_word_or_ballot_in_the_logs(
    logs: ReadLogs,
    secrets: set[str],
    client: AsyncClient,
    world: World,
    signed_in: SignedIn,
    clock: FakeClock,
    jobs: JobRunner,
    database: RolledBackDatabase,
) -> None:
    secrets |= await take_every_secret(client, signed_in, world)
    await write_records(signed_in, world)
    meeting = await announced(signed_in(world.secretary), world.branch_a)
    await said(signed_in(world.away), meeting, "absent", "Đưa con đi viện")
    await live_december(world, signed_in, clock, choice="against")
    await jobs.run()
    error = ValueError(f"Key (phone)=({NEW_PHONE}) already exists")
    error.__cause__ = RuntimeError(world.member.full_name)
    unexpected(Request({"type": "http", "headers": [], "state": {"request_id": "1"}}), error)

    async with database.session() as session:
        for column in ("full_name", "phone", "citizen_id"):
            found = await session.scalars(text(f"SELECT {column} FROM members WHERE {column} IS NOT NULL"))
            secrets |= set(found)
        secrets |= set(await session.scalars(text("SELECT push_token FROM devices WHERE push_token IS NOT NULL")))
    secrets |= {"Đưa con đi viện", "Nhất trí.", RESOLUTION, TASK, "Cao Thị Uyên", CITIZEN_ID, NEW_PHONE, NEW_PHONE[3:]}
    secrets |= {"against", "in_favour", "choice"}  # no word of how anybody voted

    written = logs()
    lines = [json.loads(line) for line in written.splitlines()]
    routes = {line.get("route") for line in lines}
    assert {"/v1/auth/login", "/v1/polls/{poll_id}/ballot", "/v1/calendars/{secret}.ics", "/v1/me/export"} <= routes
    assert {"request", "chunk_delivered", "unexpected_error"} <= {line["event"] for line in lines}
    assert len(secrets) > 40
    assert {secret for secret in secrets if secret in written} == set()
