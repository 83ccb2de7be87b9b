"""Tasks: given out at a meeting, told to whoever has them, carried until somebody closes them."""

from httpx import AsyncClient, Response
from sqlalchemy import text

from app.kernel.security import PostKind
from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, announced, drafted, inbox, post_draft, set_status, took
from tests.factories.members import give_post
from tests.factories.minutes import minutes_of, over
from tests.factories.reorganisations import done
from tests.factories.rolls import begun, give_standing
from tests.factories.world import Person, World
from tests.worker import JobRunner

TASK: Json = {"title": "Rà soát hộ nghèo thôn Đông", "due_on": "2026-12-25"}


async def post_task(client: AsyncClient, meeting_id: str, assignee: Person, **changes: str) -> Response:
    body = {**TASK, "assignee_id": str(assignee.member_id), **changes}
    return await client.post(f"/v1/meetings/{meeting_id}/tasks", json=body)


async def given(client: AsyncClient, meeting_id: str, assignee: Person, **changes: str) -> Json:
    answer = await post_task(client, meeting_id, assignee, **changes)
    assert answer.status_code == 201, answer.text
    task: Json = answer.json()
    return task


async def patch_task(client: AsyncClient, task: Json, **changes: str) -> Response:
    """Change a task as somebody who has just read it."""
    address = f"/v1/tasks/{task['id']}"
    etag = (await client.get(address)).headers["ETag"]
    return await client.patch(address, json=changes, headers={"If-Match": etag})


async def listed(client: AsyncClient, address: str) -> list[str]:
    answer = await client.get(f"/v1/{address}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def test_assignee_is_told_once_and_reports_it_done_to_the_organisers(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await begun(secretary, world.branch_a)
    task = await given(secretary, meeting_id, world.member)
    assert (task["status"], task["assignee_name"], task["version"]) == ("open", "Lê Văn Cường", 1)
    assert (await patch_task(secretary, task, detail="Báo cáo bằng văn bản")).status_code == 200
    await jobs.run()
    assert jobs.sender.tokens("task_given") == [world.member.push_token]
    told = (await inbox(member))[0]
    assert (told["title"], told["body"]) == ("Việc được giao: Rà soát hộ nghèo thôn Đông", "Hạn: 25/12/2026")
    assert await listed(member, "me/tasks?status=open") == [TASK["title"]]

    address = f"/v1/tasks/{task['id']}/done"
    assert (await signed_in(world.away).put(address, json={})).json()["code"] == "not_your_task"
    done = (await member.put(address, json={"note": "Đã rà soát 12 hộ"})).json()
    assert (done["status"], done["done_at"], done["version"]) == ("done", "2026-11-22T01:00:00Z", 3)
    assert (await member.put(address, json={"note": "Lần nữa"})).json() == done
    assert (await secretary.get(f"/v1/tasks/{task['id']}")).json()["closing_note"] == "Đã rà soát 12 hộ"
    assert await listed(member, "me/tasks?status=open") == []
    async with database.session() as session:
        facts = (await session.execute(text("SELECT code, data FROM events WHERE subject_type = 'task'"))).all()
        scopes = set(await session.scalars(text("SELECT scope_id FROM changes WHERE object_type = 'task'")))
    assert sorted(row.code for row in facts) == [
        "meetings.task_changed",
        "meetings.task_changed",
        "meetings.task_given",
    ]
    assert "hộ" not in str(facts)
    assert scopes == {world.branch_a, world.member.member_id}


async def test_task_handed_over_is_told_to_the_next_and_withdrawn_from_the_last(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    task = await given(secretary, meeting_id, world.member)
    handed = await patch_task(secretary, task, assignee_id=str(world.probationary.member_id))
    assert handed.json()["assignee_name"] == "Hoàng Thị Én"
    await jobs.run()
    assert jobs.sender.tokens("task_given") == [world.probationary.push_token]
    dropped = await patch_task(secretary, task, status="dropped", closing_note="Không còn cần")
    assert (dropped.json()["status"], dropped.json()["done_at"]) == ("dropped", None)
    report = await signed_in(world.probationary).put(f"/v1/tasks/{task['id']}/done", json={})
    assert (report.status_code, report.json()["code"]) == (409, "task_dropped")
    assert (await patch_task(secretary, task, status="done")).json()["done_at"] is not None
    reopened = (await patch_task(secretary, task, status="open")).json()
    assert (reopened["status"], reopened["done_at"]) == ("open", None)


async def test_next_agenda_carries_what_is_open_and_only_that(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    committees = await begun(secretary, world.branch_a, kind="committee")
    await given(secretary, meeting_id, world.member, due_on="2026-12-30")
    await given(secretary, meeting_id, world.away, title="Thu đảng phí quý IV")
    done = await given(secretary, meeting_id, world.away, title="Việc đã xong")
    await patch_task(secretary, done, status="done")
    await given(secretary, committees, world.secretary, title="Việc của chi ủy")

    drafted_next = (await post_draft(secretary, world.branch_a)).json()
    assert [(item["position"], item["title"], item["body"]) for item in drafted_next["agenda"]] == [
        (1, "Đánh giá tháng 11", None),
        (
            2,
            "Việc chưa hoàn thành từ các kỳ trước",
            (
                "- Thu đảng phí quý IV – Phạm Thị Dung, hạn 25/12/2026\n"
                "- Rà soát hộ nghèo thôn Đông – Lê Văn Cường, hạn 30/12/2026"
            ),
        ),
    ]
    without = (await post_draft(secretary, world.branch_a, carry_open_tasks=False)).json()
    assert [item["title"] for item in without["agenda"]] == ["Đánh giá tháng 11"]
    full = (await post_draft(secretary, world.branch_a, agenda=[{"title": "Mục"}] * 50)).json()
    assert len(full["agenda"]) == 50
    committee = (await post_draft(secretary, world.branch_a, kind="committee", agenda=[])).json()
    assert [item["body"] for item in committee["agenda"]] == ["- Việc của chi ủy – Nguyễn Văn An, hạn 25/12/2026"]


async def test_tasks_are_listed_by_deadline_to_those_the_meeting_calls(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    committees = await begun(secretary, world.branch_a, kind="committee")
    await given(secretary, meeting_id, world.member, title="sau", due_on="2026-12-30")
    await given(secretary, meeting_id, world.member, title="trước", due_on="2026-12-01")
    secret = await given(secretary, committees, world.away, title="của chi ủy", due_on="2026-12-15")
    branch, meeting = f"organisations/{world.branch_a}/tasks", f"meetings/{meeting_id}/tasks"
    assert await listed(secretary, branch) == ["trước", "của chi ủy", "sau"]
    assert await listed(signed_in(world.member), branch) == ["trước", "sau"]
    assert await listed(signed_in(world.away), branch) == ["trước", "của chi ủy", "sau"]
    assert await listed(signed_in(world.member), meeting) == ["trước", "sau"]
    assert await listed(signed_in(world.officer), branch) == await listed(signed_in(world.officer), meeting) == []
    assert (await signed_in(world.member).get(f"/v1/tasks/{secret['id']}")).status_code == 404
    first = (await secretary.get(f"/v1/{branch}?limit=2&status=open")).json()
    assert await listed(secretary, f"{branch}?cursor={first['next_cursor']}") == ["sau"]
    people = (await secretary.get(f"/v1/organisations/{world.branch_a}/members?limit=1")).json()["next_cursor"]
    assert (await secretary.get(f"/v1/{branch}?cursor={people}")).json()["code"] == "cursor_invalid"


async def test_task_is_refused_by_name(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    await give_standing(database, world.sister_member, StandingKind.temporary_guest, world.branch_a)
    secretary = signed_in(world.secretary)
    early = await post_task(secretary, await announced(secretary, world.branch_a), world.member)
    assert (early.status_code, early.json()["code"]) == (409, "meeting_not_begun")
    meeting_id = await begun(secretary, world.branch_a)
    assert (await post_task(signed_in(world.member), meeting_id, world.member)).status_code == 403
    for stranger in (world.stranger, world.sister_member, world.former):
        refused = await post_task(secretary, meeting_id, stranger)
        assert (refused.status_code, refused.json()["code"]) == (422, "assignee_not_in_branch")
        assert refused.json()["errors"][0]["pointer"] == "/assignee_id"
    task = await given(secretary, meeting_id, world.member)
    assert (await patch_task(secretary, task, assignee_id=str(world.stranger.member_id))).status_code == 422
    assert (await patch_task(signed_in(world.member), task, status="done")).status_code == 403
    stale = await secretary.patch(f"/v1/tasks/{task['id']}", json={"status": "done"}, headers={"If-Match": '"9-0"'})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 1)
    await took(secretary, meeting_id, "end")
    await given(secretary, meeting_id, world.away)
    await set_status(database, meeting_id, "minutes_approved")
    late = await post_task(secretary, meeting_id, world.member)
    assert (late.status_code, late.json()["code"]) == (409, "meeting_minuted")


async def test_without_open_tasks_the_agenda_is_what_was_written(world: World, signed_in: SignedIn) -> None:
    meeting_id = await drafted(signed_in(world.secretary), world.branch_a, agenda=[])
    assert (await signed_in(world.secretary).get(f"/v1/meetings/{meeting_id}")).json()["agenda"] == []


async def test_committee_above_branches_gives_tasks_to_its_seats_wherever_they_are_at_home(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await give_post(database, world.officer, PostKind.secretary, world.commune)
    for person in (world.member, world.sister_member):
        await give_post(database, person, PostKind.committee_member, world.commune)
    head, seat = signed_in(world.officer), signed_in(world.member)
    meeting_id = await begun(head, world.commune, kind="committee")

    task = await given(head, meeting_id, world.member)

    assert task["organisation_id"] == str(world.commune)
    await jobs.run()
    assert jobs.sender.tokens("task_given") == [world.member.push_token]
    assert await listed(seat, "me/tasks") == await listed(
        signed_in(world.sister_member), f"meetings/{meeting_id}/tasks"
    )
    assert await listed(seat, "me/tasks") == [TASK["title"]]
    drafted_next = (await post_draft(head, world.commune, kind="committee", agenda=[])).json()
    assert [item["body"] for item in drafted_next["agenda"]] == [f"- {TASK['title']} – Lê Văn Cường, hạn 25/12/2026"]
    refused = await post_task(head, meeting_id, world.away)
    assert (refused.status_code, refused.json()["code"]) == (422, "assignee_not_in_branch")
    handed = await patch_task(head, task, assignee_id=str(world.sister_member.member_id))
    assert handed.json()["assignee_name"] == "Đinh Thị Kim"
    report = await signed_in(world.sister_member).put(f"/v1/tasks/{task['id']}/done", json={})
    assert report.json()["status"] == "done"


async def test_successor_gives_tasks_in_an_ended_meeting_and_carries_them_on(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    meeting_id = await over(world, signed_in, clock)
    closed = await given(signed_in(world.secretary), meeting_id, world.member, title="Thu đảng phí quý IV")
    await patch_task(signed_in(world.secretary), closed, status="done")
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    new = signed_in(world.sister_secretary)

    task = await given(new, meeting_id, world.member)

    assert (task["organisation_id"], task["meeting_id"]) == (str(world.branch_b), meeting_id)
    assert TASK["title"] in [one["title"] for one in (await minutes_of(new, meeting_id))["tasks"]]
    async with database.session() as session:
        scopes = set(
            await session.scalars(
                text("SELECT scope_id FROM changes WHERE object_id = CAST(:id AS uuid)"), {"id": task["id"]}
            )
        )
    assert scopes == {world.branch_a, world.branch_b, world.member.member_id}
    handed = await patch_task(new, task, assignee_id=str(world.sister_member.member_id))
    assert handed.json()["assignee_name"] == "Đinh Thị Kim"
    assert await listed(signed_in(world.sister_member), "me/tasks") == [TASK["title"]]
    assert (await signed_in(world.sister_member).get(f"/v1/tasks/{task['id']}")).status_code == 200
    reopened = await patch_task(new, closed, status="open", assignee_id=str(world.sister_member.member_id))
    assert reopened.json()["organisation_id"] == str(world.branch_b)
    (item,) = (await post_draft(new, world.branch_b, agenda=[])).json()["agenda"]
    assert set(item["body"].splitlines()) == {
        "- Rà soát hộ nghèo thôn Đông – Đinh Thị Kim, hạn 25/12/2026",
        "- Thu đảng phí quý IV – Đinh Thị Kim, hạn 25/12/2026",
    }
