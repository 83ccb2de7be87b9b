"""What becomes of a document, on phones that only a bookmark brought it to, and on all others."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient, Response

from tests.changes.phones import Json, fresh, named
from tests.documents.asking import uploaded
from tests.factories.files import a_docx
from tests.factories.meetings import SignedIn, announced
from tests.factories.reorganisations import done
from tests.factories.world import World
from tests.worker import JobRunner

pytestmark = pytest.mark.usefixtures("told")


@pytest.fixture
def officer(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.officer)


async def bookmarked(client: AsyncClient, document: Json) -> None:
    answer = await client.put(f"/v1/me/bookmarks/{document['id']}")
    assert answer.status_code == 204, answer.text


def changing(**fields: str) -> Callable[[AsyncClient, Json], Awaitable[Response]]:
    async def change(keeper: AsyncClient, document: Json) -> Response:
        etag = {"If-Match": f'"{document["version"]}"'}
        return await keeper.patch(f"/v1/documents/{document['id']}", json=fields, headers=etag)

    return change


async def deleting(keeper: AsyncClient, document: Json) -> Response:
    return await keeper.delete(f"/v1/documents/{document['id']}", headers={"If-Match": f'"{document["version"]}"'})


rename, hide = changing(title="Báo cáo quý 4"), changing(visibility="committee")


async def test_an_officer_hears_of_the_paper_of_a_branch_below_that_they_have_a_bookmark_on(
    world: World, secretary: AsyncClient, officer: AsyncClient
) -> None:
    papers = [await uploaded(secretary, organisation_id=str(world.branch_a), visibility="organisation") for _ in "ab"]
    one, other = papers
    await bookmarked(officer, one)
    phone = await fresh(officer)
    assert set(phone.of("document")) == {one["id"]}

    for paper in papers:
        assert (await rename(secretary, paper)).status_code == 200
    await phone.catch_up(officer)

    assert named(phone) == {("document", one["id"])}
    assert phone.of("document")[one["id"]]["title"] == "Báo cáo quý 4"
    assert phone.held == (await fresh(officer)).held
    assert other["id"] not in phone.of("document")


@pytest.mark.parametrize("end", [hide, deleting], ids=["hidden", "deleted"])
async def test_an_officer_forgets_the_paper_they_have_a_bookmark_on_and_may_not_read_any_more(
    end: Callable[[AsyncClient, Json], Awaitable[Response]], world: World, secretary: AsyncClient, officer: AsyncClient
) -> None:
    paper = await uploaded(secretary, organisation_id=str(world.branch_a), visibility="organisation")
    await bookmarked(officer, paper)
    phone = await fresh(officer)

    assert (await end(secretary, paper)).is_success
    await phone.catch_up(officer)

    assert named(phone, "delete") == {("document", paper["id"])}
    assert phone.held == (await fresh(officer)).held


async def test_a_secretary_hears_of_the_file_of_a_member_s_own_that_they_have_a_bookmark_on(
    secretary: AsyncClient, member: AsyncClient
) -> None:
    paper = await uploaded(member, visibility="owner")
    await bookmarked(secretary, paper)
    phone = await fresh(secretary)

    renamed = await rename(member, paper)
    await phone.catch_up(secretary)
    assert phone.of("document")[paper["id"]]["title"] == "Báo cáo quý 4"
    assert (await deleting(member, renamed.json())).status_code == 204
    await phone.catch_up(secretary)

    assert phone.of("document") == {}
    assert phone.held == (await fresh(secretary)).held


async def test_an_officer_hears_that_a_paper_went_to_the_successor_of_its_branch(
    world: World, secretary: AsyncClient, officer: AsyncClient, signed_in: SignedIn
) -> None:
    paper = await uploaded(secretary, organisation_id=str(world.branch_a), visibility="organisation")
    await announced(
        secretary, world.branch_a, agenda=[{"position": 1, "title": "Báo cáo", "document_ids": [paper["id"]]}]
    )
    await bookmarked(officer, paper)
    phone = await fresh(officer)

    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    await phone.catch_up(officer)

    assert phone.of("document")[paper["id"]]["organisation_id"] == str(world.branch_b)


async def test_a_phone_forgets_what_only_a_bookmark_had_brought(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn
) -> None:
    shared = await uploaded(secretary, organisation_id=str(world.branch_a), visibility="organisation")
    own = await uploaded(member, visibility="owner")
    papers = {"officer": [shared], "member": [shared, own], "secretary": [shared, own]}
    left: dict[str, set[str]] = {"officer": set(), "member": {shared["id"], own["id"]}, "secretary": {shared["id"]}}
    for name, theirs in papers.items():
        client = signed_in(getattr(world, name))
        for paper in theirs:
            await bookmarked(client, paper)
        phone = await fresh(client)
        assert set(phone.of("document")) == {paper["id"] for paper in theirs}

        for paper in theirs:
            assert (await client.delete(f"/v1/me/bookmarks/{paper['id']}")).status_code == 204
        await phone.catch_up(client)

        assert set(phone.of("document")) == left[name], name
        assert not any(paper["bookmarked"] for paper in phone.of("document").values())
        assert phone.held == (await fresh(client)).held


async def test_phones_hear_that_the_text_of_a_file_was_read(
    world: World, secretary: AsyncClient, member: AsyncClient, officer: AsyncClient, jobs: JobRunner
) -> None:
    place = str(world.branch_a)
    paper = await uploaded(secretary, a_docx(), "a.docx", organisation_id=place, visibility="organisation")
    of_committee = await uploaded(secretary, a_docx(), "b.docx", organisation_id=place, visibility="committee")
    await bookmarked(officer, paper)
    clients = {"secretary": secretary, "member": member, "officer": officer}
    phones = {name: await fresh(client) for name, client in clients.items()}

    await jobs.run()

    for name, phone in phones.items():
        assert phone.of("document")[paper["id"]]["text_state"] == "waiting"
        await phone.catch_up(clients[name])
        assert phone.of("document")[paper["id"]]["text_state"] == "read"
    assert phones["secretary"].of("document")[of_committee["id"]]["text_state"] == "read"
    assert named(phones["member"], "delete") == set()  # nor do they hear that there is one of the committee
    # What is read again as it was is no news.
    assert (await rename(secretary, paper)).status_code == 200
    await phones["member"].catch_up(member)
    await jobs.run()
    assert await phones["member"].catch_up(member) == []
