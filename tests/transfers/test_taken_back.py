"""A transfer out of the system that was accepted by mistake is taken back: the member is as before, without posts."""

from datetime import date

from httpx import AsyncClient

from app.kernel.security import PostKind
from app.members.models import StandingKind
from tests.changes.phones import announce_world, fresh, settled
from tests.changes.test_walking import different
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, inbox
from tests.factories.members import add_standing, give_post, new_member
from tests.factories.reorganisations import done
from tests.factories.transfers import started, step, took
from tests.factories.world import Person, World
from tests.transfers.test_moving import standings_of
from tests.worker import JobRunner

REASON = "Ghi nhầm người"


async def departed(secretary: AsyncClient, person: Person) -> str:
    transfer = await started(secretary, person, None, to_place="Đảng bộ phường Bến Thành, TP. Hồ Chí Minh")
    await took(secretary, transfer, "accept", received_on="2026-11-22")
    return transfer


async def test_the_member_is_of_the_branch_as_before_on_every_phone(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    async with database.session() as session:
        exempt = StandingKind.temporarily_exempt
        span = {"starts_on": date(2026, 10, 1), "ends_on": date(2027, 3, 1)}
        await add_standing(session, world.away.member_id, world.branch_a, exempt, **span)
        await session.commit()
    await give_post(database, world.away, PostKind.minute_taker, world.branch_a)
    await announce_world(database)
    secretary, member = signed_in(world.secretary), signed_in(world.away)
    before = await standings_of(database, world.away)
    phones = {one: await fresh(signed_in(one)) for one in (world.secretary, world.member, world.away)}
    transfer = await departed(secretary, world.away)
    assert (await member.get("/v1/me")).status_code == 401
    await phones[world.secretary].catch_up(secretary)
    assert phones[world.secretary].of("away_period") == {}

    back = await took(secretary, transfer, "withdraw", reason=REASON)
    await jobs.run()
    assert (back["status"], back["received_on"], back["reason"]) == ("withdrawn", None, REASON)
    assert await standings_of(database, world.away) == before
    me = (await member.get("/v1/me")).json()
    assert (me["organisation"]["id"], me["posts"], me["away"]) == (str(world.branch_a), [], True)
    for person, phone in phones.items():
        await phone.catch_up(signed_in(person))
        assert different(settled(phone.held), settled((await fresh(signed_in(person))).held)) == []
    assert len(phones[world.secretary].of("away_period")) == 1
    told = [one["type"] for one in await inbox(member)]
    assert told[:1] == ["transfer_withdrawn"]
    assert "member_departed" not in told
    again = await step(secretary, transfer, "withdraw", reason=REASON)
    assert (again.status_code, again.json()["code"]) == (409, "transfer_decided")
    await departed(secretary, world.away)


async def test_an_earlier_transfer_stays_in_the_record(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    inside = await started(signed_in(world.secretary), world.member, world.branch_b)
    await took(signed_in(world.sister_secretary), inside, "accept", received_on="2026-11-20")
    before = await standings_of(database, world.member)
    assert ("transferred", world.branch_a, date(2026, 11, 20), None) in before
    transfer = await departed(signed_in(world.sister_secretary), world.member)
    await took(signed_in(world.sister_secretary), transfer, "withdraw", reason=REASON)
    assert await standings_of(database, world.member) == before


async def test_only_within_thirty_days_and_by_the_branch(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    one, other = (
        await departed(signed_in(world.secretary), world.member),
        await departed(signed_in(world.secretary), world.phoneless),
    )
    assert (await step(signed_in(world.sister_secretary), one, "withdraw", reason=REASON)).status_code == 404
    clock.advance(days=30)
    await took(signed_in(world.secretary), one, "withdraw", reason=REASON)
    clock.advance(days=1)
    late = await step(signed_in(world.secretary), other, "withdraw", reason=REASON)
    assert (late.status_code, late.json()["code"]) == (409, "correction_too_late")


async def test_who_went_by_mistake_goes_where_the_branch_was_merged_into(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    transfer = await departed(signed_in(world.secretary), world.member)
    administrator = signed_in(world.administrator)
    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    await took(administrator, transfer, "withdraw", reason=REASON)
    assert await standings_of(database, world.member) == [
        ("official", world.branch_a, date(2001, 5, 19), date(2026, 11, 21)),
        ("official", world.branch_b, date(2026, 11, 22), None),
    ]
    assert (await signed_in(world.member).get("/v1/me")).json()["organisation"]["id"] == str(world.branch_b)


async def test_who_has_come_back_meanwhile_is_not_there_twice(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    phone = {"phone": world.member.phone}
    transfer = await departed(secretary, world.member)
    came = await secretary.post(f"/v1/organisations/{world.branch_a}/members", json=new_member(**phone))
    assert came.status_code == 201, came.text
    refused = await step(secretary, transfer, "withdraw", reason=REASON)
    assert (refused.status_code, refused.json()["code"]) == (409, "phone_taken")
    assert (await secretary.get(f"/v1/transfers/{transfer}")).json()["status"] == "accepted"


async def test_what_another_branch_has_accepted_is_for_good(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    inside = await started(secretary, world.member, world.branch_b)
    await took(signed_in(world.sister_secretary), inside, "accept", received_on="2026-11-22")
    stay = {"kind": "temporary", "until": "2027-05-20", "to_place": "Đảng bộ Ngoại giao"}
    outside = await started(secretary, world.phoneless, None, **stay)
    await took(secretary, outside, "accept", received_on="2026-11-22")
    for transfer in (inside, outside):
        refused = await step(secretary, transfer, "withdraw", reason=REASON)
        assert (refused.status_code, refused.json()["code"]) == (409, "transfer_decided")
