"""Papers of an agenda: attached out of the library, kept when the agenda is rewritten, and late by the rule."""

from datetime import timedelta
from uuid import UUID

from app.documents.models import Visibility
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.meetings import Json, SignedIn, announced, drafted, post_draft, put_meeting
from tests.factories.world import World


def point(title: str, *documents: UUID) -> Json:
    return {"title": title, "document_ids": [str(document) for document in documents]}


def papers(view: Json) -> list[tuple[str, list[str]]]:
    return [(item["title"], item["document_ids"]) for item in view["agenda"]]


async def test_papers_are_shown_in_their_order_and_follow_their_point(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        first = await put_document(session, world.branch_a, world.secretary)
        above = await put_document(session, world.commune, world.officer)
        await session.commit()
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a, agenda=[point("a", above, first), point("b")])
    seen = (await signed_in(world.member).get(f"/v1/meetings/{meeting_id}")).json()
    assert papers(seen) == [("a", [str(above), str(first)]), ("b", [])]
    assert seen["warnings"] == []
    moved = await put_meeting(secretary, meeting_id, agenda=[point("mới"), point("b", first), point("a", above, first)])
    assert papers(moved.json()) == [("mới", []), ("b", [str(first)]), ("a", [str(above), str(first)])]
    fewer = await put_meeting(secretary, meeting_id, agenda=[point("b", first)])
    assert papers(fewer.json()) == [("b", [str(first)])]


async def test_paper_that_cannot_be_attached_is_refused_by_its_place(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        mine = await put_document(session, world.branch_a, world.secretary)
        sisters = await put_document(session, world.branch_b, world.sister_secretary)
        private = await put_document(session, world.branch_a, world.secretary, visibility=Visibility.owner)
        await session.commit()
    secretary = signed_in(world.secretary)
    agenda = [point("a"), point("b", mine, sisters, private, mine)]
    meeting_id = await drafted(secretary, world.branch_a)
    for refused in (
        await post_draft(secretary, world.branch_a, agenda=agenda),
        await put_meeting(secretary, meeting_id, agenda=agenda),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "documents_not_found")
        assert [(field["pointer"], field["code"]) for field in refused.json()["errors"]] == [
            ("/agenda/1/document_ids/1", "document_not_found"),
            ("/agenda/1/document_ids/2", "document_not_found"),
            ("/agenda/1/document_ids/3", "duplicate_document"),
        ]


async def test_organisers_are_warned_of_papers_attached_within_the_last_day(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    async with database.session() as session:
        early = await put_document(session, world.branch_a, world.secretary)
        late = await put_document(session, world.branch_a, world.secretary)
        await session.commit()
    starts_at = (clock() + timedelta(days=1)).isoformat()
    meeting_id = await announced(
        signed_in(world.secretary), world.branch_a, starts_at=starts_at, ends_at=..., agenda=[point("a", early)]
    )
    clock.advance(seconds=1)
    same = await put_meeting(signed_in(world.secretary), meeting_id, agenda=[point("b"), point("a", early)])
    assert same.json()["warnings"] == []  # attached in time, whatever was rewritten since
    warned = await put_meeting(signed_in(world.secretary), meeting_id, agenda=[point("a", early, late)])
    assert warned.json()["warnings"] == ["papers_late"]
    assert (await signed_in(world.member).get(f"/v1/meetings/{meeting_id}")).json()["warnings"] == []
    listed = (await signed_in(world.minute_taker).get("/v1/me/meetings")).json()["items"]
    assert [item["warnings"] for item in listed] == [["papers_late"]]


async def test_organisers_are_warned_of_a_meeting_shorter_than_the_rule(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    short = await drafted(secretary, world.branch_a, ends_at="2026-12-04T13:59:59Z")
    enough = await drafted(secretary, world.branch_a, ends_at="2026-12-04T14:00:00Z")
    assert (await secretary.get(f"/v1/meetings/{short}")).json()["warnings"] == ["shorter_than_rule"]
    assert (await secretary.get(f"/v1/meetings/{enough}")).json()["warnings"] == []
