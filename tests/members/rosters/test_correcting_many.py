"""A branch's members given out as a spreadsheet, corrected, previewed and taken back: what was previewed or nothing."""

import io
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it publishes no types
from httpx import AsyncClient, Response
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text, update

from app.members.models import Education, Member, Occupation
from app.members.rosters.columns import HEADINGS, RosterColumn
from app.members.rosters.reading import MOST_ROWS
from app.organisations.models import Organisation
from tests.conftest import RolledBackDatabase
from tests.factories.world import Person, World
from tests.members.imports.files import Value, workbook

SignedIn = Callable[[Person], AsyncClient]
Cells = dict[str, Value]
"""A row by its headings."""


async def given_out(caller: AsyncClient, organisation: UUID) -> dict[str, Cells]:
    """The rows of the roster, by the keys of the members."""
    answer = await caller.get(f"/v1/organisations/{organisation}/member-roster")
    assert answer.status_code == 200, answer.text
    with CalamineWorkbook.from_filelike(io.BytesIO(answer.content)) as book:
        headings, *rows = book.get_sheet_by_index(0).to_python()
    assert headings == list(HEADINGS.values())
    return {str(row[0]): dict(zip(map(str, headings), row, strict=True)) for row in rows}  # type: ignore[arg-type]


def sheet(rows: Mapping[str, Cells]) -> bytes:
    return workbook([list(HEADINGS.values()), *([*row.values()] for row in rows.values())])


async def send(
    caller: AsyncClient, organisation: UUID, content: bytes, *, name: str = "danh-sach.xlsx", **form: str
) -> Response:
    address = f"/v1/organisations/{organisation}/member-corrections"
    return await caller.post(address, files={"file": (name, content)}, data=form)


def verdicts(answer: Response) -> dict[str, Any]:
    report = answer.json()
    rows = report["rows"] if "rows" in report else report["report"]["rows"]
    return {
        row["member_id"]: [finding["code"] for finding in row["findings"]] or row["verdict"]
        for row in rows
        if row["verdict"] != "unchanged"
    }


async def test_roster_is_corrected_as_it_was_previewed(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    rows = await given_out(secretary, world.branch_a)
    assert len(rows) == 6, "neither who left nor other branches"
    member, phoneless = str(world.member.member_id), str(world.phoneless.member_id)
    assert rows[member]["Số điện thoại"] == f"'+84*****{(world.member.phone or '')[-3:]}"
    rows[member] |= {"Họ và tên": "Lê Văn Cường Anh", "Ngày sinh": date(1970, 2, 1), "Trình độ học vấn": "Đại học"}
    rows[phoneless] |= {"Số điện thoại": "0987 654 321", "Dân tộc thiểu số": "Mường", "Nghề nghiệp": "nong dan"}
    judged = await send(secretary, world.branch_a, sheet(rows))
    assert judged.status_code == 200, judged.text
    report = judged.json()
    assert (report["committed"], report["unchanged_count"], report["changed_count"]) == (False, 4, 2)
    assert verdicts(judged) == {member: "changed", phoneless: "changed"}
    corrections = {
        (row["member_id"], one["column"]): (one["before"], one["after"])
        for row in report["rows"]
        for one in row["corrections"]
    }
    assert corrections == {
        (member, "Họ và tên"): ("Lê Văn Cường", "Lê Văn Cường Anh"),
        (member, "Ngày sinh"): ("01/01/1970", "01/02/1970"),
        (member, "Trình độ học vấn"): (None, "Đại học"),
        (phoneless, "Số điện thoại"): (None, "+84*****321"),
        (phoneless, "Dân tộc thiểu số"): (None, "Có"),
        (phoneless, "Nghề nghiệp"): (None, "Nông dân"),
    }
    for digest in ({}, {"digest": "0" * 64}):
        refused = await send(secretary, world.branch_a, sheet(rows), commit="true", **digest)
        assert (refused.status_code, refused.json()["code"]) == (409, "preview_outdated")
    taken = await send(secretary, world.branch_a, sheet(rows), commit="true", digest=report["digest"])
    assert (taken.status_code, taken.json()["committed"]) == (200, True), taken.text
    async with database.session() as session:
        one = await session.get_one(Member, world.phoneless.member_id)
        assert (one.phone, one.is_ethnic_minority, one.occupation) == ("+84987654321", True, Occupation.farming)
        other = await session.get_one(Member, world.member.member_id)
        assert (other.education, other.version, other.search_key) == (Education.university, 2, "le van cuong anh")
        facts = await session.execute(
            text("SELECT subject_id, data ->> 'version' FROM events WHERE code = 'members.corrected'")
        )
        assert {str(row[0]): row[1] for row in facts} == {member: "2", phoneless: "2"}, "each once"
        told = await session.execute(
            text("SELECT object_id::text FROM changes WHERE version = 2 AND scope_id = :branch"),
            {"branch": world.branch_a},
        )
        assert set(told.scalars()) == {member, phoneless}
    again = await send(secretary, world.branch_a, sheet(rows), commit="true", digest=report["digest"])
    assert again.status_code == 409, "what was wanted is there already"
    assert verdicts(await send(secretary, world.branch_a, sheet(rows))) == {}


async def test_each_row_is_judged_in_words(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        await session.execute(update(Member).where(Member.id == world.away.member_id).values(citizen_id="036160012345"))
        await session.commit()
    secretary = signed_in(world.secretary)
    rows = await given_out(secretary, world.branch_a)
    keys = {
        name: str(getattr(world, name).member_id)
        for name in ("secretary", "minute_taker", "member", "away", "probationary", "phoneless")
    }
    rows[keys["secretary"]]["Ngày vào Đảng"] = date(1987, 1, 1)
    rows[keys["minute_taker"]]["Giới tính"] = "không rõ"
    rows[keys["member"]]["Số CCCD"] = "036160012345"
    rows[keys["away"]] |= {"Số CCCD": "********9999", "Ngày sinh": ""}
    rows[keys["probationary"]]["Chi bộ"] = "Chi bộ thôn Đoài"
    rows[keys["phoneless"]]["Họ và tên"] = "Đỗ Văn Phú"
    rows["of another branch"] = {**rows[keys["phoneless"]], "Mã hồ sơ": str(world.sister_member.member_id)}
    async with database.session() as session:
        await session.execute(update(Member).where(Member.id == world.phoneless.member_id).values(version=2))
        await session.commit()
    judged = await send(secretary, world.branch_a, sheet(rows))
    assert judged.status_code == 200, judged.text
    assert verdicts(judged) == {
        keys["secretary"]: ["admitted_too_young"],
        keys["minute_taker"]: ["sex_unreadable"],
        keys["member"]: ["citizen_id_taken"],
        keys["away"]: ["number_masked"],
        keys["probationary"]: ["branch_differs"],
        keys["phoneless"]: ["changed_meanwhile"],
        None: ["member_unknown"],
    }
    refused = await send(secretary, world.branch_a, sheet(rows), commit="true", digest=judged.json()["digest"])
    assert (refused.status_code, refused.json()["code"]) == (409, "roster_has_errors")
    async with database.session() as session:
        assert await session.scalar(select(Member.version).where(Member.id == world.secretary.member_id)) == 1


async def test_numbers_and_keys_are_there_once(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    rows = await given_out(secretary, world.branch_a)
    one, other, third = (str(person.member_id) for person in (world.member, world.away, world.phoneless))
    rows[one]["Số thẻ đảng"] = rows[other]["Số thẻ đảng"] = "37001234"
    rows["twice"] = dict(rows[third])
    assert verdicts(await send(secretary, world.branch_a, sheet(rows))) == {
        one: ["card_number_repeated"],
        other: ["card_number_repeated"],
        third: ["member_repeated"],
    }


@pytest.mark.parametrize(
    ("heading", "field", "number", "code"),
    [
        ("Số điện thoại", "phone", "+84912345678", "phone_taken"),
        ("Số CCCD", "citizen_id", "036160012345", "citizen_id_taken"),
        ("Số thẻ đảng", "card_number", "37001234", "card_number_taken"),
    ],
)
async def test_number_of_somebody_out_of_sight_is_found_in_the_row_that_wants_it(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, heading: str, field: str, number: str, code: str
) -> None:
    async with database.session() as session:
        stranger = update(Member).where(Member.id == world.stranger.member_id)
        await session.execute(stranger.values({field: number}))
        await session.commit()
    secretary = signed_in(world.secretary)
    rows = await given_out(secretary, world.branch_a)
    rows[str(world.member.member_id)][heading] = number
    judged = await send(secretary, world.branch_a, sheet(rows))
    assert verdicts(judged) == {str(world.member.member_id): [code]}
    refused = await send(secretary, world.branch_a, sheet(rows), commit="true", digest=judged.json()["digest"])
    assert (refused.status_code, refused.json()["code"]) == (409, "roster_has_errors")
    assert verdicts(refused) == verdicts(judged)


async def test_branch_is_the_same_however_its_name_is_spaced(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        branch = update(Organisation).where(Organisation.id == world.branch_a)
        await session.execute(branch.values(name="Chi bộ  thôn Đông"))
        await session.commit()
    secretary = signed_in(world.secretary)
    rows = await given_out(secretary, world.branch_a)
    assert verdicts(await send(secretary, world.branch_a, sheet(rows))) == {}


async def test_changed_dates_make_the_standings_anew(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    rows = await given_out(secretary, world.branch_a)
    rows[str(world.member.member_id)] |= {"Ngày vào Đảng": "03/02/1999", "Ngày chính thức": "03/02/2000"}
    digest = (await send(secretary, world.branch_a, sheet(rows))).json()["digest"]
    taken = await send(secretary, world.branch_a, sheet(rows), commit="true", digest=digest)
    assert taken.status_code == 200, taken.text
    async with database.session() as session:
        found = await session.execute(
            text("SELECT kind, starts_on FROM standings WHERE member_id = :id ORDER BY starts_on"),
            {"id": world.member.member_id},
        )
        assert [tuple(row) for row in found] == [("probationary", date(1999, 2, 3)), ("official", date(2000, 2, 3))]


async def test_administrators_correct_all_below_and_each_can_read_that_they_were_listed(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    administrator = signed_in(world.administrator)
    rows = await given_out(administrator, world.commune)
    assert {str(world.member.member_id), str(world.sister_member.member_id)} < rows.keys()
    assert str(world.stranger.member_id) not in rows
    views = await signed_in(world.sister_member).get("/v1/me/record-views")
    assert [view["what"] for view in views.json()["items"]] == ["roster"]
    rows[str(world.sister_member.member_id)]["Giới tính"] = "Nữ"
    digest = (await send(administrator, world.commune, sheet(rows))).json()["digest"]
    assert (await send(administrator, world.commune, sheet(rows), commit="true", digest=digest)).status_code == 200
    async with database.session() as session:
        assert (await session.get_one(Member, world.sister_member.member_id)).sex == "female"


@pytest.mark.parametrize("form", [{}, {"commit": "true"}], ids=["preview", "refusal"])
async def test_who_stands_in_the_verdicts_can_read_that_they_were_shown(
    world: World, signed_in: SignedIn, form: dict[str, str]
) -> None:
    headings = ",".join(HEADINGS[column] for column in (KEY, RosterColumn.record_version, RosterColumn.born_on))
    lines = [f"{one.member_id},1,1/1/1890" for one in (world.member, world.sister_member)]
    content = "\n".join([headings, *lines]).encode()
    answer = await send(signed_in(world.secretary), world.branch_a, content, name="danh-sach.csv", **form)
    assert answer.status_code == (409 if form else 200), answer.text
    assert world.member.full_name in answer.text

    views = (await signed_in(world.member).get("/v1/me/record-views")).json()["items"]
    assert [(view["viewer"]["member_id"], view["what"]) for view in views] == [
        (str(world.secretary.member_id), "roster")
    ]
    for other in (world.away, world.sister_member):
        assert (await signed_in(other).get("/v1/me/record-views")).json()["items"] == []


async def test_names_that_begin_like_formulas_are_escaped_and_come_back_as_they_were(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        named = update(Member).where(Member.id == world.member.member_id)
        await session.execute(named.values(full_name="=HYPERLINK(An)"))
        await session.commit()
    secretary = signed_in(world.secretary)
    rows = await given_out(secretary, world.branch_a)
    assert rows[str(world.member.member_id)]["Họ và tên"] == "'=HYPERLINK(An)"
    assert verdicts(await send(secretary, world.branch_a, sheet(rows))) == {}


KEY = RosterColumn.key
_HEAD = [HEADINGS[KEY], HEADINGS[RosterColumn.record_version], HEADINGS[RosterColumn.full_name]]
_ROW: list[Value] = ["0192d3a1-0000-7000-8000-000000000000", "1", "Cao Thị Uyên"]


def _computed() -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, (heading, cell) in enumerate(zip(_HEAD, _ROW, strict=True)):
            sheet.write_string(0, place, heading)
            sheet.write_string(1, place, str(cell))
        sheet.write_formula(1, 2, "=A2", value="Cao Thị Uyên")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "status", "code", "words"),
    [
        (workbook([[*_HEAD, "Quê quán"], _ROW]), 422, "roster_columns_wrong", "“Quê quán”"),
        (workbook([_HEAD[1:], _ROW[1:]]), 422, "roster_columns_wrong", "“Mã hồ sơ”"),
        (workbook([_HEAD, _HEAD, _ROW]), 422, "roster_columns_wrong", "dòng “2”"),
        (_computed(), 422, "roster_has_formulas", "“C2”"),
        (",".join(_HEAD).encode() + b"\n1,1,=A1\n", 422, "roster_has_formulas", "“2”"),
        (workbook([_HEAD]), 422, "roster_empty", ""),
        (b"%PDF-1.7 \x00\x01", 422, "roster_unreadable", ""),
        (",".join(_HEAD).encode() + b"\n1,1,An" * (MOST_ROWS + 1), 413, "roster_too_large", "5000 dòng"),
        (",".join(_HEAD).encode() + b"\n1,1,An" * 200_000, 413, "roster_too_large", "5000 dòng"),
    ],
    ids=["unknown", "missing", "two_headings", "formula", "formula_text", "empty", "no_sheet", "long", "very_long"],
)
async def test_file_of_another_shape_is_refused_in_words(
    world: World, signed_in: SignedIn, content: bytes, status: int, code: str, words: str
) -> None:
    refused = await send(signed_in(world.secretary), world.branch_a, content, name="danh-sach.csv")
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert words in (refused.json()["detail"] or "")
