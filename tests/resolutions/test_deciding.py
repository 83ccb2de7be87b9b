import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, transaction
from app.kernel.security import PostKind
from app.resolutions.decisions.service import adopt_resolution
from app.resolutions.errors import ResolutionNotFound
from app.resolutions.queries import get_adopted, list_adopted
from app.resolutions.schemas import Adoption
from app.resolutions.service import close_due_resolutions
from app.worker import close_resolutions
from tests.conftest import RolledBackDatabase
from tests.contract.rows import resolutions as rows
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced
from tests.factories.reorganisations import done
from tests.factories.resolutions import (
    FIRST,
    closed,
    commented,
    drafted,
    opened,
    polled,
    put_version,
    revised,
    step,
    took,
    voted,
)
from tests.factories.world import Maker, World, make_world
from tests.worker import JobRunner


@pytest.mark.parametrize("until", ["2026-11-22T01:00:00Z", "2020-01-01T00:00:00Z", "2027-11-24T01:00:00Z"])
async def test_comments_end_after_now_and_within_a_year(world: World, signed_in: SignedIn, until: str) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    answer = await step(secretary, draft["id"], "open", {"comments_until": until})
    assert (answer.status_code, answer.json()["code"]) == (422, "comments_until_out_of_range")
    assert answer.json()["errors"][0]["pointer"] == "/comments_until"


async def test_each_step_follows_the_one_before(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    draft = (await drafted(secretary, world.branch_a))["id"]
    until = {"comments_until": "2026-12-04T12:30:00Z"}
    poll = {"question": "Thông qua?", "secrecy": "open"}
    anyhow = {"poll_id": str(uuid4())}
    refused: list[tuple[str, dict[str, str] | None, str]] = [
        ("close", None, "resolution_not_open"),
        ("polls", poll, "resolution_not_open"),
        ("adopt", anyhow, "resolution_not_closed"),
        ("reject", {"reason": "Chưa đạt"}, "resolution_not_closed"),
    ]
    for name, body, code in refused:
        answer = await step(secretary, draft, name, body)
        assert (answer.status_code, answer.json()["code"]) == (409, code), name
    await took(secretary, draft, "open", until)
    for name, body, code in (
        ("open", until, "resolution_not_draft"),
        ("adopt", anyhow, "resolution_not_closed"),
        ("reject", {"reason": "Chưa đạt"}, "resolution_not_closed"),
    ):
        answer = await step(secretary, draft, name, body)
        assert (answer.status_code, answer.json()["code"]) == (409, code), name
    assert (await took(secretary, draft, "close"))["status"] == "closed"
    view = await took(secretary, draft, "reject", {"reason": "Chưa đạt quá nửa"})
    assert (view["status"], view["reason"], view["decided_at"]) == (
        "rejected",
        "Chưa đạt quá nửa",
        "2026-11-22T01:00:00Z",
    )
    for name, body, code in (
        ("close", None, "resolution_not_open"),
        ("polls", poll, "resolution_decided"),
        ("reject", {"reason": "Chưa đạt"}, "resolution_not_closed"),
    ):
        answer = await step(secretary, draft, name, body)
        assert (answer.status_code, answer.json()["code"]) == (409, code), name
    rewritten = await put_version(secretary, draft)
    assert (rewritten.status_code, rewritten.json()["code"]) == (409, "resolution_decided")


async def test_comments_close_by_themselves_and_phones_learn_of_it(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    view = await drafted(secretary, world.branch_a)
    await took(secretary, view["id"], "open", {"comments_until": "2026-11-23T01:00:00Z"})
    later = await opened(secretary, world.branch_a)
    await close_resolutions(jobs.office, 0)
    clock.advance(hours=24)
    await close_resolutions(jobs.office, 0)
    async with database.session() as session:
        assert await close_due_resolutions(session) == 0
        change = await session.execute(
            text("""SELECT status, revision, version, e.actor_member_id FROM resolutions
                    JOIN events AS e ON e.subject_id = resolutions.id AND e.code = 'resolutions.closed'""")
        )
        assert [tuple(row) for row in change] == [("closed", 3, 1, None)]
    seen = await signed_in(world.member).get(f"/v1/resolutions/{later['id']}")
    assert seen.json()["status"] == "open"


async def test_poll_that_passed_adopts_and_gives_the_next_number(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting = await announced(secretary, world.branch_a)
    numbers = []
    for _ in range(2):
        clock.advance(seconds=1)
        view = await opened(secretary, world.branch_a, meeting_id=meeting)
        await commented(signed_in(world.member), view["id"])
        await took(secretary, view["id"], "close")
        await revised(secretary, view["id"], title="Bản sau góp ý")
        poll = await polled(secretary, view["id"])
        await voted(signed_in, world, poll, "for")
        adopted = await took(secretary, view["id"], "adopt", {"poll_id": poll})
        assert (adopted["status"], adopted["decided_by_poll_id"]) == ("adopted", poll)
        numbers.append(adopted["number"])
    assert numbers == ["Số 01-NQ/CB", "Số 02-NQ/CB"]
    seen = (await signed_in(world.officer).get(f"/v1/resolutions/{view['id']}")).json()
    assert (seen["number"], seen["comment_count"], seen["paragraphs"][0]["text"]) == ("Số 02-NQ/CB", 1, FIRST)
    listed = await signed_in(world.officer).get(f"/v1/organisations/{world.branch_a}/resolutions")
    assert [one["number"] for one in listed.json()["items"]] == ["Số 02-NQ/CB", "Số 01-NQ/CB"]
    again = await step(secretary, view["id"], "adopt", {"poll_id": poll})
    assert (again.status_code, again.json()["code"]) == (409, "resolution_not_closed")
    assert (await put_version(secretary, view["id"])).json()["code"] == "resolution_decided"
    async with database.session() as session:
        papers = await list_adopted(session, meeting_id=UUID(meeting), organisation_id=world.branch_a)
        assert [(paper.number, paper.title) for paper in papers] == [(number, "Bản sau góp ý") for number in numbers]
        assert str(papers[1].decided_by_poll_id) == poll
        actor = await find_actor(session, session_id=world.officer.session_id, account_id=world.officer.account_id)
        assert actor is not None
        assert (await get_adopted(session, actor, papers[0].id)).paragraphs[0].text == FIRST
    for name in ("versions", "versions/1", "comparison", "comparison.html", "comments"):
        hidden = await signed_in(world.officer).get(f"/v1/resolutions/{view['id']}/{name}")
        assert (hidden.status_code, hidden.json()["code"]) == (403, "not_for_your_post"), name
    refused = await step(signed_in(world.member), view["id"], "adopt", {"poll_id": poll})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")


async def test_only_the_closed_poll_of_this_text_that_passed_adopts_it(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    view = await closed(secretary, world.branch_a)
    other = await closed(secretary, world.branch_a)

    async def refusal(poll_id: str | None) -> tuple[int, str]:
        answer = await step(secretary, view["id"], "adopt", {"poll_id": poll_id} if poll_id else {})
        return answer.status_code, answer.json()["code"]

    assert await refusal(None) == (409, "poll_missing")
    assert await refusal(str(uuid4())) == (409, "poll_not_of_resolution")
    assert await refusal(await polled(secretary, other["id"])) == (409, "poll_not_of_resolution")
    lost = await polled(secretary, view["id"])
    assert await refusal(lost) == (409, "poll_not_closed")
    await voted(signed_in, world, lost, "against")
    assert await refusal(lost) == (409, "poll_not_passed")
    won = await polled(secretary, view["id"])
    await voted(signed_in, world, won, "for")
    clock.advance(minutes=1)
    await revised(secretary, view["id"])
    assert await refusal(won) == (409, "resolution_revised_since_poll")


@pytest.mark.parametrize("decision", ["adopt", "reject"])
async def test_decision_waits_for_open_polls_and_leaves_none_to_be_opened(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, decision: str
) -> None:
    secretary = signed_in(world.secretary)
    view = await closed(secretary, world.branch_a)
    won = await polled(secretary, view["id"])
    await voted(signed_in, world, won, "for")
    body = {"adopt": {"poll_id": won}, "reject": {"reason": "Chưa đạt"}}[decision]
    drafted_poll = await step(secretary, view["id"], "polls", {"question": "Bỏ phiếu lại?", "secrecy": "open"})
    other = await polled(secretary, view["id"])
    refused = await step(secretary, view["id"], decision, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "poll_not_closed")
    assert (await secretary.get(f"/v1/resolutions/{view['id']}")).json()["status"] == "closed"
    await voted(signed_in, world, other, "against")
    await took(secretary, view["id"], decision, body)
    draft = drafted_poll.json()["id"]
    gone = await secretary.post(f"/v1/polls/{draft}/open")
    assert (gone.status_code, gone.json()["code"]) == (404, "poll_not_found")
    async with database.session() as session:
        found = text("SELECT op FROM changes WHERE object_id = CAST(:id AS uuid)")
        assert (await session.execute(found, {"id": draft})).scalar_one() == "delete"


async def test_minute_taker_writes_and_leaders_decide(world: World, signed_in: SignedIn) -> None:
    minute_taker = signed_in(world.minute_taker)
    draft = (await drafted(minute_taker, world.branch_a))["id"]
    await revised(minute_taker, draft)
    answer = await step(minute_taker, draft, "open", {"comments_until": "2026-12-04T12:30:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_for_your_post")


async def test_only_what_is_adopted_has_a_paper(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    view = await closed(signed_in(world.secretary), world.branch_a)
    async with database.session() as session:
        actor = await find_actor(session, session_id=world.secretary.session_id, account_id=world.secretary.account_id)
        assert actor is not None
        with pytest.raises(ResolutionNotFound):
            await get_adopted(session, actor, UUID(view["id"]))


async def test_two_adoptions_at_once_get_two_numbers(live_database_url: str, clock: FakeClock) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=4, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        world = await make_world(session)
        pairs = [await rows.closed_with_poll(session, world) for _ in range(4)]

    async def adopt(pair: rows.Pair) -> str | None:
        async with transaction(database) as session:
            actor = await find_actor(
                session, session_id=world.secretary.session_id, account_id=world.secretary.account_id
            )
            assert actor is not None
            return (await adopt_resolution(session, actor, pair.resolution_id, Adoption(poll_id=pair.poll_id))).number

    numbers = await asyncio.gather(*(adopt(pair) for pair in pairs))
    assert sorted(str(number) for number in numbers) == [f"Số 0{place}-NQ/CB" for place in range(1, 5)]
    await database.close()


async def test_numbers_begin_anew_each_year_in_the_place_of_the_branch(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    numbers = []
    for _ in range(2):
        async with database.session() as session:
            pair = await rows.closed_with_poll(session, world)
            await session.commit()
        adopted = await took(
            signed_in(world.secretary), str(pair.resolution_id), "adopt", {"poll_id": str(pair.poll_id)}
        )
        numbers.append(adopted["number"])
        clock.advance(days=39, hours=16, minutes=30)  # 00:30 on 1 January in Hà Nội
    assert numbers == ["Số 01-NQ/CB", "Số 01-NQ/CB"]


async def test_committees_resolution_is_voted_on_by_its_seats(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with transaction(database) as session:
        make = Maker(session)
        seats = [
            await make.person(name, world.office, posts=((kind, world.commune),))
            for name, kind in (
                ("Bùi Thị Sen", PostKind.secretary),
                ("Vũ Văn Thắng", PostKind.deputy_secretary),
                ("Mai Văn Út", PostKind.committee_member),
            )
        ]
    head = signed_in(seats[0])
    view = await closed(head, world.commune)
    poll = await polled(head, view["id"])
    outside = await signed_in(world.officer).put(f"/v1/polls/{poll}/ballot", json={"choice": "for"})
    assert outside.status_code == 404
    for seat in seats[:2]:
        answer = await signed_in(seat).put(f"/v1/polls/{poll}/ballot", json={"choice": "for"})
        assert answer.status_code == 200, answer.text
    answer = await head.post(f"/v1/polls/{poll}/close")
    assert (answer.json()["electorate_count"], answer.json()["tally"]["for_count"]) == (3, 2)
    assert (await took(head, view["id"], "adopt", {"poll_id": poll}))["number"] == "Số 01-NQ/ĐU"


async def test_successor_does_not_adopt_on_the_vote_of_a_branch_that_was_merged_into_it(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    view = await closed(secretary, world.branch_a)
    poll = await polled(secretary, view["id"])
    await voted(signed_in, world, poll, "for")
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    refused = await step(signed_in(world.sister_secretary), view["id"], "adopt", {"poll_id": poll})
    assert (refused.status_code, refused.json()["code"]) == (409, "poll_not_of_resolution")
