"""Who may be on record twice is found across branches, and told apart by somebody who knows."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from httpx import AsyncClient
from sqlalchemy import text, update

from app.members.duplicates.queries import NEAREST
from app.members.models import Member
from app.members.names import search_key
from tests.conftest import RolledBackDatabase
from tests.factories.reports import make_standing
from tests.factories.world import Person, World
from tests.members.imports.files import HEADINGS, person, workbook

SignedIn = Callable[[Person], AsyncClient]


async def change(database: RolledBackDatabase, person: Person, **values: Any) -> None:
    if "full_name" in values:
        values["search_key"] = search_key(values["full_name"])
    async with database.session() as session:
        await session.execute(update(Member).where(Member.id == person.member_id).values(**values))
        await session.commit()


async def found(caller: AsyncClient, organisation: UUID) -> dict[frozenset[str], list[str]]:
    pairs: dict[frozenset[str], list[str]] = {}
    address, query = f"/v1/organisations/{organisation}/duplicate-members", {"limit": "1"}
    while True:
        answer = await caller.get(address, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        for pair in page["items"]:
            pairs[frozenset({pair["first"]["full_name"], pair["second"]["full_name"]})] = pair["likenesses"]
        if page["next_cursor"] is None:
            return pairs
        query["cursor"] = page["next_cursor"]


async def test_pairs_are_found_across_branches_with_why(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    # The same but for accents, and a number that lost its zeros in Excel.
    await change(database, world.sister_member, full_name="Le Vân Cuong", card_number="00123456")
    await change(database, world.member, card_number="123456")
    await change(database, world.stranger, full_name="Trần Thị Bình", citizen_id="036160012345")
    await change(database, world.away, citizen_id="36160012345", born_on=date(1971, 1, 1))
    # Of another birth date, or of none, namesakes are namesakes.
    await change(database, world.officer, full_name="Đỗ Văn Phúc", born_on=date(1980, 1, 1))
    await change(database, world.auditor, full_name="Đỗ Văn Phúc", born_on=None)
    administrator = signed_in(world.administrator)
    twice = frozenset({"Lê Văn Cường", "Le Vân Cuong"})
    assert await found(administrator, world.commune) == {twice: ["card_number", "name_and_birth_date"]}
    assert await found(administrator, world.province) == {
        twice: ["card_number", "name_and_birth_date"],
        frozenset({"Phạm Thị Dung", "Trần Thị Bình"}): ["citizen_id"],
        frozenset({"Trần Thị Bình"}): ["name_and_birth_date"],
    }
    assert await found(administrator, world.branch_b) == {}
    views = (await signed_in(world.sister_member).get("/v1/me/record-views")).json()["items"]
    assert [view["what"] for view in views] == ["roster"]


async def test_who_were_told_apart_are_not_found_again_until_that_is_taken_back(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await change(database, world.sister_member, full_name="Lê Văn Cường")
    administrator = signed_in(world.administrator)
    one, other = world.member.member_id, world.sister_member.member_id
    address = f"/v1/members/{max(one, other)}/distinct-members/{min(one, other)}"
    for _ in range(2):
        said = await administrator.put(address)
        assert (said.status_code, said.json()["said_by"]) == (200, str(world.administrator.member_id)), said.text
        assert (said.json()["first_id"], said.json()["second_id"]) == (str(min(one, other)), str(max(one, other)))
    assert await found(administrator, world.commune) == {}
    for _ in range(2):
        back = await administrator.delete(f"/v1/members/{min(one, other)}/distinct-members/{max(one, other)}")
        assert back.status_code == 204
    assert len(await found(administrator, world.commune)) == 1
    async with database.session() as session:
        facts = await session.scalars(text("SELECT code FROM events WHERE code LIKE 'members.disti%'"))
        assert set(facts.all()) == {"members.distinguished", "members.distinction_revoked"}
    alone = await administrator.put(f"/v1/members/{one}/distinct-members/{one}")
    assert (alone.status_code, alone.json()["code"]) == (422, "one_person_only")
    # The right is judged before what was sent.
    assert (await signed_in(world.stranger).put(f"/v1/members/{one}/distinct-members/{one}")).status_code == 404


async def test_a_thousand_namesakes_are_no_million_pairs(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await make_standing(session, world.branch_b, 1_000, on=date(2020, 1, 1))
        await session.commit()
    address = f"/v1/organisations/{world.branch_b}/duplicate-members"
    page = (await signed_in(world.administrator).get(address, params={"limit": "100"})).json()
    assert len(page["items"]) == 100
    firsts = [pair["first"]["id"] for pair in page["items"]]
    assert max(map(firsts.count, firsts)) == NEAREST


async def test_import_warns_of_who_may_be_on_record_where_the_importer_administers(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await change(database, world.sister_member, card_number="00123456", born_on=date(1960, 2, 3))
    row = person(name="Dinh Thi Kim", card="123456", official=None)
    content = workbook([HEADINGS, row])

    async def codes(importer: Person) -> set[str]:
        answer = await signed_in(importer).post(
            f"/v1/organisations/{world.branch_a}/member-imports", files={"file": ("a.xlsx", content)}
        )
        assert answer.status_code == 200, answer.text
        (judged,) = answer.json()["rows"]
        return {finding["code"] for finding in judged["findings"]}

    usual = {"card_number_unusual", "probation_over"}
    assert await codes(world.secretary) == usual, "a secretary is not told who is a member elsewhere"
    assert await codes(world.administrator) == usual | {"same_person_perhaps"}
    await change(database, world.sister_member, born_on=date(1961, 2, 3))
    assert await codes(world.administrator) == usual | {"card_number_alike"}
    await change(database, world.member, full_name="Đinh Thị Kìm", born_on=date(1960, 2, 3))
    assert await codes(world.secretary) == usual | {"same_person_perhaps"}, "of the branch itself"
