from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, text

from app.kernel.db import PooledDatabase, commit
from app.kernel.roles import Role
from app.members.imports.service import import_roster
from app.members.models import Member, Post
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.members import new_member
from tests.factories.reorganisations import done
from tests.factories.world import Person, World
from tests.members.imports.files import HEADINGS, Value, workbook
from tests.members.imports.files import person as roster_row
from tests.racing import waiting

SignedIn = Callable[[Person], AsyncClient]
BINH: dict[str, Value] = {"stt": 2, "name": "Lương Thị Bình", "sex": "Nữ", "card": "01234568"}


def _person(**changes: Value) -> list[Value]:
    return roster_row(**{"name": "Mai Văn Tài", **changes})


def _roster(*rows: Sequence[Value]) -> bytes:
    return workbook([HEADINGS, *(rows or _two())])


def _two() -> tuple[list[Value], list[Value]]:
    return _person(), _person(**BINH, phone="0912 345 679", citizen="036160012346", official=None, post=None)


async def _send(
    caller: AsyncClient, organisation_id: object, content: bytes, *, commits: bool = False, language: str = "vi"
) -> Response:
    return await caller.post(
        f"/v1/organisations/{organisation_id}/member-imports",
        files={"file": ("danh-sach.xlsx", content)},
        data={"commit": "true"} if commits else {},
        headers={"Accept-Language": language},
    )


def _codes(report: dict[str, Any]) -> list[list[str]]:
    return [[finding["code"] for finding in row["findings"]] for row in report["rows"]]


async def _count(database: RolledBackDatabase, world: World) -> int:
    async with database.session() as session:
        found = await session.scalars(select(Member).where(Member.organisation_id == world.branch_a))
        return len(found.all())


@pytest.mark.parametrize("who", ["secretary", "administrator"])
async def test_roster_is_judged_first_and_then_taken_in(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, who: str
) -> None:
    keeper: Person = getattr(world, who)
    caller, before = signed_in(keeper), await _count(database, world)
    judged = await _send(caller, world.branch_a, _roster())
    assert judged.status_code == 200, judged.text
    assert (judged.json()["committed"], judged.json()["created_count"]) == (False, 0)
    assert (judged.json()["ok_count"], judged.json()["warning_count"]) == (1, 1)
    assert await _count(database, world) == before

    taken = await _send(caller, world.branch_a, _roster(), commits=True)
    assert taken.status_code == 200, taken.text
    assert (taken.json()["committed"], taken.json()["created_count"]) == (True, 2)
    listed = await caller.get(f"/v1/organisations/{world.branch_a}/members?q=luong")
    (binh,) = listed.json()["items"]
    assert (binh["full_name"], binh["phone"]) == ("Lương Thị Bình", "+84*****679")
    assert [row["kind"] for row in binh["standings"]] == ["probationary"]
    async with database.session() as session:
        event = await session.execute(
            text("SELECT actor_member_id, data FROM events WHERE code = 'members.roster_imported'")
        )
        actor_member_id, data = event.one()
        changed = await session.scalars(
            text("SELECT object_id::text FROM changes WHERE scope_id = :id AND object_type = 'member'"),
            {"id": world.branch_a},
        )
        assert actor_member_id == keeper.member_id
        assert set(changed) == set(data["member_ids"])
        assert binh["id"] in data["member_ids"]


async def test_post_in_the_roster_gives_no_rights(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        before = len((await session.scalars(select(Post))).all())
    await _send(signed_in(world.secretary), world.branch_a, _roster(_person(post="Bí thư")), commits=True)
    async with database.session() as session:
        assert len((await session.scalars(select(Post))).all()) == before


async def test_one_bad_row_keeps_all_out(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    before = await _count(database, world)
    content = _roster(_person(), _person(**BINH, phone="12", citizen="036160012346"))
    answer = await _send(signed_in(world.secretary), world.branch_a, content, commits=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "roster_has_errors")
    report = answer.json()["report"]
    assert _codes(report) == [[], ["phone_unreadable"]]
    assert (report["committed"], report["error_count"], report["created_count"]) == (False, 1, 0)
    assert await _count(database, world) == before


async def test_numbers_on_record_elsewhere_are_errors_that_do_not_say_whose(world: World, signed_in: SignedIn) -> None:
    await signed_in(world.administrator).post(
        f"/v1/organisations/{world.far_branch}/members",
        json=new_member(card_number="01234567", phone="0912 345 678", citizen_id="036060012345"),
    )
    answer = await _send(signed_in(world.secretary), world.branch_a, _roster())
    assert _codes(answer.json())[0] == ["card_number_taken", "citizen_id_taken", "phone_taken"]
    assert answer.json()["rows"][0]["verdict"] == "error"
    assert "Hiền" not in answer.text


async def test_who_is_in_the_branch_already_is_not_made_twice(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    await _send(secretary, world.branch_a, _roster(_person()), commits=True)
    by_card = await _send(secretary, world.branch_a, _roster(_person(name="Mai Văn Tại")))
    by_name = await _send(secretary, world.branch_a, _roster(_person(card=None, phone=None, citizen=None)))
    assert _codes(by_card.json()) == [["already_in_branch"]]
    assert _codes(by_name.json()) == [["already_in_branch"]]


async def test_of_two_rosters_at_once_the_second_finds_whom_the_first_made(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary = client_of(people.secretary)
    content = _roster(_person(card=None, phone=None, citizen=None))
    async with live.session() as holder, live.session() as watcher:
        await holder.execute(text("LOCK TABLE members IN SHARE MODE"))  # all may be read, and nobody entered
        first = await waiting(watcher, _send(secretary, people.branch_a, content, commits=True))
        second = await waiting(watcher, _send(secretary, people.branch_a, content, commits=True), after=1)
        assert not first.done()
    refused = await second
    assert ((await first).status_code, refused.status_code) == (200, 409)
    assert refused.json()["code"] == "roster_has_errors"
    assert _codes(refused.json()["report"]) == [["already_in_branch"]]


@pytest.mark.parametrize("days", [0, 5])  # on the day they were entered, and later
async def test_a_candidate_who_was_dropped_keeps_no_member_out(
    days: int, world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    candidate = {"full_name": "Mai Văn Tài", "born_on": "1960-02-03", "source": "other"}
    secretary = signed_in(world.secretary)
    entered = await secretary.post(f"/v1/organisations/{world.branch_a}/candidacies", json=candidate)
    assert entered.status_code == 201, entered.text
    in_pool = await _send(secretary, world.branch_a, _roster(_person()))
    assert _codes(in_pool.json()) == [["already_in_branch"]]
    clock.advance(days=days)
    secretary = signed_in(world.secretary)
    dropped = await secretary.post(f"/v1/candidacies/{entered.json()['id']}/drop", json={"reason": "Nhập nhầm"})
    assert dropped.status_code == 200, dropped.text
    taken = await _send(secretary, world.branch_a, _roster(_person()), commits=True)
    assert (taken.status_code, taken.json()["rows"][0]["verdict"]) == (200, "ok"), taken.text


async def test_namesake_of_another_birth_date_is_a_warning(world: World, signed_in: SignedIn) -> None:
    answer = await _send(signed_in(world.secretary), world.branch_a, _roster(_person(name="Lê Văn Cường")))
    assert _codes(answer.json()) == [["same_name_in_branch"]]
    assert answer.json()["rows"][0]["verdict"] == "warning"


async def test_verdicts_speak_the_readers_language(world: World, signed_in: SignedIn) -> None:
    content = _roster(_person(name="Lê Văn Cường"), ["Tổng số: 1 đảng viên"])
    for language, said in (("vi", "trùng họ tên"), ("en", "of this name")):
        answer = await _send(signed_in(world.secretary), world.branch_a, content, language=language)
        assert said in answer.json()["rows"][0]["findings"][0]["detail"]
        assert answer.headers["content-language"] == language
        assert len(answer.json()["skipped"]) == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("member", 403),
        ("away", 403),
        ("minute_taker", 403),
        ("officer", 403),
        ("auditor", 403),
        ("former", 401),
        ("stranger", 404),
        ("sister_secretary", 404),
    ],
)
async def test_others_import_nobody(world: World, signed_in: SignedIn, who: str, status: int) -> None:
    answer = await _send(signed_in(getattr(world, who)), world.branch_a, _roster())
    assert answer.status_code == status


async def test_anonymous_imports_nobody(world: World, client: AsyncClient) -> None:
    assert (await _send(client, world.branch_a, _roster())).status_code == 401
    assert (await client.get("/v1/member-import-template")).status_code == 401


async def test_only_a_branch_takes_a_roster(world: World, signed_in: SignedIn) -> None:
    answer = await _send(signed_in(world.administrator), world.commune, _roster())
    assert answer.json()["code"] == "not_a_branch"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"%PDF-1.7\x00", 422, "roster_unreadable"),
        (b"xin ch\xc3\xa0o", 422, "roster_header_missing"),
        (workbook([HEADINGS]), 422, "roster_empty"),
        (b"a,b\n" * (5 * 1024 * 1024 + 10), 413, "roster_too_large"),
    ],
    ids=["pdf", "no headings", "nobody", "20 MiB and more"],
)
async def test_file_that_is_no_roster_is_refused_by_name(
    world: World, signed_in: SignedIn, content: bytes, status: int, code: str
) -> None:
    answer = await _send(signed_in(world.secretary), world.branch_a, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_upload_far_beyond_the_limit_is_not_read(world: World, signed_in: SignedIn) -> None:
    answer = await _send(signed_in(world.secretary), world.branch_a, b"x" * (21 * 1024 * 1024))
    assert answer.status_code == 413


async def test_request_without_a_file_or_with_a_wrong_flag_is_refused(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    url = f"/v1/organisations/{world.branch_a}/member-imports"
    no_file = await secretary.post(url, json={})
    wrong = await secretary.post(url, files={"file": ("a.xlsx", _roster())}, data={"commit": "perhaps"})
    assert (no_file.status_code, wrong.status_code) == (415, 422)
    assert wrong.json()["errors"][0]["pointer"] == "/commit"


async def test_template_comes_as_a_download_that_reads_back(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    answer = await member.get("/v1/member-import-template")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    read = await _send(signed_in(world.secretary), world.branch_a, answer.content)
    assert read.json()["code"] == "roster_empty"


async def test_operator_imports_without_a_post(world: World, database: RolledBackDatabase) -> None:
    before = await _count(database, world)
    async with database.acting_as(Role.worker).session() as session:
        taken = await import_roster(
            session, None, world.branch_a, content=_roster(), filename="danh-sach.xlsx", commit=True
        )
        await commit(session)
    assert len(taken.member_ids) == 2
    assert not taken.has_errors
    assert await _count(database, world) == before + 2


async def test_operator_imports_nobody_into_a_branch_that_has_ended(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    async with database.acting_as(Role.worker).session() as session:
        for branch, refusal in ((world.branch_a, OrganisationHasEnded), (uuid4(), OrganisationNotFound)):
            with pytest.raises(refusal):
                await import_roster(session, None, branch, content=_roster(), filename="danh-sach.xlsx", commit=True)
