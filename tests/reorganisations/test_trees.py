"""A whole tree from a file: judged row by row, founded whole or not at all."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select, text, update

from app.kernel.db import transaction
from app.kernel.roles import Role
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound
from app.organisations.models import Organisation, OrganisationPeriod
from app.reorganisations.trees.errors import TreeColumnsWrong, TreeEmpty, TreeHasFormulas, TreeTooLarge, TreeUnreadable
from app.reorganisations.trees.service import import_tree
from app.reorganisations.trees.tables import MAX_ROWS, read_table
from tests.changes.phones import announce_world, fresh
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import SignedIn
from tests.factories.reorganisations import done
from tests.factories.world import World
from tests.reorganisations.trees import HEADINGS, ROWS, a_country, as_csv, as_json, as_xlsx


async def send(
    caller: AsyncClient, organisation_id: UUID, content: bytes, *, commit: bool = False, language: str = "vi"
) -> Response:
    return await caller.post(
        f"/v1/organisations/{organisation_id}/tree-imports",
        data={"commit": str(commit).lower()},
        files={"file": ("cay.xlsx", content)},
        headers={"Accept-Language": language},
    )


def found(view: dict[str, Any]) -> dict[int, list[str]]:
    """Return the codes of what was found by row; Any: JSON."""
    return {row["row_number"]: [finding["code"] for finding in row["findings"]] for row in view["rows"]}


@pytest.mark.parametrize(("language", "said"), [("vi", "Thiếu tên"), ("en", "No name")])
async def test_verdicts_speak_the_readers_language(world: World, signed_in: SignedIn, language: str, said: str) -> None:
    nameless = as_csv([("37003000000000", "", "", "Xã")])
    answer = await send(signed_in(world.administrator), world.province, nameless, language=language)
    assert answer.headers["content-language"] == language
    assert said in answer.json()["rows"][0]["findings"][0]["detail"]


@pytest.mark.parametrize("content", [as_csv(ROWS[::-1]), as_xlsx(ROWS), as_json(ROWS)], ids=["csv", "xlsx", "json"])
async def test_a_tree_is_judged_first_and_then_founded_with_one_fact_and_phones_hear_of_it(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, content: bytes
) -> None:
    await announce_world(database)
    administrator = signed_in(world.administrator)
    phone = await fresh(administrator)
    dry = (await send(administrator, world.province, content)).json()
    assert (dry["committed"], dry["row_count"], dry["ok_count"], dry["error_count"], dry["rows"]) == (
        False,
        4,
        4,
        0,
        [],
    )

    view = (await send(administrator, world.province, content, commit=True)).json()

    assert (view["committed"], view["created_count"]) == (True, 4)
    async with database.session() as session:
        made = await session.scalars(select(Organisation).where(Organisation.code.is_not(None)))
        by_code = {one.code: one for one in made}
        commune, grassroots, branch, other = (by_code[row[0]] for row in ROWS)
        assert commune.path == [world.province, commune.id]
        assert branch.path == [world.province, commune.id, grassroots.id, branch.id]
        assert (other.parent_id, other.kind, other.time_zone) == (commune.id, "branch", "Asia/Ho_Chi_Minh")
        periods = select(func.count()).select_from(OrganisationPeriod)
        assert (
            await session.scalar(
                periods.where(OrganisationPeriod.organisation_id.in_([one.id for one in by_code.values()]))
            )
            == 4
        )
        facts = await session.scalars(text("SELECT code FROM events WHERE code <> 'members.roster_viewed'"))
        assert list(facts) == ["reorganisations.tree_imported"]
    await phone.catch_up(administrator)
    assert phone.held == (await fresh(administrator)).held
    assert str(commune.id) in phone.of("organisation")
    # Once more, and every code is taken: nothing is founded twice.
    again = await send(administrator, world.province, content, commit=True)
    assert (again.status_code, again.json()["code"]) == (409, "tree_has_errors")
    assert list(found(again.json()["report"]).values()) == [["organisation_code_taken"]] * 4


async def test_each_wrong_row_is_named_with_what_is_wrong_and_none_is_founded(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(
            update(Organisation).where(Organisation.id == world.branch_a).values(code="37002000000001")
        )
        await session.commit()
    rows = [
        *ROWS,  # rows 2 to 5
        ("37004000000000", "99000000000000", "Lạc loài", "Xã"),
        ("37005000000000", "37006000000000", "Vòng một", "Xã"),
        ("37006000000000", "37005000000000", "Vòng hai", "Xã"),
        ("37007000000000", "", "Trùng", "Xã"),
        ("37007000000000", "", "Trùng", "Xã"),
        ("3700", "", "", "Huyện"),
        ("37002000000001", "", "Đã có", "Chi bộ"),
        ("38001000000000", "37003000000000", "Sai mã", "Xã"),
        ("37003001000009", "37003001000001", "Dưới chi bộ", "Chi bộ"),
        ("37002000000009", "37002000000001", "Tổ một", "Tổ đảng"),
    ]
    answer = await send(signed_in(world.administrator), world.province, as_csv(rows), commit=True)

    assert answer.status_code == 409
    assert found(answer.json()["report"]) == {
        6: ["organisation_code_outside_parent", "parent_unknown"],
        7: ["organisation_code_outside_parent", "parents_in_a_ring"],
        8: ["organisation_code_outside_parent", "parents_in_a_ring"],
        9: ["code_repeated"],
        10: ["code_repeated"],
        11: ["name_missing", "kind_unknown", "organisation_code_malformed"],
        12: ["organisation_code_taken"],
        13: ["organisation_code_outside_parent"],
        14: ["organisation_code_outside_parent", "below_a_branch"],
        15: ["organisation_code_outside_parent"],
    }
    async with database.session() as session:
        assert await session.scalar(select(func.count()).where(Organisation.code.like("37003%"))) == 0


@pytest.mark.parametrize(
    ("content", "refusal", "says"),
    [
        (as_xlsx(ROWS, formulas=["C3", "C5"]), TreeHasFormulas, "C3, C5"),
        (as_csv([("37003000000000", "", "=A1", "Xã")]), TreeHasFormulas, "2"),
        (as_csv([ROWS[0], HEADINGS, ROWS[1]]), TreeColumnsWrong, "3"),
        (as_csv([HEADINGS, *ROWS], headings=("Code", "Parent code", "Name", "Kind")), TreeColumnsWrong, "2"),
        (as_csv(ROWS, headings=("Mã tổ chức", "Mã cấp trên", "Tên tổ chức", "Bí thư")), TreeColumnsWrong, "Bí thư"),
        (as_csv(ROWS, headings=("Mã tổ chức", "Mã tổ chức", "Tên tổ chức", "Loại")), TreeColumnsWrong, "Mã cấp trên"),
        (as_json([("1", "", "X", "Xã")]).replace(b"kind", b"type"), TreeColumnsWrong, "1: type"),
        (b"[1]", TreeUnreadable, "danh sách"),
        (b"[" * 100_000, TreeUnreadable, "JSON"),
        (b"[]", TreeEmpty, None),
        (b"", TreeEmpty, None),
        (as_csv([]), TreeEmpty, None),
        (b"\xff\xd8\xff\x00", TreeUnreadable, "csv"),
        (as_csv([ROWS[0]] * 200_000), TreeTooLarge, str(MAX_ROWS)),
        (b" " * (20 * 1024 * 1024 + 1), TreeTooLarge, "20 MiB"),
    ],
    ids=range(15),
)
def test_a_file_that_is_no_table_of_organisations_is_refused_by_name(
    content: bytes, refusal: type[TreeUnreadable], says: str | None
) -> None:
    with pytest.raises(refusal) as refused:
        read_table(content, filename="cay.xlsx")
    if says is not None:
        assert refused.value.detail is not None
        assert says in refused.value.detail.vi


def test_zeros_that_a_spreadsheet_dropped_are_put_back() -> None:
    rows = [
        (1003000000000, "", "Đảng bộ phường Ba Đình", "Phường"),
        ("01003000000001", 1003000000000, "Chi bộ", "Chi bộ"),
    ]
    assert [(row.code, row.parent_code) for row in read_table(as_xlsx(rows), filename="cay.xlsx")] == [
        ("01003000000000", ""),
        ("01003000000001", "01003000000000"),
    ]


async def test_a_whole_country_is_founded_where_there_is_nothing_yet_with_progress(
    database: RolledBackDatabase,
) -> None:
    country = a_country(provinces=34, communes=3_321)
    told: list[tuple[int, int]] = []

    async def take_in(rows: list[Any], *, commit: bool) -> tuple[int, int]:
        async with transaction(database) as session:
            done = await import_tree(
                session,
                None,
                content=as_json(rows),
                filename="cay.json",
                commit=commit,
                progress=lambda written, total: told.append((written, total)),
            )
        return done.tree.error_count, done.created_count

    assert await take_in(country[:34], commit=True) == (34, 0)  # only one can be the root
    root = ("00000000000000", "", "Đảng Cộng sản Việt Nam", "Trung ương")
    country = [root, *((code, above or root[0], name, kind) for code, above, name, kind in country)]
    assert await take_in(country, commit=False) == (0, 0)
    assert told == []
    assert await take_in(country, commit=True) == (0, 3_356)

    assert told[0] == (500, 3_356)
    assert told[-1] == (3_356, 3_356)
    async with database.session() as session:
        depths = await session.execute(
            select(func.cardinality(Organisation.path), func.count()).group_by(func.cardinality(Organisation.path))
        )
        assert {row[0]: row[1] for row in depths} == {1: 1, 2: 34, 3: 3_321}


async def test_operator_founds_nothing_below_what_has_ended(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await done(signed_in(world.administrator), world.commune, "merge", into_id=world.other_commune)
    async with database.acting_as(Role.worker).session() as session:
        for above, refusal in ((world.commune, OrganisationHasEnded), (uuid4(), OrganisationNotFound)):
            with pytest.raises(refusal):
                await import_tree(session, above, content=as_csv(ROWS), filename="cay.csv", commit=True)
