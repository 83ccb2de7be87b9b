from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.kernel.security import PostKind
from app.members.models import Post, StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox
from tests.factories.members import add_standing, transfer
from tests.factories.resolutions import (
    FIRST,
    commented,
    drafted,
    opened,
    post_comment,
    revised,
    step,
    took,
)
from tests.factories.world import FOUNDED, World
from tests.worker import JobRunner


async def test_comment_stays_readable_when_its_paragraph_changes_and_says_so(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    view = await opened(secretary, world.branch_a)
    first, second = view["paragraphs"]
    on_first = await commented(member, view["id"], paragraph_id=first["id"])
    assert on_first["author"] == {"member_id": str(world.member.member_id), "full_name": "Lê Văn Cường"}
    assert {name: on_first[name] for name in ("version", "paragraph_position", "paragraph_text", "support_count")} == {
        "version": 1,
        "paragraph_position": 1,
        "paragraph_text": FIRST,
        "support_count": 0,
    }
    assert (on_first["paragraph_changed"], on_first["answer"], on_first["edited_at"]) == (False, None, None)
    clock.advance(seconds=1)
    on_second = await commented(signed_in(world.probationary), view["id"], paragraph_id=second["id"])
    clock.advance(seconds=1)
    on_all = await commented(member, view["id"])
    await revised(secretary, view["id"], paragraphs=[{**first, "text": "Thu xong đảng phí."}])
    path = f"/v1/resolutions/{view['id']}/comments"
    page = (await member.get(path, params={"limit": 2})).json()
    rest = (await member.get(path, params={"cursor": page["next_cursor"]})).json()
    shown = {one["id"]: one for one in page["items"] + rest["items"]}
    assert list(shown) == [on_first["id"], on_second["id"], on_all["id"]]
    assert [(one["paragraph_text"], one["paragraph_text_now"], one["paragraph_changed"]) for one in shown.values()] == [
        (FIRST, "Thu xong đảng phí.", True),
        (second["text"], None, True),
        (None, None, False),
    ]
    clock.advance(seconds=1)
    late = await commented(member, view["id"], version=1, paragraph_id=second["id"])
    assert late["paragraph_changed"]
    wanted: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"paragraph_id": first["id"]}, [on_first["id"]]),
        ({"version": 2}, []),
        ({"answered": True}, []),
        ({"answered": False, "version": 1}, [*shown, late["id"]]),
    )
    for filters, found in wanted:
        answer = await member.get(path, params=filters)
        assert [one["id"] for one in answer.json()["items"]] == found
    assert (await member.get(f"/v1/resolutions/{view['id']}")).json()["comment_count"] == 4


async def test_comment_names_a_version_and_paragraph_that_are_there(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    view = await opened(signed_in(world.secretary), world.branch_a)
    added = (await revised(signed_in(world.secretary), view["id"], paragraphs=[{"text": "Mới."}]))["paragraphs"][0]
    for body, pointer in (
        ({"version": 3}, "/version"),
        ({"version": 2**31 - 1}, "/version"),
        ({"version": 1, "paragraph_id": added["id"]}, "/paragraph_id"),
        ({"version": 1, "paragraph_id": str(uuid4())}, "/paragraph_id"),
    ):
        answer = await post_comment(member, view["id"], **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "comment_place_unknown")
        assert answer.json()["errors"][0]["pointer"] == pointer
    for version in (0, 2**31, "1", True):
        answer = await post_comment(member, view["id"], version=version)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/version")
    given = (await commented(member, view["id"], id=str(uuid4())))["id"]
    taken = await post_comment(member, view["id"], id=given)
    assert (taken.status_code, taken.json()["code"]) == (409, "comment_already_exists")


async def test_after_the_end_nothing_is_said_any_more_even_before_the_sweep(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    draft = await drafted(secretary, world.branch_a)
    early = await post_comment(secretary, draft["id"])
    assert (early.status_code, early.json()["code"]) == (409, "comments_closed")
    await took(secretary, draft["id"], "open", {"comments_until": "2026-11-23T01:00:00Z"})
    mine = f"/v1/comments/{(await commented(member, draft['id']))['id']}"
    clock.advance(hours=24)
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    assert (await member.get(f"/v1/resolutions/{draft['id']}")).json()["status"] == "closed"
    for answer in (
        await post_comment(member, draft["id"]),
        await member.patch(mine, json={"body": "khác"}),
        await member.delete(mine),
        await secretary.put(f"{mine}/support"),
        await secretary.delete(f"{mine}/support"),
        await step(secretary, draft["id"], "close"),
    ):
        assert answer.status_code == 409
        assert answer.json()["code"] in {"comments_closed", "resolution_not_open"}
    answered = await secretary.put(f"{mine}/answer", json={"outcome": "taken"})
    assert answered.status_code == 200


async def test_own_comment_changes_until_it_has_an_answer(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    view = await opened(secretary, world.branch_a)
    kept, gone = [await commented(member, view["id"]) for _ in range(2)]
    mine = f"/v1/comments/{kept['id']}"
    changed = (await member.patch(mine, json={"body": "Nêu rõ thời hạn quý II."})).json()
    assert (changed["body"], changed["edited_at"]) == ("Nêu rõ thời hạn quý II.", "2026-11-22T01:00:00Z")
    assert (await signed_in(world.away).get(mine)).json()["body"] == "Nêu rõ thời hạn quý II."
    for answer in (await secretary.patch(mine, json={"body": "khác"}), await secretary.delete(mine)):
        assert (answer.status_code, answer.json()["code"]) == (403, "comment_not_yours")
    await secretary.put(f"/v1/comments/{gone['id']}/support")
    assert (await member.delete(f"/v1/comments/{gone['id']}")).status_code == 204
    assert (await member.get(f"/v1/comments/{gone['id']}")).json()["code"] == "comment_not_found"
    async with database.session() as session:
        found = await session.scalar(
            text("SELECT op FROM changes WHERE object_id = CAST(:id AS uuid)"), {"id": gone["id"]}
        )
    assert found == "delete"
    await secretary.put(f"{mine}/answer", json={"outcome": "taken"})
    for answer in (await member.patch(mine, json={"body": "khác"}), await member.delete(mine)):
        assert (answer.status_code, answer.json()["code"]) == (409, "comment_already_answered")


async def test_support_counts_once_and_never_for_oneself(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    member = signed_in(world.member)
    view = await opened(signed_in(world.secretary), world.branch_a)
    comment = f"/v1/comments/{(await commented(member, view['id']))['id']}"
    for _ in range(2):
        supported = await signed_in(world.away).put(f"{comment}/support")
        assert (supported.status_code, supported.json()["support_count"], supported.json()["my_support"]) == (
            200,
            1,
            True,
        )
    assert not (await member.get(comment)).json()["my_support"]
    own = await member.put(f"{comment}/support")
    assert (own.status_code, own.json()["code"]) == (409, "comment_is_your_own")
    for _ in range(2):
        assert (await signed_in(world.away).delete(f"{comment}/support")).status_code == 204
    assert (await member.get(comment)).json()["support_count"] == 0
    async with database.session() as session:
        facts = await session.scalars(text("SELECT code FROM events WHERE code LIKE 'resolutions.comment_support%'"))
        assert sorted(facts) == ["resolutions.comment_support_ended", "resolutions.comment_supported"]


async def test_author_is_told_of_an_answer_once_for_each_outcome(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    view = await opened(secretary, world.branch_a)
    comment = await commented(member, view["id"])
    answer = f"/v1/comments/{comment['id']}/answer"
    why = await secretary.put(answer, json={"outcome": "not_taken"})
    assert (why.status_code, why.json()["errors"][0]["pointer"]) == (422, "/body")
    first = (await secretary.put(answer, json={"outcome": "not_taken", "body": "Đã có ở đoạn 3."})).json()["answer"]
    assert first == {
        "outcome": "not_taken",
        "body": "Đã có ở đoạn 3.",
        "answered_by": str(world.secretary.member_id),
        "answered_at": "2026-11-22T01:00:00Z",
    }
    await jobs.run()
    assert jobs.sender.tokens("comment_answered") == [world.member.push_token]
    for body in ({"outcome": "not_taken", "body": "Đã có."}, {"outcome": "not_taken", "body": "Đã có."}):
        assert (await secretary.put(answer, json=body)).json()["answer"]["body"] == "Đã có."
    await jobs.run()
    assert len(jobs.sender.tokens("comment_answered")) == 1
    await secretary.put(answer, json={"outcome": "taken"})  # overtaken before anybody is told
    await secretary.put(answer, json={"outcome": "taken_in_part"})
    await jobs.run()
    assert len(jobs.sender.tokens("comment_answered")) == 2
    told = [entry for entry in await inbox(member) if entry["type"] == "comment_answered"]
    assert {entry["title"] for entry in told} == {"Góp ý của đồng chí đã được trả lời"}
    assert {entry["body"] for entry in told} == {
        "Được tiếp thu một phần: Nghị quyết lãnh đạo nhiệm vụ tháng 12",
        "Không được tiếp thu, xem lý do: Nghị quyết lãnh đạo nhiệm vụ tháng 12",
    }
    own = await commented(secretary, view["id"])
    await secretary.put(f"/v1/comments/{own['id']}/answer", json={"outcome": "taken"})
    await jobs.run()
    assert len(jobs.sender.tokens("comment_answered")) == 2
    for person in (world.minute_taker, world.member):
        refused = await signed_in(person).put(answer, json={"outcome": "taken"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")


async def test_author_who_has_left_is_not_told_of_an_answer(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    comment = await commented(member, (await opened(secretary, world.branch_a))["id"])
    async with database.session() as session:
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    await secretary.put(f"/v1/comments/{comment['id']}/answer", json={"outcome": "taken"})
    await jobs.run()
    assert jobs.sender.tokens("comment_answered") == []
    assert (await member.get(f"/v1/comments/{comment['id']}")).status_code == 404


async def test_guest_reads_and_comments_until_the_standing_ends(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    view = await opened(signed_in(world.secretary), world.branch_a)
    guest = signed_in(world.sister_member)
    assert (await guest.get(f"/v1/resolutions/{view['id']}")).status_code == 404
    async with database.session() as session:
        await add_standing(session, world.sister_member.member_id, world.branch_a, StandingKind.temporary_guest)
        await session.commit()
    await commented(guest, view["id"])
    listed = await guest.get(f"/v1/organisations/{world.branch_a}/resolutions")
    assert listed.status_code == 404  # the tree shows a guest their home only


async def test_seats_of_a_committee_comment_on_its_drafts(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    async with database.session() as session:
        for person, kind in (
            (world.officer, PostKind.secretary),
            (world.sister_member, PostKind.committee_member),
        ):
            session.add(
                Post(
                    id=uuid4(),
                    member_id=person.member_id,
                    organisation_id=world.commune,
                    kind=kind,
                    starts_on=FOUNDED,
                )
            )
        await session.commit()
    view = await opened(signed_in(world.officer), world.commune)
    await jobs.run()
    assert sorted(jobs.sender.tokens()) == sorted([world.officer.push_token, world.sister_member.push_token])
    await commented(signed_in(world.sister_member), view["id"])
    assert (await post_comment(signed_in(world.member), view["id"])).status_code == 404
    listed = await signed_in(world.sister_member).get(f"/v1/organisations/{world.commune}/resolutions")
    assert [one["id"] for one in listed.json()["items"]] == [view["id"]]


@pytest.mark.parametrize("role", ["officer", "administrator", "auditor", "sister_secretary", "stranger"])
async def test_comments_are_not_there_for_whoever_is_not_of_the_branch(
    world: World, signed_in: SignedIn, role: str
) -> None:
    view = await opened(signed_in(world.secretary), world.branch_a)
    comment = await commented(signed_in(world.member), view["id"])
    caller = signed_in(getattr(world, role))
    for path in (f"/v1/comments/{comment['id']}", f"/v1/resolutions/{view['id']}/comments", f"/v1/comments/{uuid4()}"):
        assert (await caller.get(path)).status_code == 404


async def test_new_version_while_open_is_told_once_and_otherwise_to_nobody(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    await revised(secretary, draft["id"])
    assert await jobs.run() == 0
    await took(secretary, draft["id"], "open", {"comments_until": "2026-11-23T01:00:00Z"})
    await jobs.run()
    assert sorted(jobs.sender.tokens("resolution_opened")) == sorted(awake_phones_of(world))
    (entry,) = await inbox(signed_in(world.member))
    assert (entry["title"], entry["body"]) == (
        "Lấy ý kiến dự thảo: Nghị quyết lãnh đạo nhiệm vụ tháng 12",
        "Góp ý đến 08:00 thứ Hai, 23/11/2026",
    )
    await revised(secretary, draft["id"])
    await revised(secretary, draft["id"], title="Nghị quyết tháng 12")
    await jobs.run()
    assert sorted(jobs.sender.tokens("resolution_revised")) == sorted(awake_phones_of(world))
    titles = {entry["title"] for entry in await inbox(signed_in(world.member))}
    assert titles == {entry["title"], "Dự thảo có bản 4: Nghị quyết tháng 12"}
    await took(secretary, draft["id"], "close")
    pushed = len(jobs.sender.tokens())
    clock.advance(hours=5)  # morning in Berlin, but comments are closed
    await revised(signed_in(world.secretary), draft["id"])
    await jobs.run()
    assert len(jobs.sender.tokens()) == pushed


async def test_draft_that_only_names_another_meeting_has_no_new_version_and_nobody_is_told(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    secretary = signed_in(world.secretary)
    meeting = await announced(secretary, world.branch_a)
    view = await opened(secretary, world.branch_a)
    first, second = view["paragraphs"]
    turned = [{**second, "position": 1}, {**first, "position": 2}]
    renewed = [{"text": first["text"]}, second]
    await jobs.run()
    told = len(jobs.sender.tokens())

    moved = await revised(secretary, view["id"], meeting_id=meeting, paragraphs=[second, first])

    assert (moved["meeting_id"], moved["version"], moved["paragraphs"]) == (meeting, 1, view["paragraphs"])
    await jobs.run()
    assert len(jobs.sender.tokens()) == told
    rewritten: tuple[dict[str, Any], ...] = ({"paragraphs": turned}, {"paragraphs": renewed}, {"title": "Tên mới"})
    for version, changes in enumerate(rewritten, start=2):
        meeting_id = None if version % 2 == 0 else meeting
        written = await revised(secretary, view["id"], meeting_id=meeting_id, **changes)
        assert (written["meeting_id"], written["version"]) == (meeting_id, version)
    versions = await secretary.get(f"/v1/resolutions/{view['id']}/versions")
    assert [one["version"] for one in versions.json()["items"]] == [1, 2, 3, 4]


async def test_facts_hold_no_words_of_comments(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    secretary = signed_in(world.secretary)
    view = await opened(secretary, world.branch_a)
    comment = await commented(signed_in(world.member), view["id"], body="bí mật một")
    await signed_in(world.member).patch(f"/v1/comments/{comment['id']}", json={"body": "bí mật hai"})
    await secretary.put(f"/v1/comments/{comment['id']}/answer", json={"outcome": "taken", "body": "bí mật ba"})
    async with database.session() as session:
        rows = (await session.execute(text("SELECT subject_id, data FROM events WHERE subject_type = 'comment'"))).all()
    assert {row.subject_id for row in rows} == {UUID(comment["id"])}
    assert "bí mật" not in str([row.data for row in rows])
