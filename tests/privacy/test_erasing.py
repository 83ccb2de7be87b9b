"""Erasure: nothing says any more who somebody was, what the branch decided stays, and the log is intact."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update
from typer.testing import CliRunner

from app.cli import cli
from app.documents.models import Visibility
from app.identity.events import RefreshTokenReused, SignedInOnNewDevice
from app.kernel.db import PooledDatabase, commit, transaction
from app.kernel.events import record
from app.kernel.seals import seal_facts
from app.kernel.verifying import verify_log
from app.members.errors import MemberNotFound
from app.members.models import Member
from app.models import metadata
from app.privacy.erasure.service import EMPTIED, NAMELESS, OF_THE_ACCOUNT, OF_THE_MEMBER, erase_member
from app.privacy.errors import StillAMember
from app.privacy.parts import LEFT_OUT
from tests.admissions.test_admitting import ADMISSION, ready
from tests.changes.phones import Phone, announce_world, fresh, named, settled
from tests.conftest import RolledBackDatabase
from tests.factories.activity import ENTRY
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.meetings import SignedIn, announced, inbox, said, took
from tests.factories.minutes import over, stepped
from tests.factories.rolls import begun, put_roll, roll_of
from tests.factories.transfers import moved
from tests.factories.world import Person, World, make_world
from tests.factories.year import live_december
from tests.worker import JobRunner

STAYS = {
    "announcement_receipts.member_id",
    "comment_supports.member_id",
    "consents.member_id",
    "electors.member_id",
    "event_details.member_id",
    "events.actor_member_id",
    "meeting_tasks.assignee_id",
    "member_ratings.member_id",
    "minutes_remarks.member_id",
    "participations.voter",
    "posts.member_id",
    "resolution_comments.author_id",
    "documents.uploaded_by",
    "standings.member_id",
    "votes.member_id",
}
"""What a branch keeps of somebody without a name; of `event_details` the salt and the words go."""
GONE_BESIDE = {"accounts.member_id", "activity_entries.member_id", "away_periods.member_id"}


def test_every_column_that_names_a_person_is_judged() -> None:
    deleted = {f"{column.class_.__tablename__}.{column.key}" for column in (*OF_THE_ACCOUNT, *OF_THE_MEMBER, *EMPTIED)}
    naming = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name in {"members", "accounts"} for key in column.foreign_keys)
        or column.name in {"member_id", "account_id", "actor_member_id"}
    }
    judged = deleted | STAYS | GONE_BESIDE
    assert naming - judged == LEFT_OUT.keys() - {"refresh_tokens.session_id", "idempotency_keys.account_id"}
    assert judged <= naming


async def words_of(database: RolledBackDatabase, *words: str) -> set[str]:
    """The tables in which one of the words stands."""
    async with database.session() as session:
        return {
            table.name
            for table in metadata.sorted_tables
            if await session.scalar(
                text(f"SELECT EXISTS (SELECT FROM {table.name} AS t WHERE t::text LIKE ANY (:words))"),
                {"words": [f"%{word}%" for word in words]},
            )
        }


async def test_after_an_erasure_no_table_says_who_somebody_was_and_the_log_is_intact(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    member = world.member
    assert member.phone is not None
    async with database.session() as session:
        numbers = {"citizen_id": "037060001234", "card_number": "37012345"}
        await session.execute(update(Member).where(Member.id == member.member_id).values(**numbers))
        await session.execute(
            text("INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES ('\\x01', :id, now())"),
            {"id": member.session_id},
        )
        reused = RefreshTokenReused(
            organisation_id=world.branch_a,
            subject_id=member.session_id,
            actor_member_id=None,
            member_id=member.member_id,
            device_name="Máy bàn ở xưởng",
        )
        await record(session, reused)
        await commit(session)
    caller = signed_in(member)
    body = {"starts_on": "2026-12-01", "place": "Nhà máy Bắc Thăng Long", "time_zone": "Asia/Ho_Chi_Minh"}
    assert (await caller.post(f"/v1/members/{member.member_id}/away-periods", json=body)).status_code == 201
    meeting = await announced(signed_in(world.secretary), world.branch_a)
    await said(caller, meeting, "absent", "Đưa con đi viện")
    asked = {"field": "full_name", "value": "Lê Văn Cươngg"}
    assert (await caller.post("/v1/me/correction-requests", json=asked)).status_code == 201
    await live_december(world, signed_in, clock)
    await jobs.run()
    async with database.session() as session:
        while await seal_facts(session):
            pass
        assert not (await verify_log(session)).breaks
        await commit(session)

    said_of = (
        *(member.full_name, member.phone, "037060001234", "37012345", "Bắc Thăng Long", "đi viện", "Cươngg"),
        *("Máy bàn ở xưởng", ENTRY["title"], f"Máy của {member.full_name}", member.push_token),
    )
    found = await words_of(database, *said_of)
    assert found >= {
        "members",
        "away_periods",
        "meeting_replies",
        "sessions",
        "devices",
        "event_details",
        "notifications",
    }
    async with database.session() as session:
        with pytest.raises(StillAMember):
            await erase_member(session, member.member_id, though_a_member=False)
        erased = await erase_member(session, member.member_id, though_a_member=True)
        assert (erased.row_count >= 8, erased.fact_count) == (True, 1)
        await commit(session)
    assert await words_of(database, *said_of) == set()
    assert (await signed_in(member).get("/v1/me")).status_code == 401

    async with database.session() as session:
        while await seal_facts(session):
            pass
        verdict = await verify_log(session)
        assert (verdict.breaks, verdict.unsealed) == ([], 0)
        name = await session.scalar(select(Member.full_name).where(Member.id == member.member_id))
        assert name == NAMELESS
        told = await session.execute(
            text("SELECT DISTINCT object_type FROM changes WHERE scope_id = :id AND op = 'delete'"),
            {"id": world.branch_a},
        )
        assert {"away_period", "activity_entry"} <= set(told.scalars())
        assert (await erase_member(session, member.member_id, though_a_member=True)).row_count == 0


async def test_what_others_hold_of_the_erased_loses_their_words_too(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    member, secretary = world.member, signed_in(world.secretary)
    async with database.session() as session:
        own = await put_document(
            session, world.branch_a, member, title=f"Giấy khen {member.full_name}", visibility=Visibility.owner
        )
        shared = await put_document(session, world.branch_a, member, title="Kế hoạch tháng 12")
        new_phone = SignedInOnNewDevice(
            organisation_id=world.branch_a,
            subject_id=member.session_id,
            actor_member_id=member.member_id,
            member_id=member.member_id,
            installation_id=uuid4(),
            device_name=f"iPhone của {member.full_name}",
        )
        await record(session, new_phone)
        await commit(session)
    meeting = await begun(secretary, world.branch_a)
    await put_roll(secretary, meeting, (member, "excused"), note="Đưa con đi viện")
    before = (await roll_of(secretary, meeting))["version"]
    entry = (await signed_in(member).post("/v1/me/activity", json=ENTRY)).json()["id"]
    assert (await secretary.put(f"/v1/me/bookmarks/{own}")).status_code == 204
    await moved(secretary, signed_in(world.sister_secretary), member, world.branch_b)
    await jobs.run()
    assert f"transfer_accepted: {member.full_name}" in {
        f"{item['type']}: {item['title'].rpartition(': ')[2]}" for item in await inbox(secretary)
    }

    async with database.session() as session:
        await erase_member(session, member.member_id, though_a_member=True)
        await commit(session)

    assert await words_of(database, member.full_name, "đi viện") == set()
    assert (await secretary.get(f"/v1/documents/{own}")).status_code == 404
    assert (await secretary.get(f"/v1/documents/{shared}")).status_code == 200
    assert (await roll_of(secretary, meeting))["version"] > before
    async with database.session() as session:
        told = text("SELECT object_type, object_id, op FROM changes WHERE scope_id = :id AND object_id = ANY (:of)")
        rows = await session.execute(told, {"id": world.branch_a, "of": [UUID(entry), UUID(meeting)]})
        assert {("activity_entry", UUID(entry), "delete"), ("roll", UUID(meeting), "upsert")} <= set(map(tuple, rows))
        named = text("SELECT version FROM changes WHERE scope_id = :id AND object_type = 'notification'")
        assert set(await session.scalars(named, {"id": world.secretary.member_id})) == {2}
        rows = await session.execute(told, {"id": world.secretary.member_id, "of": [own]})
        assert list(map(tuple, rows)) == [("document", own, "delete")]


async def test_an_answer_that_was_kept_for_a_repetition_does_not_bring_the_erased_back(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, url = signed_in(world.secretary), f"/v1/members/{world.member.member_id}"
    headers = {"If-Match": (await secretary.get(url)).headers["ETag"], "Idempotency-Key": str(uuid4())}
    first = await secretary.patch(url, json={"born_on": "1971-01-01"}, headers=headers)
    assert (first.status_code, first.json()["full_name"]) == (200, world.member.full_name)
    async with database.session() as session:
        await erase_member(session, world.member.member_id, though_a_member=True)
        await commit(session)
    again = await secretary.patch(url, json={"born_on": "1971-01-01"}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (403, "answer_no_longer_yours")
    assert await _kept_answers_naming(database, world.member.full_name) == 0


async def test_a_task_that_was_carried_on_and_a_roster_that_was_tried_do_not_keep_the_name(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await announce_world(database)
    secretary, member = signed_in(world.secretary), world.member
    meeting = await begun(secretary, world.branch_a, starts_at="2026-11-22T02:00:00Z", ends_at=...)
    for person in (member, world.away):
        task = {"title": "Rà soát hộ nghèo", "assignee_id": str(person.member_id), "due_on": "2026-12-25"}
        assert (await secretary.post(f"/v1/meetings/{meeting}/tasks", json=task)).status_code == 201
    held, written = [await begun(secretary, world.branch_a, kind=kind) for kind in ("thematic", "extraordinary")]
    coming = await announced(secretary, world.branch_a)
    for one in (held, written):
        await took(secretary, one, "end")
    assert (await secretary.post(f"/v1/meetings/{written}/minutes/send")).status_code == 200
    headers = {"Idempotency-Key": str(uuid4())}
    rows = f"Họ và tên;Ngày vào Đảng\n{member.full_name};01/01/1999\n"
    tried = await secretary.post(
        f"/v1/organisations/{world.branch_a}/member-imports",
        data={"commit": "false"},
        files={"file": ("a.csv", rows.encode())},
        headers=headers,
    )
    assert tried.status_code == 200
    assert member.full_name in tried.text
    assert await words_of(database, member.full_name) >= {"agenda_items", "minutes", "members"}
    phone = await fresh(secretary)

    async with database.session() as session:
        await erase_member(session, member.member_id, though_a_member=True)
        await commit(session)

    assert await words_of(database, member.full_name) == set()
    assert await _kept_answers_naming(database, member.full_name) == 0
    agenda = (await secretary.get(f"/v1/meetings/{coming}")).json()["agenda"]
    assert set(agenda[-1]["body"].splitlines()) == {
        f"- Rà soát hộ nghèo – {NAMELESS}, hạn 25/12/2026",
        f"- Rà soát hộ nghèo – {world.away.full_name}, hạn 25/12/2026",
    }
    await phone.catch_up(secretary)
    assert _naming(phone, member) == set()
    assert settled(phone.held) == settled((await fresh(secretary)).held)


async def test_who_was_in_the_pool_is_not_admitted_once_erased(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    candidacy = await ready(secretary, world, database)
    async with database.session() as session:
        await erase_member(session, UUID(candidacy["candidate"]["member_id"]), though_a_member=True)
        await commit(session)
    answer = await secretary.post(f"/v1/candidacies/{candidacy['id']}/admit", json=ADMISSION)
    assert (answer.status_code, answer.json()["code"]) == (409, "candidacy_closed")
    assert (await secretary.get(f"/v1/candidacies/{candidacy['id']}")).json()["status"] == "dropped"
    pool = {"standing": "candidate"}
    found = await secretary.get(f"/v1/organisations/{world.branch_a}/members", params=pool)
    assert found.json()["items"] == []


async def test_phones_of_others_forget_the_name_wherever_it_stands(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    await announce_world(database)
    body = {"member_id": str(world.member.member_id), "kind": "committee_member", "starts_on": "2026-11-22"}
    granted = await signed_in(world.administrator).post(f"/v1/organisations/{world.branch_a}/posts", json=body)
    assert granted.status_code == 201, granted.text
    await live_december(world, signed_in, clock)
    await jobs.run()
    readers = (world.secretary, world.probationary)
    phones = {one: await fresh(signed_in(one)) for one in readers}
    kinds = {"comment", "member", "minutes", "post", "roll", "task"}
    assert _naming(phones[world.secretary], world.member) == kinds | {"activity_entry"}

    async with database.session() as session:
        await erase_member(session, world.member.member_id, though_a_member=True)
        await commit(session)

    for one, phone in phones.items():
        await phone.catch_up(signed_in(one))
        assert _naming(phone, world.member) == set()
        assert settled(phone.held) == settled((await fresh(signed_in(one))).held)
    told = {kind for kind, _ in named(phones[world.secretary])}
    assert told >= kinds


async def test_phones_of_others_forget_who_approved_minutes_that_stay_as_they_are(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await announce_world(database)
    held = await over(world, signed_in, clock)
    before = await stepped(signed_in(world.secretary), held, "approve", "publish")
    member = signed_in(world.member)
    phone = await fresh(member)
    async with database.session() as session:
        await erase_member(session, world.secretary.member_id, though_a_member=True)
        await commit(session)
    await phone.catch_up(member)
    approver = {"member_id": str(world.secretary.member_id), "full_name": NAMELESS}
    assert phone.of("minutes")[held] == before | {"approved_by": approver}


async def _kept_answers_naming(database: RolledBackDatabase, name: str) -> int:
    async with database.session() as session:
        named = text("SELECT count(*) FROM idempotency_keys WHERE position(CAST(:name AS bytea) IN body) > 0")
        count: int = (await session.scalars(named, {"name": name.encode()})).one()
        return count


def _naming(phone: Phone, person: Person) -> set[str]:
    """The types of what a phone holds with somebody's name in it."""
    return {kind for (kind, _), held in phone.held.items() if person.full_name in str(held)}


async def test_who_has_left_is_erased_without_more_words_and_nobody_is_not_found(
    world: World, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        assert (await erase_member(session, world.former.member_id, though_a_member=False)).row_count > 0
        with pytest.raises(MemberNotFound):
            await erase_member(session, uuid4(), though_a_member=True)


async def people(database_url: str) -> World:
    database = PooledDatabase(database_url, clock=FakeClock(), pool_size=1, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
    await database.close()
    return world


def test_operators_erase_and_verify_on_the_command_line(live_database_url: str, tmp_path: Path) -> None:
    world = asyncio.run(people(live_database_url))
    env = {"SOTAY_DATABASE_URL": live_database_url, "SOTAY_DATA_DIR": str(tmp_path)}

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, arguments, env=env, prog_name="sotay")
        return done.exit_code, done.output

    def erase(member: UUID, *more: str) -> tuple[int, str]:
        return run("member", "erase", "--member", str(member), *more)

    code, output = erase(world.member.member_id)
    assert (code, "membership has not ended" in output) == (2, True)
    code, output = erase(world.former.member_id)
    assert (code, "rows are erased" in output) == (0, True)
    assert run("audit", "anchor", "--out", str(tmp_path / "anchor"))[0] == 0
    assert erase(world.member.member_id, "--though-a-member")[0] == 0
    code, output = run("audit", "verify", "--anchor", str(tmp_path / "anchor"))
    assert (code, "intact" in output) == (0, True)
