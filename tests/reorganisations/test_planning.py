"""What is planned for a day to come: previewed, refused, withdrawn, carried out as the day begins, or impossible."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, func, select, text, update

from app.kernel.security import PostKind
from app.members.models import Member, Post, Standing
from app.organisations.models import Organisation, OrganisationKind
from app.worker import carry_out_reorganisations
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, took
from tests.factories.members import give_post
from tests.factories.polls import opened_poll
from tests.factories.reorganisations import ask, codes, done
from tests.factories.world import Maker, World
from tests.worker import JobRunner

DAY = "2026-12-01"


@pytest.fixture
def administrator(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.administrator)


async def branches_of(database: RolledBackDatabase, commune: UUID) -> set[UUID]:
    async with database.session() as session:
        query = select(Organisation.id).where(Organisation.parent_id == commune, Organisation.valid_until.is_(None))
        return set(await session.scalars(query))


async def test_a_plan_is_previewed_waits_and_is_carried_out_as_its_day_begins_in_viet_nam(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    administrator = signed_in(world.administrator)
    body = {"into_id": world.other_commune, "effective_on": DAY, "reason": "Nghị quyết 12"}
    previewed = await done(administrator, world.commune, "merge", dry_run=True, **body)
    assert (previewed["id"], previewed["status"], previewed["is_possible"]) == (None, "previewed", True)
    assert previewed["members_below"] == 11, "not who was transferred away"
    fates = {one["id"]: one["fate"] for one in previewed["organisations"]}
    assert fates == {
        str(world.commune): "ends",
        str(world.other_commune): "receives",
        **dict.fromkeys(map(str, (world.branch_a, world.branch_b, world.office)), "moves"),
    }
    assert [post["kind"] for post in previewed["posts"]] == ["committee_officer"]

    planned = await done(administrator, world.commune, "merge", **body)
    assert planned["status"] == "planned"
    listed = (await administrator.get(f"/v1/organisations/{world.other_commune}/reorganisations")).json()["items"]
    assert [item["id"] for item in listed] == [planned["id"]]

    clock.set(datetime(2026, 11, 30, 16, 59, tzinfo=UTC))
    await carry_out_reorganisations(jobs.office, 0)
    assert world.branch_a in await branches_of(database, world.commune)
    clock.set(datetime(2026, 11, 30, 17, 0, tzinfo=UTC))
    await carry_out_reorganisations(jobs.office, 0)

    assert {world.branch_a, world.branch_b, world.office} < await branches_of(database, world.other_commune)
    administrator = signed_in(world.administrator)
    after = (await administrator.get(f"/v1/reorganisations/{planned['id']}")).json()
    assert (after["status"], after["settled_at"]) == ("carried_out", "2026-11-30T17:00:00Z")
    assert after["organisations"] == planned["organisations"]
    assert (await administrator.get(f"/v1/organisations/{world.commune}")).json()["valid_until"] == "2026-11-30"
    late = await administrator.delete(f"/v1/reorganisations/{planned['id']}")
    assert (late.status_code, late.json()["code"]) == (409, "reorganisation_settled")
    async with database.session() as session:
        facts = await session.scalars(text("SELECT code FROM events WHERE code LIKE 'reorganisations.%' ORDER BY id"))
        assert list(facts) == [
            "reorganisations.planned",
            "reorganisations.organisation_reorganised",
            "reorganisations.carried_out",
        ]


async def test_a_plan_is_withdrawn_until_its_day(
    world: World, administrator: AsyncClient, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    planned = await done(administrator, world.branch_a, "rename", name="Chi bộ thôn Đông Thượng", effective_on=DAY)
    other = await done(administrator, world.branch_b, "rename", name="Chi bộ khác", effective_on=DAY)
    path = f"/v1/reorganisations/{planned['id']}"
    stranger = signed_in(world.secretary)
    assert (await stranger.get(path)).status_code == (await stranger.delete(path)).status_code == 404

    assert (await administrator.delete(path)).status_code == 204

    assert (await administrator.get(path)).json()["status"] == "withdrawn"
    assert (await administrator.delete(path)).json()["code"] == "reorganisation_settled"
    clock.set(datetime(2026, 12, 1, 1, 0, tzinfo=UTC))
    administrator = signed_in(world.administrator)
    assert (await administrator.delete(f"/v1/reorganisations/{other['id']}")).status_code == 409
    await carry_out_reorganisations(jobs.office, 0)
    names = [
        (await administrator.get(f"/v1/organisations/{one}")).json()["name"] for one in (world.branch_a, world.branch_b)
    ]
    assert names == ["Chi bộ thôn Đông", "Chi bộ khác"]
    history = (await administrator.get(f"/v1/organisations/{world.branch_b}/history")).json()
    assert [one["name"] for one in history["periods"]] == ["Chi bộ khác", "Chi bộ thôn Đoài"]


async def test_what_is_not_possible_any_more_fails_as_a_whole_and_says_why(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    administrator = signed_in(world.administrator)
    merge = await done(administrator, world.commune, "merge", into_id=world.other_commune, effective_on=DAY)
    # What only the table's own constraint sees: the id of the new one is taken meanwhile.
    new = await done(administrator, world.branch_a, "merge", name="Chi bộ mới", effective_on=DAY)
    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    await done(administrator, world.other_commune, "merge", into_id=world.commune)
    founded = UUID(next(one["id"] for one in new["organisations"] if one["fate"] == "founded"))
    async with database.session() as session:
        make = Maker(session)
        taken = await make.organisation("Chi bộ cùng mã", OrganisationKind.branch)
        await session.execute(text("UPDATE organisation_periods SET valid_until = '2026-01-01'"))
        await session.execute(
            update(Organisation).where(Organisation.id == taken.id).values(valid_from=date(2026, 1, 1))
        )
        await session.execute(text("DELETE FROM organisation_periods WHERE organisation_id = :id"), {"id": taken.id})
        await session.execute(
            text("UPDATE organisations SET id = :new, path = ARRAY[CAST(:new AS uuid)] WHERE id = :id"),
            {"new": founded, "id": taken.id},
        )
        await session.commit()
    await jobs.run()
    jobs.sender.pushes.clear()

    clock.set(datetime(2026, 12, 1, 1, 0, tzinfo=UTC))
    await carry_out_reorganisations(jobs.office, 0)
    await jobs.run()

    administrator = signed_in(world.administrator)
    failed = (await administrator.get(f"/v1/reorganisations/{merge['id']}")).json()
    assert (failed["status"], failed["is_possible"]) == ("failed", False)
    assert "organisation_ended" in codes(failed)
    clash = (await administrator.get(f"/v1/reorganisations/{new['id']}")).json()
    assert (clash["status"], codes(clash)) == ("failed", ["organisation_id_taken"])
    assert world.branch_a in await branches_of(database, world.commune)
    assert jobs.sender.tokens("reorganisation_failed") == [world.administrator.push_token] * 2
    inbox = (await administrator.get("/v1/me/notifications")).json()["items"]
    assert "Không thực hiện được việc sắp xếp: Chi bộ thôn Đông" in {item["title"] for item in inbox}


async def test_of_a_plan_that_fails_those_are_told_who_administer_there_that_day_whoever_made_it(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    last_day = date(2026, 11, 25)
    await give_post(database, world.officer, PostKind.administrator, world.province, ends_on=last_day)
    await give_post(database, world.sister_member, PostKind.administrator, world.commune)
    await give_post(database, world.stranger, PostKind.administrator, world.other_commune)
    body = {"into_id": world.other_commune, "effective_on": DAY}
    plan = await done(signed_in(world.officer), world.commune, "merge", **body)
    clock.advance(days=1)
    await done(signed_in(world.administrator), world.other_commune, "merge", into_id=world.commune)
    await jobs.run()
    jobs.sender.pushes.clear()

    clock.set(datetime(2026, 12, 1, 1, 0, tzinfo=UTC))
    await carry_out_reorganisations(jobs.office, 0)
    await jobs.run()

    administrators = (world.administrator, world.sister_member)
    told = jobs.sender.tokens("reorganisation_failed")
    assert sorted(told) == sorted(person.push_token for person in administrators)
    for person in (*administrators, world.officer, world.stranger):
        seen = (await signed_in(person).get(f"/v1/reorganisations/{plan['id']}")).status_code
        assert seen == (200 if person in administrators else 404)


async def test_a_preview_says_what_is_not_possible_and_doing_it_is_refused(
    world: World, administrator: AsyncClient, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(
            update(Organisation).where(Organisation.id == world.commune).values(code="37004000000000")
        )
        await session.commit()
    cases: list[tuple[str, str, dict[str, Any], list[str]]] = [
        (
            "merge",
            "province",
            {"into_id": world.commune},
            ["into_own_descendant", "kinds_differ", "root_fixed"],
        ),
        ("merge", "commune", {"into_id": world.branch_a}, ["into_own_descendant", "kinds_differ"]),
        ("merge", "branch_a", {"into_id": world.branch_a}, ["organisation_repeated"]),
        ("merge", "branch_a", {"into_id": world.commune}, ["kinds_differ"]),
        (
            "merge",
            "branch_a",
            {"name": "Mới", "code": "37003012000005"},
            ["organisation_code_outside_parent"],
        ),
        ("move", "commune", {"parent_id": world.branch_a}, ["into_own_descendant", "kinds_differ"]),
        ("move", "branch_a", {"parent_id": world.commune}, ["nothing_changes"]),
        ("move", "branch_a", {"parent_id": world.branch_b}, ["kinds_differ"]),
        ("dissolve", "commune", {}, ["has_children"]),
        ("dissolve", "branch_a", {}, ["has_members"]),
        ("rename", "branch_a", {"name": "Chi bộ thôn Đông"}, ["nothing_changes"]),
        (
            "split",
            "commune",
            {"parts": [{"name": "X", "child_ids": [world.far_branch]}]},
            ["child_elsewhere"],
        ),
        ("split", "commune", {"parts": [{"name": "X"}]}, ["part_empty"]),
        (
            "split",
            "commune",
            {"parts": [{"name": name, "child_ids": [world.branch_a]} for name in "XY"]},
            ["organisation_repeated"],
        ),
        (
            "split",
            "branch_a",
            {"parts": [{"name": name, "member_ids": [world.member.member_id]} for name in "XY"]},
            ["member_in_two_branches"],
        ),
        (
            "split",
            "branch_a",
            {"parts": [{"name": "X", "member_ids": [world.sister_member.member_id]}]},
            ["member_elsewhere"],
        ),
        (
            "split",
            "branch_a",
            {"parts": [{"name": "X", "child_ids": [world.branch_b]}]},
            ["child_elsewhere", "part_empty", "parts_of_other_kind"],
        ),
    ]
    for what, where, body, expected in cases:
        previewed = await done(administrator, getattr(world, where), what, dry_run=True, **body)
        assert (sorted(codes(previewed)), previewed["is_possible"]) == (expected, False), (what, where)
    for what, where, body, expected in cases[:2]:
        refused = await ask(administrator, getattr(world, where), what, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "reorganisation_not_possible")
        assert sorted(codes(refused.json()["report"])) == expected


async def test_a_running_poll_or_meeting_stands_against_the_end_of_its_branch(
    world: World, administrator: AsyncClient, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    meeting = await announced(secretary, world.branch_a)
    await took(secretary, meeting, "start")
    await opened_poll(secretary, world.branch_a)

    previewed = await done(administrator, world.branch_a, "merge", into_id=world.branch_b, dry_run=True)

    assert sorted(codes(previewed)) == ["meeting_in_session", "poll_open"]


async def test_a_body_that_says_too_little_or_too_much_is_refused_where_it_does(
    world: World, administrator: AsyncClient
) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("merge", {"name": "X", "effective_on": "2026-11-21"}, "/effective_on"),
        ("merge", {}, "/into_id"),
        ("merge", {"name": "X", "into_id": str(uuid4())}, "/into_id"),
        ("merge", {"into_id": str(uuid4()), "code": "37003012000005"}, "/code"),
        ("split", {"parts": []}, "/parts"),
        ("move", {}, "/parent_id"),
    ]
    for what, body, pointer in cases:
        answer = await ask(administrator, world.branch_a, what, **body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_only_an_administrator_over_all_of_them_reorganises(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give_post(database, world.officer, PostKind.administrator, world.commune)
    of_commune = signed_in(world.officer)
    within = await ask(of_commune, world.branch_a, "merge", into_id=world.branch_b, dry_run=True)
    across = await ask(of_commune, world.branch_a, "merge", into_id=world.far_branch)
    beyond = await ask(of_commune, world.commune, "split", parts=[{"name": "X", "child_ids": [world.branch_a]}])
    nowhere = await ask(of_commune, world.commune, "dissolve")
    unknown = await ask(of_commune, uuid4(), "merge", name="X")
    statuses = [answer.status_code for answer in (within, across, beyond, nowhere, unknown)]
    assert statuses == [201, 404, 403, 403, 404]
    assert (
        await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/reorganisations")
    ).status_code == 403


async def test_a_branch_is_split_by_its_members_and_who_goes_gives_up_posts_there(
    world: World, administrator: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    call = await announced(signed_in(world.secretary), world.branch_a)
    going = [person.member_id for person in (world.secretary, world.member)]

    view = await done(administrator, world.branch_a, "split", parts=[{"name": "Chi bộ Đông 2", "member_ids": going}])

    new = next(one["id"] for one in view["organisations"] if one["fate"] == "founded")
    assert [one["organisation_id"] for one in view["findings"]] == [str(world.branch_a), new]
    assert view["members_moving"] == 2
    member = signed_in(world.member)
    me = (await member.get("/v1/me")).json()
    assert me["organisation"] == {"id": new, "name": "Chi bộ Đông 2"}
    assert (await signed_in(world.secretary).get("/v1/me")).json()["posts"] == []
    assert (await member.get(f"/v1/meetings/{call}")).status_code == 404
    assert (await signed_in(world.away).get(f"/v1/meetings/{call}")).status_code == 200
    history = (await administrator.get(f"/v1/organisations/{world.branch_a}/history")).json()
    assert [(one["id"], one["kind"]) for one in history["successors"]] == [(new, "divided")]
    assert history["valid_until"] is None
    async with database.session() as session:
        rows = await session.execute(select(Member.organisation_id, func.count()).group_by(Member.organisation_id))
        homes = {row[0]: row[1] for row in rows}
        assert (homes[UUID(new)], homes[world.branch_a]) == (2, 5)


async def test_a_commune_is_split_and_a_branch_moves_and_a_warning_says_which_have_no_secretary(
    world: World, administrator: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    parts = [{"name": "Đảng bộ xã Yên Đông", "child_ids": [world.branch_a]}]
    view = await done(administrator, world.commune, "split", parts=parts)
    new = next(one["id"] for one in view["organisations"] if one["fate"] == "founded")
    assert (await signed_in(world.member).get(f"/v1/organisations/{new}")).status_code == 200
    assert (await signed_in(world.member).get(f"/v1/organisations/{world.commune}")).status_code == 404

    moved = await done(administrator, world.office, "move", parent_id=world.other_commune)

    assert codes(moved, "warning") == ["secretary_missing", "posts_outside"]
    async with database.session() as session:
        office = await session.get_one(Organisation, world.office)
        assert office.path == [world.province, world.other_commune, world.office]
    history = (await administrator.get(f"/v1/organisations/{world.office}/history")).json()
    assert [one["parent_id"] for one in history["periods"]] == [str(world.other_commune), str(world.commune)]
    # Moved again on the same day, it was never there.
    await done(administrator, world.office, "move", parent_id=world.commune)
    history = (await administrator.get(f"/v1/organisations/{world.office}/history")).json()
    assert [one["parent_id"] for one in history["periods"]] == [str(world.commune), str(world.commune)]


@pytest.mark.parametrize("first", ["merge", "rename"])
async def test_what_began_on_the_day_after_the_last_is_not_in_the_history_of_what_ended(
    first: str, world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    administrator, branch = signed_in(world.administrator), {"parent_id": str(world.commune), "kind": "branch"}
    made = await administrator.post("/v1/organisations", json={**branch, "name": "Chi bộ tạm"})
    empty = UUID(made.json()["id"])
    if first == "merge":
        await done(administrator, world.commune, "merge", into_id=world.other_commune, effective_on=DAY)
    else:
        for one in (world.branch_a, empty):
            await done(administrator, one, "rename", name="Chi bộ khác", effective_on=DAY)
    await done(administrator, world.branch_a, "merge", into_id=world.branch_b, effective_on=DAY)
    await done(administrator, empty, "dissolve", effective_on=DAY)

    clock.set(datetime(2026, 12, 1, 1, 0, tzinfo=UTC))
    await carry_out_reorganisations(jobs.office, 0)

    administrator = signed_in(world.administrator)
    for one, name in ((world.branch_a, "Chi bộ thôn Đông"), (empty, "Chi bộ tạm")):
        history = (await administrator.get(f"/v1/organisations/{one}/history")).json()
        assert history["valid_until"] == "2026-11-30"
        periods = [(period["name"], period["parent_id"], period["valid_until"]) for period in history["periods"]]
        assert periods == [(name, str(world.commune), "2026-11-30")]


async def test_a_warning_says_that_a_post_is_held_above_where_its_holder_is_no_more(
    world: World, administrator: AsyncClient, database: RolledBackDatabase
) -> None:
    parts = [{"name": "Đảng bộ xã Yên Đông", "child_ids": [world.branch_a]}]
    cases: list[tuple[UUID, str, dict[str, Any]]] = [
        (world.branch_a, "merge", {"into_id": world.far_branch}),
        (world.far_branch, "merge", {"with_ids": [world.branch_a], "name": "Chi bộ mới"}),
        (world.commune, "split", {"parts": parts}),
    ]
    for where, what, body in cases:
        view = await done(administrator, where, what, dry_run=True, **body)
        assert "posts_outside" not in codes(view, "warning")
    await give_post(database, world.member, PostKind.committee_officer, world.commune)
    await give_post(database, world.member, PostKind.committee_officer, world.province)
    for where, what, body in cases:
        view = await done(administrator, where, what, dry_run=True, **body)
        assert ("posts_outside" in codes(view, "warning"), view["is_possible"]) == (True, True), what
    within = await done(administrator, world.branch_a, "merge", into_id=world.branch_b, dry_run=True)
    assert "posts_outside" not in codes(within, "warning")


async def test_an_organisation_in_which_nobody_is_left_is_dissolved_and_nothing_begins_there_any_more(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    administrator = signed_in(world.administrator)
    body = {"parent_id": str(world.commune), "kind": "branch", "name": "Chi bộ tạm"}
    empty = UUID((await administrator.post("/v1/organisations", json=body)).json()["id"])
    too_soon = await ask(administrator, empty, "dissolve")
    assert codes(too_soon.json()["report"]) == ["organisation_not_begun"]
    clock.advance(days=1)
    administrator = signed_in(world.administrator)

    await done(administrator, empty, "dissolve", reason="Không còn đảng viên")

    gone = (await administrator.get(f"/v1/organisations/{empty}")).json()
    assert (gone["valid_until"], gone["successor_id"]) == ("2026-11-22", None)
    again = await ask(administrator, empty, "dissolve")
    assert "organisation_ended" in codes(again.json()["report"])
    etag = (await administrator.get(f"/v1/organisations/{empty}")).headers["etag"]
    url = f"/v1/organisations/{empty}"
    refused = [
        await administrator.patch(url, json={"name": "X"}, headers={"If-Match": etag}),
        await administrator.post("/v1/organisations", json={**body, "parent_id": str(empty)}),
        await administrator.post(f"{url}/members", json={"full_name": "Lê Văn Tám", "official_on": "2006-05-19"}),
        await administrator.post(
            f"{url}/posts",
            json={"member_id": str(world.member.member_id), "kind": "secretary", "starts_on": "2026-12-01"},
        ),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "organisation_has_ended")}


async def test_a_guest_of_the_branch_goes_along_and_one_at_home_in_it_is_a_guest_no_more(
    world: World, administrator: AsyncClient, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for person, host in ((world.stranger, world.branch_a), (world.member, world.branch_b)):
            session.add(
                Standing(
                    id=uuid4(),
                    member_id=person.member_id,
                    organisation_id=host,
                    kind="temporary_guest",
                    starts_on=date(2026, 10, 1),
                    ends_on=date(2027, 3, 1),
                )
            )
        await session.commit()

    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)

    async with database.session() as session:
        rows = await session.execute(
            select(Standing.member_id, Standing.organisation_id, Standing.ends_on).where(
                Standing.kind == "temporary_guest"
            )
        )
        assert {tuple(row) for row in rows} == {
            (world.stranger.member_id, world.branch_a, date(2026, 11, 21)),
            (world.stranger.member_id, world.branch_b, date(2027, 3, 1)),
            (world.member.member_id, world.branch_b, date(2026, 11, 21)),
        }


async def test_administrator_of_a_part_reads_the_names_of_that_part(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give_post(database, world.stranger, PostKind.administrator, world.other_commune)
    body = {"into_id": world.other_commune, "effective_on": DAY}
    planned = await done(signed_in(world.administrator), world.commune, "merge", **body)
    assert planned["posts"]
    part = signed_in(world.stranger)
    (seen,) = (await part.get(f"/v1/organisations/{world.other_commune}/reorganisations")).json()["items"]
    assert [one["id"] for one in seen["organisations"]] == [str(world.other_commune)]
    assert (seen["posts"], seen["meetings"]) == ([], [])
    assert {finding["organisation_id"] for finding in seen["findings"]} <= {str(world.other_commune)}
    assert seen["members_below"] == planned["members_below"]
    assert (await part.get(f"/v1/reorganisations/{planned['id']}")).status_code == 404
    whole = signed_in(world.administrator)
    (shown,) = (await whole.get(f"/v1/organisations/{world.other_commune}/reorganisations")).json()["items"]
    assert (shown["organisations"], shown["posts"]) == (planned["organisations"], planned["posts"])


async def test_who_held_a_post_for_less_than_a_day_is_named_where_it_ended(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    """Such a post leaves no row behind, and nothing else leads from the branch to its holder."""
    await give_post(database, world.stranger, PostKind.minute_taker, world.branch_a, starts_on=clock().date())
    await give_post(database, world.administrator, PostKind.administrator, world.commune)
    async with database.session() as session:
        province = delete(Post).where(
            Post.member_id == world.administrator.member_id, Post.organisation_id != world.commune
        )
        await session.execute(province)
        await session.commit()
    administrator = signed_in(world.administrator)
    done_ = await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    assert world.stranger.full_name in {post["full_name"] for post in done_["posts"]}
    again = await administrator.get(f"/v1/reorganisations/{done_['id']}")
    assert again.status_code == 200, again.text
    assert again.json()["posts"] == done_["posts"]
