from datetime import date
from itertools import product
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.kernel.security import PostKind
from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, a_meeting, announced, drafted, inbox, post_draft, said, took
from tests.factories.members import add_standing
from tests.factories.world import Maker, World
from tests.worker import JobRunner

REASON = {"reason": "Mưa bão"}
LATER = {"starts_at": "2026-12-06T12:30:00Z", **REASON}

ORGANISERS = ("secretary", "deputy", "minute_taker")
NOT_ORGANISERS = (
    "member",
    "away",
    "probationary",
    "officer",
    "sister_secretary",
    "sister_member",
    "stranger",
    "administrator",
    "auditor",
    "former",
    "nobody",
)
BRANCH = ("member", "away", "probationary")

OPERATIONS = ("get", "put", "delete", "announce", "postpone", "cancel", "start", "end", "replies", "proxy", "reply")


async def _do(client: AsyncClient, operation: str, meeting_id: str, member_id: object, etag: str) -> Response:
    verb, path, body = {
        "get": ("GET", "", None),
        "put": ("PUT", "", a_meeting(title="Sửa")),
        "delete": ("DELETE", "", None),
        "postpone": ("POST", "/postpone", LATER),
        "cancel": ("POST", "/cancel", REASON),
        "replies": ("GET", "/replies", None),
        "proxy": ("PUT", f"/replies/{member_id}", {"reply": "attending"}),
        "reply": ("PUT", "/reply", {"reply": "attending"}),
    }.get(operation, ("POST", f"/{operation}", None))
    return await client.request(verb, f"/v1/meetings/{meeting_id}{path}", json=body, headers={"If-Match": etag})


def _expected(who: str, operation: str, *, draft: bool) -> tuple[int, str]:
    if who in {"former", "nobody"}:
        return 401, "token_invalid"
    if draft or who not in (*BRANCH, "officer"):
        return 404, "meeting_not_found"
    if operation == "get":
        return 200, ""
    if operation == "reply":
        return (403, "not_convened") if who == "officer" else (200, "")
    return 403, "not_for_your_post"


async def _client_of(who: str, world: World, signed_in: SignedIn, database: RolledBackDatabase) -> AsyncClient:
    if who == "deputy":
        async with database.session() as session:
            posts = ((PostKind.deputy_secretary, world.branch_a),)
            deputy = await Maker(session).person("Cao Văn Sơn", world.branch_a, posts=posts)
            await session.commit()
        return signed_in(deputy)
    return signed_in(getattr(world, who))


async def test_each_operation_is_for_whom_it_is_for(world: World, signed_in: SignedIn, client: AsyncClient) -> None:
    secretary = signed_in(world.secretary)
    meetings = {True: await drafted(secretary, world.branch_a), False: await announced(secretary, world.branch_a)}
    before = {
        draft: (await secretary.get(f"/v1/meetings/{meeting_id}")).headers["ETag"]
        for draft, meeting_id in meetings.items()
    }
    operations = [operation for operation in OPERATIONS if operation != "reply"] + ["reply"]
    for operation, who, draft in product(operations, NOT_ORGANISERS, (True, False)):
        if operation == "reply" and who == NOT_ORGANISERS[0] and draft:  # until here nobody changed anything
            for known, meeting_id in meetings.items():
                now = await secretary.get(f"/v1/meetings/{meeting_id}")
                assert now.headers["ETag"] == before[known]
        caller = client if who == "nobody" else signed_in(getattr(world, who))
        answer = await _do(caller, operation, meetings[draft], world.phoneless.member_id, before[draft])
        code = answer.json()["code"] if answer.status_code >= 400 else ""
        assert (answer.status_code, code) == _expected(who, operation, draft=draft), (operation, who, draft)


@pytest.mark.parametrize("who", ["deputy", "minute_taker"])
async def test_deputy_and_minute_taker_do_all_that_the_secretary_does(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, who: str
) -> None:
    organiser = await _client_of(who, world, signed_in, database)
    meeting_id = await drafted(organiser, world.branch_a)
    etag = (await organiser.get(f"/v1/meetings/{meeting_id}")).headers["ETag"]
    for operation in ("get", "put", "announce", "reply", "replies", "proxy", "postpone", "start", "end"):
        answer = await _do(organiser, operation, meeting_id, world.phoneless.member_id, etag)
        assert answer.status_code == 200, (operation, answer.text)
    other = await announced(signed_in(world.secretary), world.branch_a)
    assert (await took(organiser, other, "cancel", REASON))["status"] == "cancelled"
    third = await drafted(signed_in(world.secretary), world.branch_a)
    seen = await organiser.get(f"/v1/meetings/{third}")
    assert (await _do(organiser, "delete", third, None, seen.headers["ETag"])).status_code == 204


async def test_meeting_that_never_was_is_not_found(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    for operation in OPERATIONS:
        answer = await _do(secretary, operation, str(uuid4()), world.member.member_id, '"1-ab"')
        assert (answer.status_code, answer.json()["code"]) == (404, "meeting_not_found"), operation
        answer = await _do(secretary, operation, "7", world.member.member_id, '"1-ab"')
        assert (answer.status_code, answer.json()["code"]) == (422, "fields_not_valid"), operation


MAY_WRITE: list[tuple[str, int, str | None]] = [
    ("secretary", 201, None),
    ("deputy", 201, None),
    ("minute_taker", 201, None),
    ("member", 403, "not_for_your_post"),
    ("away", 403, "not_for_your_post"),
    ("probationary", 403, "not_for_your_post"),
    ("officer", 403, "not_for_your_post"),
    ("administrator", 403, "not_for_your_post"),
    ("auditor", 403, "not_for_your_post"),
    ("sister_secretary", 404, "organisation_not_found"),
    ("sister_member", 404, "organisation_not_found"),
    ("stranger", 404, "organisation_not_found"),
    ("former", 401, "token_invalid"),
]


async def test_only_organisers_of_the_branch_write_drafts(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    for who, status, code in MAY_WRITE:
        answer = await post_draft(await _client_of(who, world, signed_in, database), world.branch_a)
        assert (answer.status_code, answer.json().get("code")) == (status, code), who


MAY_LIST: list[tuple[str, set[str]]] = [
    ("secretary", {"draft", "announced"}),
    ("deputy", {"draft", "announced"}),
    ("minute_taker", {"draft", "announced"}),
    ("member", {"announced"}),
    ("away", {"announced"}),
    ("officer", {"announced"}),
    ("administrator", set()),
    ("auditor", set()),
]


async def test_branchs_list_shows_drafts_to_organisers_only_and_nothing_to_administrators(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    await drafted(secretary, world.branch_a)
    await announced(secretary, world.branch_a)
    for who, shown in MAY_LIST:
        caller = await _client_of(who, world, signed_in, database)
        answer = await caller.get(f"/v1/organisations/{world.branch_a}/meetings")
        assert answer.status_code == 200, answer.text
        assert {item["status"] for item in answer.json()["items"]} == shown, who
        counted = {item["reply_counts"] is not None for item in answer.json()["items"]}
        assert counted == ({True} if who in (*ORGANISERS, "officer") else {False} if shown else set()), who


async def test_branchs_list_does_not_exist_for_others(world: World, signed_in: SignedIn) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    for person in (world.sister_secretary, world.sister_member, world.stranger):
        caller = signed_in(person)
        answer = await caller.get(f"/v1/organisations/{world.branch_a}/meetings")
        assert (answer.status_code, answer.json()["code"]) == (404, "organisation_not_found")
        assert (await caller.get("/v1/me/meetings")).json()["items"] == []


async def test_draft_is_in_nobodys_own_list(world: World, signed_in: SignedIn) -> None:
    await drafted(signed_in(world.secretary), world.branch_a)
    for person in (world.secretary, world.member):
        assert (await signed_in(person).get("/v1/me/meetings")).json()["items"] == []


async def test_post_below_gives_no_right_above(world: World, signed_in: SignedIn) -> None:
    """The branch's secretary sees the commune above them, and calls none of its meetings."""
    answer = await post_draft(signed_in(world.secretary), world.commune)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_for_your_post")


async def test_guest_is_told_reads_and_replies_and_sees_no_counts(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    async with database.session() as session:
        await add_standing(session, world.sister_secretary.member_id, world.branch_a, StandingKind.temporary_guest)
        await session.commit()
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a, title="Nháp")
    meeting_id = await announced(secretary, world.branch_a)
    await jobs.run()

    guest = signed_in(world.sister_secretary)
    assert [entry["type"] for entry in await inbox(guest)] == ["meeting_announced"]
    assert world.sister_secretary.push_token in jobs.sender.tokens("meeting_announced")
    assert (await guest.get(f"/v1/meetings/{draft}")).status_code == 404
    seen = await guest.get(f"/v1/meetings/{meeting_id}")
    assert (seen.status_code, seen.json()["reply_counts"]) == (200, None)
    assert (await said(guest, meeting_id, "attending")).status_code == 200
    (mine,) = (await guest.get("/v1/me/meetings")).json()["items"]
    assert (mine["id"], mine["my_reply"]["reply"]) == (meeting_id, "attending")
    assert mine["reply_counts"] is None  # a secretary at home is a guest here
    assert (await guest.get(f"/v1/meetings/{meeting_id}/replies")).json()["code"] == "not_for_your_post"


async def test_guest_of_yesterday_sees_nothing(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        who = world.sister_member.member_id
        ends_on = date(2026, 11, 21)
        await add_standing(session, who, world.branch_a, StandingKind.temporary_guest, ends_on=ends_on)
        await session.commit()
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    gone = signed_in(world.sister_member)
    assert (await gone.get(f"/v1/meetings/{meeting_id}")).status_code == 404
    assert (await said(gone, meeting_id, "attending")).status_code == 404
    assert (await gone.get("/v1/me/meetings")).json()["items"] == []


async def test_committee_member_from_another_branch_reads_and_answers_what_they_are_called_to(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    """A commune's committee is made of members of its branches."""
    async with database.session() as session:
        make = Maker(session)
        above = await make.person(
            "Cao Văn Sơn",
            world.office,
            posts=((PostKind.secretary, world.commune), (PostKind.administrator, world.commune)),
        )
        seat = await make.person("Tạ Thị Uyên", world.branch_b, posts=((PostKind.committee_member, world.commune),))
        await session.commit()
    meeting_id = await announced(signed_in(above), world.commune, kind="committee")
    await jobs.run()
    assert set(jobs.sender.tokens()) == {above.push_token, seat.push_token}
    caller = signed_in(seat)
    assert (await caller.get(f"/v1/meetings/{meeting_id}")).status_code == 200
    assert (await said(caller, meeting_id, "attending")).status_code == 200
    for person in (above, seat):
        (mine,) = (await signed_in(person).get("/v1/me/meetings")).json()["items"]
        assert mine["id"] == meeting_id
    assert (await signed_in(world.sister_member).get(f"/v1/meetings/{meeting_id}")).status_code == 404


async def test_commune_secretary_oversees_a_branch_and_calls_none_of_its_meetings(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    async with database.session() as session:
        posts = ((PostKind.secretary, world.commune),)
        above = await Maker(session).person("Cao Văn Sơn", world.office, posts=posts)
        await session.commit()
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    seen = await signed_in(above).get(f"/v1/meetings/{meeting_id}")
    assert seen.json()["reply_counts"]["silent"] == 6
    refused = await signed_in(above).post(f"/v1/meetings/{meeting_id}/cancel", json=REASON)
    assert refused.status_code == 403
    clock.advance(minutes=1)
    assert (await took(signed_in(world.secretary), meeting_id, "cancel", REASON))["status"] == "cancelled"
