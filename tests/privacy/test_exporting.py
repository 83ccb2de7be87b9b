"""The export: all that is kept about the caller, of every table, and nothing that is somebody else's or secret."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text, update

from app.kernel.i18n import Locale
from app.members.models import Member
from app.models import metadata
from app.privacy.exports.queries import read_export
from app.privacy.parts import LEFT_OUT, PARTS
from tests.conftest import RolledBackDatabase
from tests.factories.activity import ENTRY
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.world import Person, World
from tests.factories.year import POLL, RESOLUTION, SECRET_POLL, TASK, live_december
from tests.privacy.acting import actor_of
from tests.worker import JobRunner

# What names a person without a foreign key.
NAMING = {"member_id", "account_id", "actor_member_id", "voter", "viewer_id"}
PEOPLE = {"members", "accounts", "sessions"}
Items = list[dict[str, str]]


async def export_of(caller: AsyncClient) -> tuple[dict[str, Items], str]:
    answer = await caller.get("/v1/me/export")
    assert answer.status_code == 200, answer.text
    assert all(part["is_whole"] for part in answer.json()["parts"])
    return {part["name"]: part["items"] for part in answer.json()["parts"]}, answer.text


async def give_numbers(database: RolledBackDatabase, person: Person, **values: Any) -> None:  # Any: columns
    async with database.session() as session:
        await session.execute(update(Member).where(Member.id == person.member_id).values(**values))
        await session.commit()


def test_every_column_that_names_a_person_is_in_the_export_or_left_out_for_a_reason() -> None:
    naming = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in NAMING or any(key.column.table.name in PEOPLE for key in column.foreign_keys)
    }
    shown = {f"{column.class_.__tablename__}.{column.key}" for part in PARTS for column in (part.whose, *part.beside)}
    assert {*shown, *LEFT_OUT} - naming == {"members.id", "events.subject_id"}
    assert naming - shown == LEFT_OUT.keys()
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())


async def test_a_member_takes_all_that_a_month_left_of_them(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await give_numbers(database, world.member, citizen_id="037060001234", card_number="37012345")
    await live_december(world, signed_in, clock, choice="against")
    await jobs.run()
    assert (await signed_in(world.secretary).get(f"/v1/members/{world.member.member_id}")).status_code == 200
    parts, document = await export_of(signed_in(world.member))

    (record,) = parts["record"]
    assert record["full_name"] == world.member.full_name
    assert (record["phone"], record["citizen_id"], record["card_number"]) == (
        world.member.phone,
        "037060001234",
        "37012345",
    )
    assert record["organisation"] == "Chi bộ thôn Đông"
    assert record["born_on"] == "1970-01-01"
    assert [standing["kind"] for standing in parts["standings"]] == ["official"]
    assert [session["device_name"] for session in parts["sessions"]] == [f"Máy của {world.member.full_name}"]
    assert parts["devices"][0]["is_pushed_to"] == "true"
    assert parts["replies"][0]["reply"] == "attending"
    assert parts["attendance"][0]["attendance"] == "late"
    assert [(row["body"], row["resolution"]) for row in parts["comments"]] == [("Nhất trí.", RESOLUTION)]
    assert [(row["title"], row["status"]) for row in parts["tasks"]] == [(TASK, "done")]
    assert [row["title"] for row in parts["activity_entries"]] == [ENTRY["title"]]
    assert parts["announcement_receipts"][0]["acknowledged_at"] == "2026-12-04T04:00:00Z"
    assert "entry_confirmed" in {row["type"] for row in parts["notices"]}
    assert [row["viewer"] for row in parts["record_views"]] == [world.secretary.full_name]
    assert {"meetings.replied", "activity.entry_submitted"} <= {row["code"] for row in parts["acts"]}
    assert [row["code"] for row in parts["facts_about_me"]] == ["members.record_viewed"]

    polls = {row["question"]: row for row in parts["polls"]}
    assert (polls[POLL]["choice"], polls[POLL]["took_part"]) == ("against", "true")
    assert polls[SECRET_POLL].keys() == {"poll_id", "question", "secrecy", "opened_at", "took_part"}
    assert document.count("against") == 1  # the open vote

    for secret in (world.member.push_token, "password_hash", "token_hash", "sealed"):
        assert secret not in document


async def test_an_export_holds_nothing_of_others_is_not_stored_and_leaves_a_fact(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give_numbers(database, world.away, citizen_id="037060009999")
    answer = await signed_in(world.secretary).get("/v1/me/export", headers={"Accept-Language": "en"})
    assert answer.headers["Cache-Control"] == "private, no-store"
    titles = {part["name"]: part["title"] for part in answer.json()["parts"]}
    assert titles["record"] == "My record"
    for person in (*world.branch_members[1:], world.officer, world.stranger):
        assert person.full_name not in answer.text
        assert person.phone is None or person.phone not in answer.text
    assert "037060009999" not in answer.text
    async with database.session() as session:
        facts = await session.execute(
            text("SELECT organisation_id, subject_id, actor_member_id, data FROM events WHERE code = :code"),
            {"code": "privacy.data_exported"},
        )
        assert [tuple(fact) for fact in facts] == [
            (world.branch_a, world.secretary.member_id, world.secretary.member_id, {})
        ]


@pytest.mark.parametrize(("most", "whole"), [(1, False), (2, True)])
async def test_a_part_of_very_many_rows_is_cut_to_the_newest_and_says_so(
    most: int, *, whole: bool, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    for _ in range(2):
        assert (await signed_in(world.member).get("/v1/me/export")).status_code == 200
    async with database.session() as session:
        export = await read_export(session, actor_of(world.member), locale=Locale.vi, most=most)
    acts = next(part for part in export.parts if part.name == "acts")
    assert (acts.is_whole, len(acts.items)) == (whole, most)
