"""Entries of one's own: from the member's hand to the secretary's word, and every refusal on the way."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import text

from app.documents.models import Visibility
from tests.changes.phones import fresh
from tests.conftest import RolledBackDatabase
from tests.factories.activity import (
    ENTRY,
    confirm,
    delete_entry,
    entered,
    give_back,
    my_activity,
    post_entry,
    put_entry,
)
from tests.factories.clock import FakeClock
from tests.factories.documents import put_document
from tests.factories.meetings import SignedIn, inbox
from tests.factories.transfers import moved
from tests.factories.world import World
from tests.worker import JobRunner

NIGHT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
"""22:30 in Việt Nam, where the phones are quiet until six."""


async def test_entry_waits_for_the_secretary_and_stands_in_my_year(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    written = (await post_entry(member)).json()

    assert {name: written[name] for name in ENTRY} == ENTRY
    assert (written["status"], written["type"], written["version"]) == ("submitted", "entry", 1)
    assert written["subject"] == {"type": "activity_entry", "id": written["id"]}
    assert written["summary"] == ENTRY["title"]
    assert written["occurred_at"] == "2026-11-19T17:00:00Z"  # midnight in Việt Nam
    assert written["organisation_id"] == str(world.branch_a)
    assert written["member"] == {"member_id": str(world.member.member_id), "full_name": world.member.full_name}
    assert [written[name] for name in ("reason", "decided_by", "decided_at", "document")] == [None] * 4
    [shown] = await my_activity(member)
    assert {name: written[name] for name in shown} == shown


async def test_secretary_confirms_and_the_member_is_told_once(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    entry_id = await entered(member)
    confirmed = await confirm(secretary, entry_id)

    assert confirmed.status_code == 200
    assert (confirmed.json()["status"], confirmed.json()["version"]) == ("confirmed", 2)
    assert confirmed.json()["decided_by"] == str(world.secretary.member_id)
    await jobs.run()
    assert jobs.sender.tokens("entry_confirmed") == [world.member.push_token]
    [notice] = await inbox(member)
    assert (notice["type"], notice["title"], notice["body"]) == (
        "entry_confirmed",
        "Đã xác nhận hoạt động",
        ENTRY["title"],
    )
    again = await confirm(secretary, entry_id)
    assert (again.status_code, again.json()["code"]) == (409, "activity_entry_not_submitted")
    returned = await give_back(secretary, entry_id)
    assert (returned.status_code, returned.json()["code"]) == (409, "activity_entry_not_submitted")
    await jobs.run()
    assert len(await inbox(member)) == 1


async def test_returned_entry_says_why_and_waits_again_when_it_is_written_anew(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    entry_id = await entered(member)
    returned = await give_back(secretary, entry_id)
    assert (returned.json()["status"], returned.json()["reason"]) == ("returned", "Đề nghị ghi rõ diện tích")
    await jobs.run()
    [notice] = await inbox(member, **{"Accept-Language": "en"})
    assert (notice["title"], notice["body"]) == (
        f"Activity returned: {ENTRY['title']}",
        "Reason: Đề nghị ghi rõ diện tích",
    )
    anew = await put_entry(member, entry_id, body="Hiến 40 m² đất, có biên bản kèm theo.")
    assert (anew.json()["status"], anew.json()["reason"], anew.json()["version"]) == ("submitted", None, 3)
    assert (await confirm(secretary, entry_id)).json()["status"] == "confirmed"


async def test_notice_of_a_return_is_not_given_out_once_the_member_has_written_anew(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    entry_id = await entered(member)
    await give_back(secretary, entry_id)
    await put_entry(member, entry_id)
    await jobs.run()
    assert await inbox(member) == []
    await give_back(secretary, entry_id)
    await delete_entry(member, entry_id)
    await jobs.run()
    assert await inbox(member) == []


async def test_phone_does_not_say_in_the_morning_what_was_mended_at_night(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    mended, withdrawn, waiting = [await entered(signed_in(world.member)) for _ in range(3)]
    clock.set(NIGHT)
    for entry_id in (mended, withdrawn, waiting):
        await give_back(signed_in(world.secretary), entry_id)
    await jobs.run()
    assert jobs.sender.tokens("entry_returned") == []
    await put_entry(signed_in(world.member), mended)
    await delete_entry(signed_in(world.member), withdrawn)
    clock.advance(hours=7, minutes=30)
    await jobs.run()
    assert [str(message.subject_id) for message, _ in jobs.sender.pushes] == [waiting]


async def test_confirmed_entry_is_neither_changed_nor_withdrawn(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    entry_id = await entered(member)
    await confirm(signed_in(world.secretary), entry_id)
    for answer in (await put_entry(member, entry_id), await delete_entry(member, entry_id)):
        assert (answer.status_code, answer.json()["code"]) == (409, "activity_entry_confirmed")


async def test_submitted_entry_is_changed_and_withdrawn(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    entry_id = await entered(member)
    changed = await put_entry(member, entry_id, title="Hiến đất mở đường")
    assert (changed.json()["title"], changed.json()["status"]) == ("Hiến đất mở đường", "submitted")
    assert (await delete_entry(member, entry_id)).status_code == 204
    gone = await member.get(f"/v1/activity-entries/{entry_id}")
    assert (gone.status_code, gone.json()["code"]) == (404, "activity_entry_not_found")
    assert await my_activity(member) == []


async def test_entry_reaches_the_phones_of_its_author_and_of_the_branch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    member = signed_in(world.member)
    scopes = {world.member.member_id, world.branch_a}
    entry_id = await entered(member)
    found = text("SELECT scope_id, op FROM changes WHERE object_type = 'activity_entry'")
    async with database.session() as session:
        assert {tuple(row) for row in await session.execute(found)} == {(scope, "upsert") for scope in scopes}
    await delete_entry(member, entry_id)
    async with database.session() as session:
        assert {tuple(row) for row in await session.execute(found)} == {(scope, "delete") for scope in scopes}


async def test_change_needs_the_version_that_was_seen(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    address = f"/v1/activity-entries/{await entered(member)}"
    assert (await member.put(address, json=ENTRY)).json()["code"] == "if_match_missing"
    for answer in (
        await member.put(address, json=ENTRY, headers={"If-Match": '"2-0"'}),
        await member.delete(address, headers={"If-Match": '"2-0"'}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "version_changed")


async def test_nobody_judges_their_own_entry(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    entry_id = await entered(secretary)
    for answer in (await confirm(secretary, entry_id), await give_back(secretary, entry_id)):
        assert (answer.status_code, answer.json()["code"]) == (403, "own_activity_entry")


async def test_leader_judges_an_entry_and_changes_no_word_of_it(world: World, signed_in: SignedIn) -> None:
    entry_id = await entered(signed_in(world.member))
    secretary = signed_in(world.secretary)
    for answer in (await put_entry(secretary, entry_id), await delete_entry(secretary, entry_id)):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_for_your_post")


async def test_entry_is_seen_by_its_author_and_the_leaders_of_the_branch_only(
    world: World, signed_in: SignedIn
) -> None:
    entry_id = await entered(signed_in(world.member))
    for who in (world.away, world.minute_taker, world.sister_secretary, world.officer, world.administrator):
        caller = signed_in(who)
        for answer in (
            await caller.get(f"/v1/activity-entries/{entry_id}"),
            await confirm(caller, entry_id),
            await give_back(caller, entry_id),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "activity_entry_not_found"), who.full_name
    assert (await signed_in(world.secretary).get(f"/v1/activity-entries/{entry_id}")).status_code == 200


async def test_day_that_has_not_come_is_refused(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    entry_id = await entered(member, occurred_on="2026-11-22")  # today
    for answer in (
        await post_entry(member, occurred_on="2026-11-23"),
        await put_entry(member, entry_id, occurred_on="2026-11-23"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "activity_entry_in_future")
        assert [field["pointer"] for field in answer.json()["errors"]] == ["/occurred_on"]


async def test_id_of_the_client_is_kept_and_taken_once(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    wanted = str(uuid4())
    assert await entered(member, id=wanted) == wanted
    member.headers["Idempotency-Key"] = str(uuid4())
    again = await post_entry(member, id=wanted)
    assert (again.status_code, again.json()["code"]) == (409, "activity_entry_already_exists")


async def test_file_of_my_own_goes_with_the_entry_and_nobody_elses_does(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        own = await put_document(session, world.branch_a, world.member, title="Biên bản", visibility=Visibility.owner)
        shared = await put_document(session, world.branch_a, world.member, visibility=Visibility.organisation)
        others = await put_document(session, world.branch_a, world.away, visibility=Visibility.owner)
        await session.commit()
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    entry_id = await entered(member, document_id=str(own))
    for caller in (member, secretary):
        shown = (await caller.get(f"/v1/activity-entries/{entry_id}")).json()["document"]
        assert (shown["id"], shown["title"]) == (str(own), "Biên bản")
    assert [item["document"]["id"] for item in await my_activity(member)] == [str(own)]
    for wrong in (shared, others, uuid4()):
        for answer in (
            await post_entry(member, document_id=str(wrong)),
            await put_entry(member, entry_id, document_id=str(wrong)),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "documents_not_found")
            assert [field["pointer"] for field in answer.json()["errors"]] == ["/document_id"]
    assert (await put_entry(member, entry_id)).json()["document"] is None


async def test_leaders_have_a_list_of_what_waits_for_them(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    member, away, secretary = (signed_in(who) for who in (world.member, world.away, world.secretary))
    first = await entered(member)
    clock.advance(minutes=1)
    second = await entered(away, title="Trồng cây")
    clock.advance(minutes=1)
    third = await entered(member, title="Hiến máu")
    await confirm(secretary, second)
    address = f"/v1/organisations/{world.branch_a}/activity-entries"

    async def listed(query: str) -> list[str]:
        answer = await secretary.get(f"{address}?{query}")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await listed("status=submitted") == [first, third]
    assert await listed("status=confirmed") == [second]
    page = (await secretary.get(f"{address}?limit=2")).json()
    assert [item["id"] for item in page["items"]] == [first, second]
    assert await listed(f"limit=2&cursor={page['next_cursor']}") == [third]
    refusals = {
        who.full_name: (await signed_in(who).get(address)).status_code
        for who in (world.member, world.minute_taker, world.officer, world.sister_secretary)
    }
    assert list(refusals.values()) == [403, 403, 403, 404]


async def test_what_a_member_kept_in_the_branch_before_keeps_nobody_from_judging(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        document = await put_document(session, world.far_branch, world.member, visibility=Visibility.owner)
        await session.commit()
    written = await post_entry(signed_in(world.member), document_id=str(document))
    assert written.json()["document"]["id"] == str(document)

    secretary = signed_in(world.secretary)
    listed = await secretary.get(f"/v1/organisations/{world.branch_a}/activity-entries")
    assert listed.status_code == 200, listed.text
    assert [(one["id"], one["document"]) for one in listed.json()["items"]] == [(written.json()["id"], None)]
    assert (await secretary.get("/v1/changes")).status_code == 200
    assert (await confirm(secretary, written.json()["id"])).status_code == 200


async def test_an_entry_written_anew_after_a_transfer_leaves_the_old_secretarys_phone(
    world: World, signed_in: SignedIn
) -> None:
    member, old, new = (signed_in(one) for one in (world.member, world.secretary, world.sister_secretary))
    entry_id = await entered(member)
    assert (await give_back(old, entry_id)).status_code == 200
    await moved(old, new, world.member, world.branch_b)
    phones = {client: await fresh(client) for client in (member, old, new)}
    assert entry_id in phones[old].of("activity_entry")

    assert (await put_entry(member, entry_id)).status_code == 200

    for client, phone in phones.items():
        await phone.catch_up(client)
    assert [entry_id in phone.of("activity_entry") for phone in phones.values()] == [True, False, True]
