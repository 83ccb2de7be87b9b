"""From the pool to the recognition: the dossier, the admission, the probation, and what refuses each step."""

from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from app.admissions.models import Candidacy, CandidacyStep
from app.identity.models import LoginSession
from app.kernel.models import EventRow
from app.members.models import Standing, StandingKind
from app.organisations.models import Organisation, OrganisationKind
from app.rules import RULE_SETS
from app.worker import sweep_reviews
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, inbox
from tests.factories.reorganisations import ask, codes, done
from tests.factories.transfers import LETTER, took
from tests.factories.world import Maker, Person, World
from tests.members.rosters.test_correcting_many import given_out
from tests.worker import JobRunner

ADMISSION: Json = {"decision_number": "25-QĐ/ĐU", "decided_on": "2026-11-10", "admitted_on": "2026-11-20"}
RECOGNITION: Json = {"decision_number": "40-QĐ/ĐU", "decided_on": "2027-12-01"}
STEPS = [step.code for step in RULE_SETS[0].dossier[:-2]]


async def post_candidate(client: AsyncClient, world: World, **changes: Any) -> Response:
    body = {
        "full_name": "Vũ Thị Quỳnh",
        "born_on": "2004-05-19",
        "source": "youth_union",
        "phone": "0987 654 321",
        "mentor_ids": [str(world.secretary.member_id), str(world.member.member_id)],
        "certificate_number": "112/CN",
        "certified_on": "2026-03-26",
    }
    return await client.post(f"/v1/organisations/{world.branch_a}/candidacies", json=body | changes)


async def entered(client: AsyncClient, world: World, **changes: Any) -> Json:
    answer = await post_candidate(client, world, **changes)
    assert answer.status_code == 201, answer.text
    view: Json = answer.json()
    return view


async def ready(client: AsyncClient, world: World, database: RolledBackDatabase, **changes: Any) -> Json:
    """A candidate whose dossier is whole."""
    view = await entered(client, world, **changes)
    async with database.session() as session:
        session.add_all(
            CandidacyStep(
                candidacy_id=UUID(view["id"]),
                step=step,
                done_on=date(2026, 10, 5),
                entered_by=world.secretary.member_id,
            )
            for step in STEPS[:-1]
        )
        await session.commit()
    answer = await client.put(f"/v1/candidacies/{view['id']}/steps/{STEPS[-1]}", json={"done_on": "2026-10-05"})
    assert answer.status_code == 200, answer.text
    whole: Json = answer.json()
    return whole


async def post_step(client: AsyncClient, candidacy: Json, name: str, body: Json) -> Response:
    return await client.post(f"/v1/candidacies/{candidacy['id']}/{name}", json=body)


async def admitted(client: AsyncClient, world: World, database: RolledBackDatabase, **changes: Any) -> Json:
    answer = await post_step(client, await ready(client, world, database), "admit", ADMISSION | changes)
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def recognise(client: AsyncClient, member_id: str, **changes: Any) -> Response:
    return await client.post(f"/v1/members/{member_id}/recognise", json=RECOGNITION | changes)


async def standings_of(database: RolledBackDatabase, member_id: str) -> list[tuple[str, UUID, date, date | None]]:
    async with database.session() as session:
        rows = await session.scalars(
            select(Standing).where(Standing.member_id == UUID(member_id)).order_by(Standing.starts_on, Standing.kind)
        )
        return [(row.kind.value, row.organisation_id, row.starts_on, row.ends_on) for row in rows]


async def test_a_candidate_is_seen_by_who_keeps_the_records_and_signs_in_nowhere(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    view = await entered(secretary, world)
    candidate = view["candidate"]["member_id"]
    assert [one["full_name"] for one in view["mentors"]] == ["Nguyễn Văn An", "Lê Văn Cường"]
    assert (view["certificate_valid_until"], view["status"]) == ("2031-03-25", "pool")
    assert [step["step"] for step in view["steps"]] == [*STEPS, "decision", "ceremony"]
    assert (await secretary.get(f"/v1/candidacies/{view['id']}")).json() == view
    members = f"/v1/organisations/{world.branch_a}/members"
    for client in (secretary, signed_in(world.member)):
        assert candidate not in {one["id"] for one in (await client.get(members)).json()["items"]}
    pool = (await secretary.get(members, params={"standing": "candidate"})).json()["items"]
    assert [one["id"] for one in pool] == [candidate]
    assert (await secretary.get(f"/v1/members/{candidate}")).status_code == 200
    for person in (world.member, world.minute_taker, world.officer):
        assert (await signed_in(person).get(f"/v1/members/{candidate}")).status_code == 404
        assert (await signed_in(person).get(f"/v1/candidacies/{view['id']}")).status_code == 404
        listed = await signed_in(person).get(members, params={"standing": "candidate"})
        assert (listed.status_code, listed.json()["code"]) == (403, "not_for_your_post")
    code = await secretary.post(f"/v1/members/{candidate}/activation-code")
    assert (code.status_code, code.json()["code"]) == (409, "still_candidate")
    etag = (await secretary.get(f"/v1/members/{candidate}")).headers["ETag"]
    dates = await secretary.patch(
        f"/v1/members/{candidate}", json={"admitted_on": "2026-11-01"}, headers={"If-Match": etag}
    )
    assert (dates.status_code, dates.json()["code"]) == (409, "still_candidate")
    for status, count in (("pool", 1), ("admitted", 0)):
        found = await secretary.get(
            f"/v1/organisations/{world.branch_a}/candidacies", params={"status": status, "limit": 1}
        )
        assert len(found.json()["items"]) == count


async def test_admission_makes_a_member_on_probation_and_recognition_an_official_one(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock, jobs: JobRunner
) -> None:
    view = await admitted(signed_in(world.secretary), world, database)
    member = view["candidate"]["member_id"]
    assert (view["status"], view["admitted_on"], view["official_due_on"]) == ("admitted", "2026-11-20", "2027-11-20")
    assert view["review_due_on"] == "2027-12-31"
    assert {step["step"]: step["done_on"] for step in view["steps"]}["ceremony"] == "2026-11-20"
    # A candidate since today, a member since two days ago: what has not held for a day is not kept.
    assert await standings_of(database, member) == [("probationary", world.branch_a, date(2026, 11, 20), None)]
    comrade = signed_in(world.member)
    listed = (await comrade.get(f"/v1/organisations/{world.branch_a}/members")).json()["items"]
    assert member in {one["id"] for one in listed}

    told: dict[str, int] = {}
    begin = clock.at
    for day in ("2027-10-20", "2027-10-21", "2027-11-19", "2027-11-20", "2027-12-31", "2028-01-03"):
        clock.set(begin + (date.fromisoformat(day) - date(2026, 11, 22)))
        await sweep_reviews(jobs.office, 0)
        await jobs.run()
        told[day] = len(jobs.sender.tokens("probation_review_due"))
    assert list(told.values()) == [0, 1, 1, 2, 3, 3]
    assert set(jobs.sender.tokens("probation_review_due")) == {world.secretary.push_token}
    await extend_session(database, world.secretary.session_id)
    item = (await inbox(signed_in(world.secretary)))[0]
    assert item["title"] == "Xét công nhận chính thức: Vũ Thị Quỳnh"
    assert item["body"] == "Hết thời gian dự bị ngày 20/11/2027; xét công nhận chậm nhất ngày 31/12/2027"


async def test_recognition_is_from_the_end_of_month_twelve_in_whichever_branch_and_never_before(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock, jobs: JobRunner
) -> None:
    for person in (world.secretary, world.sister_secretary):
        await extend_session(database, person.session_id)
    view = await admitted(
        signed_in(world.secretary), world, database, decided_on="2026-03-27", admitted_on="2026-04-15"
    )
    member = view["candidate"]["member_id"]
    clock.advance(days=143)  # 14 April 2027
    early = await recognise(signed_in(world.secretary), member, decided_on="2027-04-14")
    assert (early.status_code, early.json()["code"]) == (409, "recognition_too_early")
    assert early.json()["official_due_on"] == "2027-04-15"
    clock.advance(days=10)
    transfer = await started_by_id(signed_in(world.secretary), member, world)
    await took(signed_in(world.sister_secretary), transfer, "accept", received_on="2027-04-20")
    new = signed_in(world.sister_secretary)
    for day, code in (("2027-04-25", "date_in_future"), ("2004-05-19", "before_birth")):
        wrong = await recognise(new, member, decided_on=day)
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, code)
    done = await recognise(new, member, decided_on="2027-04-24")
    assert (done.status_code, done.json()["official_on"]) == (200, "2027-04-15")
    assert [row for row in await standings_of(database, member) if row[0] in {"probationary", "official"}] == [
        ("probationary", world.branch_a, date(2026, 4, 15), date(2027, 4, 14)),
        ("official", world.branch_a, date(2027, 4, 15), date(2027, 4, 19)),
        ("official", world.branch_b, date(2027, 4, 20), None),
    ]
    candidacy = (await new.get(f"/v1/candidacies/{view['id']}")).json()
    assert (candidacy["status"], candidacy["recognition_number"]) == ("recognised", "40-QĐ/ĐU")
    again = await recognise(new, member, decided_on="2027-04-24")
    assert (again.status_code, again.json()["code"]) == (409, "not_on_probation")
    await sweep_reviews(jobs.office, 0)
    await jobs.run()
    assert jobs.sender.tokens("probation_review_due") == []


async def test_who_is_recognised_is_told(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    done = await recognise(signed_in(world.secretary), str(world.probationary.member_id), decided_on="2026-11-20")
    assert (done.status_code, done.json()["official_on"]) == (200, "2001-05-19")
    await jobs.run()
    item = (await inbox(signed_in(world.probationary)))[0]
    assert (item["type"], item["body"]) == ("member_recognised", "Từ ngày 19/05/2001")
    former = await recognise(signed_in(world.secretary), str(world.former.member_id), decided_on="2026-11-20")
    assert (former.status_code, former.json()["code"]) == (409, "former_member")


@pytest.mark.parametrize(
    ("born_on", "changes", "pointer", "code"),
    [
        ("2008-11-21", {}, "/admitted_on", "admitted_too_young"),
        ("1966-11-19", {}, "/admitted_on", "admitted_too_old"),
        ("2004-05-19", {"admitted_on": "2026-11-09"}, "/admitted_on", "before_decision"),
        ("2004-05-19", {"admitted_on": "2026-11-23"}, "/admitted_on", "date_in_future"),
        ("2004-05-19", {"decided_on": "2004-05-19"}, "/decided_on", "before_birth"),
    ],
)
async def test_ages_and_days_are_judged_at_the_admission(
    born_on: str, changes: Json, pointer: str, code: str, world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    answer = await post_step(secretary, await entered(secretary, world, born_on=born_on), "admit", ADMISSION | changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "fields_not_valid")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]


@pytest.mark.parametrize("born_on", ["2008-11-20", "1966-11-20"])
async def test_who_is_eighteen_or_sixty_that_day_is_admitted(
    born_on: str, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    answer = await post_step(secretary, await ready(secretary, world, database, born_on=born_on), "admit", ADMISSION)
    assert answer.status_code == 200, answer.text


async def test_dossier_mentors_and_certificate_are_needed(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    bare = await entered(secretary, world)
    short = await post_step(secretary, bare, "admit", ADMISSION)
    assert (short.status_code, short.json()["code"], short.json()["steps"]) == (409, "dossier_incomplete", STEPS)
    alone = await ready(secretary, world, database, mentor_ids=[str(world.member.member_id)], phone=None)
    old = await ready(secretary, world, database, certified_on="2021-11-10", phone=None)
    none = await ready(secretary, world, database, certified_on=None, phone=None)
    for candidacy, code in ((alone, "mentors_missing"), (old, "certificate_missing"), (none, "certificate_missing")):
        refused = await post_step(secretary, candidacy, "admit", ADMISSION)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    # A mentor who is no official member of the branch any more is none.
    whole = await ready(secretary, world, database, phone=None)
    async with database.session() as session:
        session.add(
            Standing(
                id=session.new_id(),
                member_id=world.member.member_id,
                organisation_id=world.branch_a,
                kind=StandingKind.resigned,
                starts_on=date(2026, 11, 1),
            )
        )
        await session.commit()
    refused = await post_step(secretary, whole, "admit", ADMISSION)
    assert (refused.status_code, refused.json()["code"]) == (409, "mentors_missing")


async def test_steps_have_deadlines_that_are_shown_and_the_last_two_are_the_admission(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    view = await ready(secretary, world, database)
    decision = next(step for step in view["steps"] if step["step"] == "decision")
    assert (decision["due_on"], decision["is_overdue"]) == ("2026-12-28", False)
    clock.advance(days=37)
    secretary = signed_in(world.secretary)
    later = (await secretary.get(f"/v1/candidacies/{view['id']}")).json()
    assert {step["step"] for step in later["steps"] if step["is_overdue"]} == {"decision"}
    for step, status, code in (("ceremony", 404, "step_not_found"), ("khac", 404, "step_not_found")):
        answer = await secretary.put(f"/v1/candidacies/{view['id']}/steps/{step}", json={"done_on": "2026-10-05"})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    for day, code in (("2027-01-01", "date_in_future"), ("2004-05-19", "before_birth")):
        answer = await secretary.put(f"/v1/candidacies/{view['id']}/steps/application", json={"done_on": day})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_the_pool_is_corrected_and_left(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    secretary = signed_in(world.secretary)
    view = await entered(secretary, world)
    path = f"/v1/candidacies/{view['id']}"
    etag = {"If-Match": (await secretary.get(path)).headers["ETag"]}
    wrong = [str(world.probationary.member_id), str(world.secretary.member_id), str(world.secretary.member_id)]
    for ids, code in ((wrong[:1], "mentor_not_valid"), (wrong[1:], "duplicate")):
        answer = await secretary.patch(path, json={"mentor_ids": ids}, headers=etag)
        assert (answer.status_code, answer.json()["errors"][-1]["code"]) == (422, code)
    future = await secretary.patch(path, json={"certified_on": "2026-11-23"}, headers=etag)
    assert (future.status_code, future.json()["errors"][0]["code"]) == (422, "date_in_future")
    changes = {"full_name": "Vũ Thị Quyên", "source": "trade_union", "mentor_ids": [str(world.away.member_id)]}
    changed = await secretary.patch(path, json=changes, headers=etag)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["candidate"]["full_name"], changed.json()["source"]) == ("Vũ Thị Quyên", "trade_union")
    assert [one["full_name"] for one in changed.json()["mentors"]] == ["Phạm Thị Dung"]
    dropped = await post_step(secretary, view, "drop", {"reason": "Chuyển nơi cư trú"})
    assert (dropped.json()["status"], dropped.json()["dropped_because"]) == ("dropped", "Chuyển nơi cư trú")
    assert await standings_of(database, view["candidate"]["member_id"]) == []
    for name, body in (("drop", {"reason": "Sai"}), ("admit", ADMISSION)):
        refused = await post_step(secretary, view, name, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "candidacy_closed")
    assert (await post_candidate(secretary, world)).status_code == 201  # the numbers of a dropped one are free again


async def extend_session(database: RolledBackDatabase, session_id: UUID) -> None:
    """A sign-in lasts 180 days; a probation longer."""
    async with database.session() as session:
        login = await session.get_one(LoginSession, session_id)
        login.expires_at += timedelta(days=720)
        await session.commit()


async def started_by_id(client: AsyncClient, member_id: str, world: World) -> str:
    body = {
        "kind": "permanent",
        "to_organisation_id": str(world.branch_b),
        "letter_number": "15-GTSHĐ",
        "letter_on": "2027-04-16",
    }
    answer = await client.post(f"/v1/members/{member_id}/transfers", json=body)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def test_the_list_of_a_branch_goes_with_who_moved_as_the_candidacy_does(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    view = await admitted(signed_in(world.secretary), world, database)
    letter = LETTER | {"to_organisation_id": str(world.branch_b)}
    transfer = await signed_in(world.secretary).post(
        f"/v1/members/{view['candidate']['member_id']}/transfers", json=letter
    )
    assert transfer.status_code == 201, transfer.text
    await took(signed_in(world.sister_secretary), transfer.json()["id"], "accept", received_on="2026-11-22")

    async def listed(reader: Person, branch: UUID) -> list[str]:
        answer = await signed_in(reader).get(f"/v1/organisations/{branch}/candidacies")
        return [item["id"] for item in answer.json()["items"]]

    assert await listed(world.secretary, world.branch_a) == []
    assert (await signed_in(world.secretary).get(f"/v1/candidacies/{view['id']}")).status_code == 404
    assert await listed(world.sister_secretary, world.branch_b) == [view["id"]]


async def test_nobody_is_entered_into_a_branch_that_has_ended(world: World, signed_in: SignedIn) -> None:
    administrator = signed_in(world.administrator)
    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    refused = await post_candidate(administrator, world, mentor_ids=[])
    assert (refused.status_code, refused.json()["code"]) == (409, "organisation_has_ended")


async def test_who_went_along_in_a_merger_is_admitted_where_they_are_at_home_now(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    view = await ready(signed_in(world.secretary), world, database)
    path = f"/v1/candidacies/{view['id']}"
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    keeper = signed_in(world.sister_secretary)
    kept = await keeper.get(path)
    # Those who came along are mentors still, and whoever is official in the new branch may be one.
    assert kept.json()["mentors"] == view["mentors"]
    mentors = [str(world.member.member_id), str(world.sister_member.member_id)]
    changed = await keeper.patch(path, json={"mentor_ids": mentors}, headers={"If-Match": kept.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    assert [one["member_id"] for one in changed.json()["mentors"]] == mentors
    assert (await post_step(signed_in(world.secretary), view, "admit", ADMISSION)).status_code == 404
    answer = await post_step(keeper, view, "admit", ADMISSION | {"admitted_on": "2026-11-22"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["organisation_id"] == str(world.branch_a)
    assert await standings_of(database, view["candidate"]["member_id"]) == [
        ("probationary", world.branch_b, date(2026, 11, 22), None)
    ]
    async with database.session() as session:
        rows = await session.execute(
            select(EventRow.code, EventRow.organisation_id).where(EventRow.subject_id == UUID(view["id"]))
        )
        assert {row.code: row.organisation_id for row in rows} == {
            "admissions.candidate_entered": world.branch_a,
            "admissions.step_done": world.branch_a,
            "admissions.candidacy_changed": world.branch_b,
            "admissions.member_admitted": world.branch_b,
        }


async def test_who_is_dropped_on_the_day_they_were_entered_is_no_member(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    view = await entered(secretary, world)
    assert (await post_step(secretary, view, "drop", {"reason": "Nhập nhầm"})).status_code == 200
    dropped = f"/v1/members/{view['candidate']['member_id']}"
    members = f"/v1/organisations/{world.branch_a}/members"
    for person in (world.secretary, world.member, world.officer):
        listed = (await signed_in(person).get(members)).json()["items"]
        assert view["candidate"]["member_id"] not in {one["id"] for one in listed}
    for person in (world.member, world.minute_taker, world.officer):
        assert (await signed_in(person).get(dropped)).status_code == 404
    assert (await secretary.get(dropped)).json()["standings"] == []
    code = await secretary.post(f"{dropped}/activation-code")
    assert (code.status_code, code.json()["code"]) == (409, "member_has_no_phone")
    assert view["candidate"]["member_id"] not in await given_out(secretary, world.branch_a)


async def test_who_is_no_member_yet_is_given_no_post(world: World, signed_in: SignedIn) -> None:
    view = await entered(signed_in(world.secretary), world)
    body = {"member_id": view["candidate"]["member_id"], "kind": "committee_member", "starts_on": "2026-11-22"}
    given = await signed_in(world.administrator).post(f"/v1/organisations/{world.branch_a}/posts", json=body)
    assert (given.status_code, given.json()["code"]) == (409, "still_candidate")


async def test_a_branch_is_dissolved_though_a_candidate_was_dropped_there(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        commune = await session.get_one(Organisation, world.commune)
        branch = (await Maker(session).organisation("Chi bộ thôn Bắc", OrganisationKind.branch, under=commune)).id
        await session.commit()
    administrator = signed_in(world.administrator)
    body = {"full_name": "Vũ Thị Quỳnh", "born_on": "2004-05-19", "source": "youth_union"}
    view = (await administrator.post(f"/v1/organisations/{branch}/candidacies", json=body)).json()
    refused = await ask(administrator, branch, "dissolve")
    assert (refused.status_code, codes(refused.json()["report"])) == (409, ["has_members"])
    assert (await post_step(administrator, view, "drop", {"reason": "Chuyển nơi cư trú"})).status_code == 200
    await done(administrator, branch, "dissolve")


async def test_nobody_is_reminded_of_who_is_not_on_probation_any_more(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock, jobs: JobRunner
) -> None:
    await extend_session(database, world.secretary.session_id)
    ids: list[str] = []
    for _ in range(4):
        view = await ready(signed_in(world.secretary), world, database, phone=None)
        answer = await post_step(signed_in(world.secretary), view, "admit", ADMISSION)
        assert answer.status_code == 200, answer.text
        ids.append(view["candidate"]["member_id"])
    official, expelled, elsewhere, still = ids
    clock.set(clock.at + (date(2027, 10, 21) - date(2026, 11, 22)))
    await sweep_reviews(jobs.office, 0)
    # After it is recorded, and before it is sent.
    secretary = signed_in(world.secretary)
    etag = {"If-Match": (await secretary.get(f"/v1/members/{official}")).headers["ETag"]}
    corrected = await secretary.patch(f"/v1/members/{official}", json={"official_on": "2027-10-21"}, headers=etag)
    assert corrected.status_code == 200, corrected.text
    decision = {"kind": "expelled", "starts_on": "2027-10-21", "reason": "Vi phạm", "decision_number": "12-QĐ/ĐU"}
    ended = await secretary.post(f"/v1/members/{expelled}/standings", json=decision)
    assert ended.status_code == 201, ended.text
    letter = LETTER | {"to_place": "Đảng bộ phường Bến Thành", "letter_on": "2027-10-20"}
    begun = await secretary.post(f"/v1/members/{elsewhere}/transfers", json=letter)
    assert begun.status_code == 201, begun.text
    await took(secretary, begun.json()["id"], "accept", received_on="2027-10-21")
    await jobs.run()
    assert len(jobs.sender.tokens("probation_review_due")) == 1
    clock.advance(days=30)
    await sweep_reviews(jobs.office, 0)
    await jobs.run()
    assert len(jobs.sender.tokens("probation_review_due")) == 2
    async with database.session() as session:
        days = await session.scalars(select(Candidacy.next_reminder_on))
        reminded = await session.scalars(select(EventRow.data).where(EventRow.code == "admissions.review_due"))
        assert Counter(data["member_id"] for data in reminded) == {official: 1, expelled: 1, elsewhere: 1, still: 2}
        assert set(days) == {date(2027, 12, 31)}  # an end may be taken back: who is on probation that day is told of


async def correct(client: AsyncClient, member_id: str, **fields: str) -> None:
    etag = {"If-Match": (await client.get(f"/v1/members/{member_id}")).headers["ETag"]}
    answer = await client.patch(f"/v1/members/{member_id}", json=fields, headers=etag)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("on", "corrected", "told_on", "official", "review"),
    [
        # Earlier, before anybody was told; and when the branch should have been told before.
        ("2026-11-22", "2026-10-20", "2027-09-20", "2027-10-20", "2027-12-01"),
        ("2027-09-25", "2026-10-20", "2027-09-25", "2027-10-20", "2027-12-01"),
        # Later, after the first reminder and after the last one.
        ("2027-10-22", "2027-03-01", "2028-01-31", "2028-03-01", "2028-04-12"),
        ("2028-01-03", "2027-03-01", "2028-01-31", "2028-03-01", "2028-04-12"),
    ],
)
async def test_a_corrected_admission_moves_the_days_of_the_probation_and_of_its_reminders(
    on: str,
    corrected: str,
    told_on: str,
    official: str,
    review: str,
    world: World,
    signed_in: SignedIn,
    database: RolledBackDatabase,
    clock: FakeClock,
    jobs: JobRunner,
) -> None:
    await extend_session(database, world.secretary.session_id)
    view = await admitted(signed_in(world.secretary), world, database)

    async def sweep(day: str) -> int:
        clock.set(clock.at + (date.fromisoformat(day) - clock.at.date()))
        jobs.sender.pushes.clear()
        await sweep_reviews(jobs.office, 0)
        await jobs.run()
        return len(jobs.sender.tokens("probation_review_due"))

    for day in ("2027-10-21", "2027-11-20", "2027-12-31"):
        if day < on:
            assert await sweep(day) == 1
    clock.set(clock.at + (date.fromisoformat(on) - clock.at.date()))
    await correct(signed_in(world.secretary), view["candidate"]["member_id"], admitted_on=corrected)
    now = (await signed_in(world.secretary).get(f"/v1/candidacies/{view['id']}")).json()
    assert (now["admitted_on"], now["official_due_on"], now["review_due_on"]) == (corrected, official, review)
    if told_on > on:
        assert await sweep(on) == 0
        assert await sweep((date.fromisoformat(told_on) - timedelta(days=1)).isoformat()) == 0
    assert [await sweep(told_on), await sweep(told_on)] == [1, 0]
    item = (await inbox(signed_in(world.secretary)))[0]
    assert f"{date.fromisoformat(official):%d/%m/%Y}" in item["body"]
    assert [await sweep(official), await sweep(review)] == [1, 1]


async def test_an_official_date_in_the_record_is_the_recognition_for_the_candidacy_too(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock, jobs: JobRunner
) -> None:
    await extend_session(database, world.secretary.session_id)
    view = await admitted(signed_in(world.secretary), world, database)
    clock.advance(days=363)  # 20 November 2027
    await correct(signed_in(world.secretary), view["candidate"]["member_id"], official_on="2027-11-20")
    secretary = signed_in(world.secretary)
    assert (await secretary.get(f"/v1/candidacies/{view['id']}")).json()["status"] == "recognised"
    for status, count in (("admitted", 0), ("recognised", 1), ("pool", 0)):
        found = await secretary.get(f"/v1/organisations/{world.branch_a}/candidacies", params={"status": status})
        assert len(found.json()["items"]) == count
    # Neither its own day nor a correction after it reminds of what is over.
    for corrected in ("2026-11-20", "2026-11-21"):
        await correct(secretary, view["candidate"]["member_id"], admitted_on=corrected)
        await sweep_reviews(jobs.office, 0)
        await jobs.run()
    assert jobs.sender.tokens("probation_review_due") == []
