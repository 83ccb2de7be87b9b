"""Reading, changing and bookmarking documents: bytes, ranges, visibility, folders."""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.kernel.settings import Settings
from app.members.models import Standing, StandingKind
from tests.conftest import RolledBackDatabase
from tests.documents.asking import post_file, titles, uploaded
from tests.factories.clock import FakeClock
from tests.factories.files import PNG_DOT
from tests.factories.reorganisations import done
from tests.factories.world import Person, World
from tests.worker import JobRunner

SignedIn = Callable[[Person], AsyncClient]


async def test_content_is_an_attachment_that_never_changes(world: World, signed_in: SignedIn) -> None:
    document = await uploaded(signed_in(world.secretary), PNG_DOT, "Nghị quyết số 12.png")
    answer = await signed_in(world.member).get(f"/v1/documents/{document['id']}/content")
    assert answer.content == PNG_DOT
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["ETag"] == f'"{document["sha256"]}"'
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename*=UTF-8''Ngh%E1%BB%8B%20quy%E1%BA%BFt%20s%E1%BB%91%2012.png"
    )


async def test_content_held_already_is_304(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    address = f"/v1/documents/{document['id']}/content"
    for known in (f'"{document["sha256"]}"', f'"other", W/"{document["sha256"]}"', "*"):
        answer = await client.get(address, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    assert (await client.get(address, headers={"If-None-Match": '"other"'})).status_code == 200


SIZE = len(PNG_DOT)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-3", 0, 4),
        ("bytes=4-", 4, SIZE),
        ("bytes=-5", SIZE - 5, SIZE),
        ("bytes=10-99999", 10, SIZE),
        ("bytes=-99999", 0, SIZE),
    ],
)
async def test_one_range_is_206(asked: str, start: int, end: int, world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    answer = await client.get(f"/v1/documents/{document['id']}/content", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, PNG_DOT[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=5-2", "bytes=-", "lines=0-3", "bytes=a-b", "bytes=٣-٥"])
async def test_range_that_says_nothing_or_several_gets_the_whole(asked: str, world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    answer = await client.get(f"/v1/documents/{document['id']}/content", headers=[(b"Range", asked.encode())])
    assert (answer.status_code, answer.content) == (200, PNG_DOT)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=9999999999-", "bytes=-0"])
async def test_range_beyond_the_file_is_416_with_its_size(asked: str, world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    answer = await client.get(f"/v1/documents/{document['id']}/content", headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


async def test_range_of_another_file_gets_the_whole(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    address = f"/v1/documents/{document['id']}/content"
    for held, status in ((f'"{document["sha256"]}"', 206), ('"other"', 200)):
        assert (await client.get(address, headers={"Range": "bytes=0-3", "If-Range": held})).status_code == status


async def test_lost_bytes_are_503_and_not_500(world: World, signed_in: SignedIn, settings: Settings) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    for path in settings.documents_dir.iterdir():
        path.unlink()
    answer = await client.get(f"/v1/documents/{document['id']}/content")
    assert (answer.status_code, answer.json()["code"]) == (503, "document_content_unavailable")


async def test_each_visibility_is_read_by_whom_it_says(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        session.add(
            Standing(
                id=uuid4(),
                member_id=world.sister_member.member_id,
                organisation_id=world.branch_a,
                kind=StandingKind.temporary_guest,
                starts_on=date(2026, 10, 1),
            )
        )
        await session.commit()
    secretary = signed_in(world.secretary)
    ids = {
        "shared": (await uploaded(secretary))["id"],
        "sealed": (await uploaded(secretary, visibility="committee"))["id"],
        "own": (await uploaded(signed_in(world.member), visibility="owner"))["id"],
        "above": (await uploaded(signed_in(world.officer), organisation_id=str(world.commune)))["id"],
    }
    seen = {}
    for role in ("secretary", "member", "away", "sister_member", "sister_secretary", "officer", "stranger", "auditor"):
        listed = (await signed_in(getattr(world, role)).get("/v1/documents")).json()["items"]
        seen[role] = {name for name, identifier in ids.items() if identifier in {item["id"] for item in listed}}
    assert seen == {
        "secretary": {"shared", "sealed", "own", "above"},
        "member": {"shared", "own", "above"},
        "away": {"shared", "above"},
        "sister_member": {"shared", "above"},  # a guest in branch A
        "sister_secretary": {"above"},
        "officer": {"shared", "above"},
        "stranger": set(),
        "auditor": {"above"},  # a member of a branch of the commune, as everybody there
    }


async def test_title_folder_and_visibility_change_and_null_changes_nothing(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client, folder="Nháp")
    address = f"/v1/documents/{document['id']}"

    async def patched(version: int, body: dict[str, str | None]) -> tuple[str, str | None, str]:
        answer = await client.patch(address, json=body, headers={"If-Match": f'"{version}-0"'})
        assert answer.status_code == 200, answer.text
        view = answer.json()
        return view["title"], view["folder"], view["visibility"]

    assert await patched(1, {"title": "Nghị quyết", "folder": None}) == ("Nghị quyết", "Nháp", "organisation")
    assert await titles(client, q="nghi quyet") == ["Nghị quyết"]
    assert await patched(2, {"folder": "Nghị quyết"}) == ("Nghị quyết", "Nghị quyết", "organisation")
    assert await patched(3, {"folder": "", "visibility": "committee"}) == ("Nghị quyết", None, "committee")
    answer = await client.patch(address, json={"title": "Muộn"}, headers={"If-Match": '"1-0"'})
    assert (answer.status_code, answer.json()["current_version"]) == (412, 4)
    answer = await client.patch(address, json={"visibility": "owner"}, headers={"If-Match": '"4-0"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "document_visibility_fixed")


async def test_deleted_document_is_gone_and_its_bytes_after_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, settings: Settings, database: RolledBackDatabase
) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    address = f"/v1/documents/{document['id']}"
    await client.put(f"/v1/me/bookmarks/{document['id']}")
    assert (await client.delete(address, headers={"If-Match": '"1-0"'})).status_code == 204
    assert (await client.get(address)).status_code == 404
    assert len(list(settings.documents_dir.iterdir())) == 1
    await jobs.run()
    assert list(settings.documents_dir.iterdir()) == []
    async with database.session() as session:
        op = await session.scalar(
            text("SELECT op FROM changes WHERE object_id = CAST(:id AS uuid) AND scope_id = :scope"),
            {"id": document["id"], "scope": world.branch_a},
        )
    assert op == "delete"


async def test_document_that_something_holds_stays(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client)
    async with database.session() as session:
        await session.execute(text("CREATE TABLE holders (document_id uuid REFERENCES documents)"))
        await session.execute(text("INSERT INTO holders VALUES (CAST(:id AS uuid))"), {"id": document["id"]})
        await session.commit()
    answer = await client.delete(f"/v1/documents/{document['id']}", headers={"If-Match": '"1-0"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "document_in_use")
    assert (await client.get(f"/v1/documents/{document['id']}/content")).status_code == 200


async def test_bookmarks_are_ones_own_and_set_once(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    kept = await uploaded(secretary, title="Giữ")
    await uploaded(secretary, title="Khác")
    for _ in range(2):
        assert (await member.put(f"/v1/me/bookmarks/{kept['id']}")).status_code == 204
    assert await titles(member, bookmarked="true") == ["Giữ"]
    assert await titles(member, bookmarked="false") == ["Khác"]
    assert await titles(secretary, bookmarked="true") == []
    assert (await member.get(f"/v1/documents/{kept['id']}")).json()["bookmarked"]
    for _ in range(2):
        assert (await member.delete(f"/v1/me/bookmarks/{kept['id']}")).status_code == 204
    assert await titles(member, bookmarked="true") == []
    async with database.session() as session:
        codes = (
            await session.scalars(text("SELECT code FROM events WHERE code LIKE 'documents.%mark%' ORDER BY code"))
        ).all()
    assert codes == ["documents.bookmarked", "documents.unbookmarked"]


async def test_folders_count_what_the_reader_may_read(world: World, signed_in: SignedIn) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    for folder, visibility in (("Nghị quyết", "organisation"), ("Nghị quyết", "committee"), ("Biên bản", "committee")):
        await uploaded(secretary, folder=folder, visibility=visibility)
    await uploaded(secretary, title="Rời")
    address = f"/v1/organisations/{world.branch_a}/document-folders"

    async def folders(client: AsyncClient, **query: str) -> list[tuple[str | None, int]]:
        items = (await client.get(address, params=query)).json()["items"]
        return [(item["name"], item["document_count"]) for item in items]

    assert await folders(secretary) == [(None, 1), ("Biên bản", 1), ("Nghị quyết", 2)]
    assert await folders(member) == [(None, 1), ("Nghị quyết", 1)]
    first = (await secretary.get(address, params={"limit": "1"})).json()
    assert await folders(secretary, cursor=first["next_cursor"]) == [("Biên bản", 1), ("Nghị quyết", 2)]
    assert len(await titles(secretary, folder="Nghị quyết", organisation_id=str(world.branch_a))) == 2
    assert (await member.get("/v1/documents", params={"organisation_id": str(world.branch_b)})).status_code == 404


async def test_list_is_paged_newest_first(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    made = [(await uploaded(client, title=f"Số {number}"))["id"] for number in range(3)]
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        answer = (await client.get("/v1/documents", params=query)).json()
        seen += [item["id"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    assert sorted(seen, reverse=True) == seen  # of one instant
    assert set(seen) == set(made)


async def test_newest_is_what_came_last_whatever_its_id(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    client = signed_in(world.secretary)
    await uploaded(client, id="ffffffff-ffff-4fff-bfff-ffffffffffff", title="Nghị quyết cũ")
    clock.advance(seconds=1)
    await uploaded(client, title="Nghị quyết mới")
    for query in ({}, {"q": "nghị quyết"}, {"organisation_id": str(world.branch_a)}):
        assert await titles(client, **query) == ["Nghị quyết mới", "Nghị quyết cũ"], query
        first = (await client.get("/v1/documents", params={**query, "limit": "1"})).json()
        assert [item["title"] for item in first["items"]] == ["Nghị quyết mới"], query
        assert await titles(client, **query, cursor=first["next_cursor"]) == ["Nghị quyết cũ"], query


async def test_cursor_of_a_search_is_none_of_the_list(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    for _ in range(2):
        assert (await post_file(client, title="Nghị quyết")).status_code == 201
    found = (await client.get("/v1/documents", params={"q": "nghị", "limit": "1"})).json()["next_cursor"]
    listed = (await client.get("/v1/documents", params={"limit": "1"})).json()["next_cursor"]
    for query in ({"cursor": found}, {"cursor": listed, "q": "nghị"}):
        answer = await client.get("/v1/documents", params=query)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_what_a_branch_had_when_it_was_merged_is_read_by_the_others_organisers(
    world: World, signed_in: SignedIn
) -> None:
    was_there = signed_in(world.secretary)
    papers = {shown: await uploaded(was_there, visibility=shown) for shown in ("organisation", "committee", "owner")}
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)

    async def read(person: Person) -> set[str]:
        client = signed_in(person)
        answers = {shown: (await client.get(f"/v1/documents/{one['id']}")).status_code for shown, one in papers.items()}
        listed = (await client.get("/v1/documents")).json()["items"]
        seen = {shown for shown, status in answers.items() if status == 200}
        assert {one["id"] for one in listed} == {papers[shown]["id"] for shown in seen}
        changed = (await client.get("/v1/changes")).json()["items"]
        shared = {papers[shown]["id"] for shown in seen - {"owner"}}  # one's own are on one's own phone alone
        assert {one["id"] for one in changed if one["type"] == "document"} == shared
        return seen

    assert await read(world.sister_secretary) == {"organisation", "committee", "owner"}
    assert await read(world.member) == {"organisation"}
    assert await read(world.sister_member) == set()
