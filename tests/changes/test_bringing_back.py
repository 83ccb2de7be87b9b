"""What a phone kept of the time after a backup, once the backup is brought back: it stands for nothing any more."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.changes.service import _VERSIONED, begin_epoch
from app.kernel.db import commit
from app.kernel.roles import Role
from tests.changes.phones import fresh, named
from tests.conftest import RolledBackDatabase
from tests.documents.asking import uploaded
from tests.factories.activity import entered, give_back
from tests.factories.clock import FakeClock
from tests.factories.files import a_docx
from tests.factories.meetings import a_meeting, announced, inbox, put_meeting
from tests.factories.resolutions import drafted, revised
from tests.factories.world import World
from tests.worker import JobRunner

pytestmark = pytest.mark.usefixtures("told")


async def bring_back(database: RolledBackDatabase, *statements: str) -> None:
    """Write rows as they were at the backup, and begin the epoch as `sotay recovered` does."""
    async with database.session() as session:
        for statement in statements:
            await session.execute(text(statement))
        await session.commit()
    async with database.acting_as(Role.worker).session() as session:
        await begin_epoch(session)
        await commit(session)


async def test_etag_of_the_time_that_is_lost_neither_spares_a_read_nor_lets_a_change_through(
    world: World, secretary: AsyncClient, database: RolledBackDatabase
) -> None:
    meeting_id = await announced(secretary, world.branch_a)
    path = f"/v1/meetings/{meeting_id}"
    backed_up = (await secretary.get(path)).json()
    lost = await put_meeting(secretary, meeting_id, starts_at="2026-12-04T13:00:00Z")
    assert lost.status_code == 200, lost.text
    kept = lost.headers["ETag"]

    await bring_back(
        database,
        f"UPDATE meetings SET starts_at = '{backed_up['starts_at']}', version = {backed_up['version']}"
        f" WHERE id = '{meeting_id}'",
    )
    written = await put_meeting(secretary, meeting_id, starts_at="2026-12-04T11:00:00Z")
    assert written.status_code == 200, written.text

    seen = await secretary.get(path, headers={"If-None-Match": kept})
    assert (seen.status_code, seen.json()["starts_at"]) == (200, "2026-12-04T11:00:00Z")
    for stale in (kept, f'"{lost.json()["version"]}"'):
        refused = await secretary.put(path, json=a_meeting(), headers={"If-Match": stale})
        assert (refused.status_code, refused.json()["code"]) == (412, "version_changed")
        assert refused.json()["current_version"] == written.json()["version"]


async def test_member_hears_of_an_entry_that_was_returned_just_before_the_backup(
    secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    returned = await give_back(secretary, await entered(member))
    assert returned.status_code == 200, returned.text
    await bring_back(database)
    await jobs.run()
    assert [one["type"] for one in await inbox(member)][:1] == ["entry_returned"]


async def test_another_text_of_the_same_number_is_shown(
    world: World, secretary: AsyncClient, database: RolledBackDatabase, clock: FakeClock
) -> None:
    draft = (await drafted(secretary, world.branch_a))["id"]
    await revised(secretary, draft, title="Nghị quyết đã mất")
    path = f"/v1/resolutions/{draft}/versions/2"
    kept = (await secretary.get(path)).headers["ETag"]

    await bring_back(
        database,
        f"DELETE FROM resolution_paragraphs WHERE resolution_id = '{draft}' AND version = 2",
        f"DELETE FROM resolution_versions WHERE resolution_id = '{draft}' AND version = 2",
        f"UPDATE resolutions SET version = 1, revision = 1 WHERE id = '{draft}'",
    )
    clock.advance(minutes=5)
    written = await revised(secretary, draft, title="Nghị quyết viết lại")
    assert written["version"] == 2

    seen = await secretary.get(path, headers={"If-None-Match": kept})
    assert (seen.status_code, seen.json()["title"]) == (200, "Nghị quyết viết lại")


async def test_papers_of_the_committee_stay_unknown_to_others_when_they_are_read_later(
    world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    place = str(world.branch_a)
    await uploaded(secretary, a_docx(), "b.docx", organisation_id=place, visibility="committee")
    await bring_back(database)
    phone = await fresh(member)
    await jobs.run()
    await phone.catch_up(member)
    assert named(phone, "delete") == set()


async def test_every_count_of_changes_is_raised_and_no_number_of_a_text(database: RolledBackDatabase) -> None:
    async with database.session() as session:
        found = {(row.name, *sorted(row.columns)) for row in await session.execute(_VERSIONED)}
    assert found == {
        ("activity_entries", "version"),
        ("announcements", "version"),
        ("away_periods", "version"),
        ("candidacies", "version"),
        ("documents", "version"),
        ("meeting_tasks", "version"),
        ("meetings", "roll_version", "version"),
        ("members", "version"),
        ("minutes", "version"),
        ("organisations", "version"),
        ("polls", "version"),
        ("reorganisations", "version"),
        ("resolution_comments", "revision"),
        ("resolutions", "revision"),
        ("standing_decisions", "version"),
        ("transfers", "version"),
    }


async def test_versions_go_on_rising_where_a_backup_is_brought_back_twice(
    world: World, database: RolledBackDatabase
) -> None:
    async def version() -> int:
        async with database.session() as session:
            found = text("SELECT version FROM members WHERE id = :id")
            return int(await session.scalar(found, {"id": world.member.member_id}) or 0)

    await bring_back(database)
    once = await version()
    assert 0 < once < 2**31
    await bring_back(database)
    assert await version() > once
    await bring_back(database, f"UPDATE members SET version = 1 WHERE id = '{world.member.member_id}'")
    assert await version() >= once
