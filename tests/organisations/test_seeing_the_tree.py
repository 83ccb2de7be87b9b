import base64
import json
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from app.organisations.errors import OrganisationNotFound
from app.organisations.models import Organisation
from app.organisations.queries import get_organisation_path
from tests.conftest import RolledBackDatabase
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


async def test_nobody_sees_an_organisation_without_signing_in(world: World, client: AsyncClient) -> None:
    for path in ("", "/children"):
        answer = await client.get(f"/v1/organisations/{world.branch_a}{path}")
        assert answer.status_code == 401


async def test_former_member_is_signed_out(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.former).get(f"/v1/organisations/{world.branch_a}")
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_invalid"


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("member", {"province", "commune", "branch_a"}),
        ("away", {"province", "commune", "branch_a"}),
        ("secretary", {"province", "commune", "branch_a"}),
        ("stranger", {"province", "other_commune", "far_branch"}),
        ("officer", {"province", "commune", "branch_a", "branch_b", "office"}),
        (
            "administrator",
            {"province", "commune", "other_commune", "branch_a", "branch_b", "far_branch", "office"},
        ),
        ("auditor", {"province", "commune", "other_commune", "branch_a", "branch_b", "far_branch", "office"}),
    ],
)
async def test_one_sees_the_way_up_and_all_below_branch_and_post(
    world: World, signed_in: SignedIn, who: str, seen: set[str]
) -> None:
    caller = signed_in(getattr(world, who))
    for name in ("province", "commune", "other_commune", "branch_a", "branch_b", "far_branch", "office"):
        organisation_id: UUID = getattr(world, name)
        one = await caller.get(f"/v1/organisations/{organisation_id}")
        below = await caller.get(f"/v1/organisations/{organisation_id}/children")
        if name in seen:
            assert one.status_code == 200, name
            assert one.json()["id"] == str(organisation_id)
            assert below.status_code == 200, name
            shown = {item["id"] for item in below.json()["items"]}
            assert shown <= {str(getattr(world, each)) for each in seen}
        else:
            assert one.status_code == below.status_code == 404, name
            assert one.json()["code"] == "organisation_not_found"


async def test_unknown_organisation_is_not_found(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.administrator).get(f"/v1/organisations/{uuid4()}")
    assert answer.json()["code"] == "organisation_not_found"


async def test_organisation_shows_its_fields(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.member).get(f"/v1/organisations/{world.branch_a}")
    assert answer.json() == {
        "id": str(world.branch_a),
        "version": 1,
        "parent_id": str(world.commune),
        "kind": "branch",
        "code": None,
        "name": "Chi bộ thôn Đông",
        "time_zone": "Asia/Ho_Chi_Minh",
        "valid_from": "2025-07-01",
        "valid_until": None,
        "successor_id": None,
    }


async def test_member_sees_only_their_own_branch_below_the_commune(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.member).get(f"/v1/organisations/{world.commune}/children")
    assert [item["id"] for item in answer.json()["items"]] == [str(world.branch_a)]


async def test_children_come_by_name_page_by_page(world: World, signed_in: SignedIn) -> None:
    officer = signed_in(world.officer)
    names: list[str] = []
    url: str | None = f"/v1/organisations/{world.commune}/children?limit=1"
    while url is not None:
        answer = await officer.get(url)
        names += [item["name"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        url = link.removeprefix("<").split(">")[0] if link else None
    assert names == sorted(["Chi bộ Văn phòng Đảng ủy", "Chi bộ thôn Đoài", "Chi bộ thôn Đông"])


async def test_a_list_is_read_past_the_longest_names(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for place, branch in enumerate((world.branch_a, world.branch_b, world.office)):
            named = update(Organisation).where(Organisation.id == branch)
            await session.execute(named.values(name=f"{place}{'ữ' * 199}"))
        await session.commit()
    officer, url = signed_in(world.officer), f"/v1/organisations/{world.commune}/children"
    first = (await officer.get(url, params={"limit": 1})).json()
    rest = await officer.get(url, params={"limit": 2, "cursor": first["next_cursor"]})
    assert rest.status_code == 200, rest.text
    assert [item["id"] for item in rest.json()["items"]] == [str(world.branch_b), str(world.office)]
    # As phones of an earlier day hold it, with six bytes for a letter.
    handed_out = json.dumps([first["items"][0]["name"], first["items"][0]["id"]]).encode()
    cursor = base64.urlsafe_b64encode(handed_out).decode().rstrip("=")
    assert (await officer.get(url, params={"limit": 2, "cursor": cursor})).json() == rest.json()


async def test_unchanged_answers_are_304(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    for path in ("", "/children"):
        first = await member.get(f"/v1/organisations/{world.commune}{path}")
        again = await member.get(
            f"/v1/organisations/{world.commune}{path}", headers={"If-None-Match": first.headers["etag"]}
        )
        assert again.status_code == 304


async def test_features_above_read_the_path_of_any_organisation(world: World, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        path = await get_organisation_path(session, world.branch_a)
        assert path == (world.province, world.commune, world.branch_a)
        with pytest.raises(OrganisationNotFound):
            await get_organisation_path(session, uuid4())
