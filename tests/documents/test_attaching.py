"""What other features ask of the library: which documents may be attached, and how they are named."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.documents.errors import DocumentsNotFound
from app.documents.models import Document, Visibility
from app.documents.queries import documents_of, require_attachable, require_own_document
from app.documents.service import bookmark_document
from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.security import Actor, HeldPost, PostKind
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.world import HANOI, Person, World, make_world


def actor_of(person: Person, *path: UUID, posts: tuple[tuple[PostKind, UUID], ...] = ()) -> Actor:
    return Actor(
        account_id=person.account_id,
        session_id=person.session_id,
        member_id=person.member_id,
        organisation_id=person.organisation_id,
        path=path,
        posts=tuple(HeldPost(kind=kind, organisation_id=where) for kind, where in posts),
        time_zone=HANOI,
    )


def secretary_of(world: World) -> Actor:
    return actor_of(
        world.secretary,
        world.province,
        world.commune,
        world.branch_a,
        posts=((PostKind.secretary, world.branch_a),),
    )


async def refused(session: Session, world: World, *ids: UUID) -> list[tuple[str, str]]:
    path = (world.province, world.commune, world.branch_a)
    with pytest.raises(DocumentsNotFound) as refusal:
        await require_attachable(session, secretary_of(world), ids, path=path, pointer="/document_ids")
    return [(field.pointer, field.code) for field in refusal.value.fields]


async def test_papers_come_from_the_branch_or_from_above(database: RolledBackDatabase, world: World) -> None:
    async with database.session() as session:
        own = await put_document(session, world.branch_a, world.secretary, visibility=Visibility.committee)
        above = await put_document(session, world.commune, world.officer)
        path = (world.province, world.commune, world.branch_a)
        await require_attachable(session, secretary_of(world), [own, above], path=path, pointer="/document_ids")
        await require_attachable(session, secretary_of(world), [], path=path, pointer="/document_ids")
        refs = await documents_of(session, [own, above, uuid4()])
    assert set(refs) == {own, above}
    assert refs[own].file_name == "nghi-quyet.pdf"


async def test_what_is_foreign_private_or_twice_is_refused_by_its_place(
    database: RolledBackDatabase, world: World
) -> None:
    async with database.session() as session:
        good = await put_document(session, world.branch_a, world.secretary)
        sister = await put_document(session, world.branch_b, world.sister_secretary)
        private = await put_document(session, world.branch_a, world.secretary, visibility=Visibility.owner)
        unseen = await put_document(session, world.commune, world.officer, visibility=Visibility.committee)
        wrong = await refused(session, world, good, sister, private, unseen, uuid4(), good)
    assert wrong == [
        ("/document_ids/1", "document_not_found"),
        ("/document_ids/2", "document_not_found"),
        ("/document_ids/3", "document_not_found"),
        ("/document_ids/4", "document_not_found"),
        ("/document_ids/5", "duplicate_document"),
    ]


async def test_an_entry_of_ones_own_takes_only_ones_own_document(database: RolledBackDatabase, world: World) -> None:
    async with database.session() as session:
        own = await put_document(session, world.branch_a, world.secretary, visibility=Visibility.owner)
        shared = await put_document(session, world.branch_a, world.secretary)
        others = await put_document(session, world.branch_a, world.member, visibility=Visibility.owner)
        await require_own_document(session, secretary_of(world), own, pointer="/document_id")
        for other in (shared, others):
            with pytest.raises(DocumentsNotFound) as refusal:
                await require_own_document(session, secretary_of(world), other, pointer="/document_id")
            assert refusal.value.fields[0].pointer == "/document_id"


async def test_what_is_being_attached_or_bookmarked_is_not_deleted_meanwhile(
    live_database_url: str, clock: FakeClock
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
        shared = await put_document(session, world.branch_a, world.secretary)
        own = await put_document(session, world.branch_a, world.secretary, visibility=Visibility.owner)
        bookmarked = await put_document(session, world.branch_a, world.secretary)
    secretary = secretary_of(world)
    async with database.session() as session, database.session() as other:
        await require_attachable(session, secretary, [shared], path=secretary.path, pointer="/document_ids")
        await require_own_document(session, secretary, own, pointer="/document_id")
        await bookmark_document(session, secretary, bookmarked)
        free = select(Document.id).with_for_update(skip_locked=True)  # as a deletion takes it
        assert (await other.scalars(free)).all() == []
    await database.close()
