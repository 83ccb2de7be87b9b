"""A year in figures: the rate and its bands (domain.md 15), the flag (domain.md 9), and who sees whose."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from app.kernel.security import PostKind
from app.meetings.models import (
    Attendance,
    Meeting,
    MeetingKind,
    MeetingStatus,
    MeetingTask,
    RollSource,
    RosterEntry,
    RosterStanding,
    TaskStatus,
)
from tests.conftest import RolledBackDatabase
from tests.factories.activity import confirm, entered, give_back
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn
from tests.factories.members import give_post, transfer
from tests.factories.world import HANOI, Person, World
from tests.factories.year import live_december

JANUARY = datetime(2026, 1, 4, 12, tzinfo=UTC)
PRESENT, UNEXCUSED, EXCUSED, EXEMPT = (
    Attendance.present,
    Attendance.unexcused,
    Attendance.excused,
    Attendance.exempt,
)


async def hold_meetings(
    database: RolledBackDatabase,
    world: World,
    marks: Sequence[tuple[datetime, Person, Attendance]],
    *,
    status: MeetingStatus = MeetingStatus.ended,
) -> None:
    """Write for each mark a meeting of branch A at that time with that one member on its roster."""
    async with database.session() as session:
        for starts_at, person, mark in marks:
            identifier = uuid4()
            await session.execute(
                insert(Meeting).values(
                    id=identifier,
                    organisation_id=world.branch_a,
                    kind=MeetingKind.regular,
                    status=status,
                    title="Họp",
                    starts_at=starts_at,
                    time_zone=HANOI,
                    created_by=world.secretary.member_id,
                    created_at=starts_at,
                )
            )
            await session.execute(
                insert(RosterEntry).values(
                    meeting_id=identifier,
                    member_id=person.member_id,
                    standing=RosterStanding.official,
                    is_exempt=False,
                    is_away=False,
                    attendance=mark,
                    source=RollSource.secretary,
                )
            )
        await session.commit()


async def my_year(signed_in: SignedIn, person: Person, query: str = "") -> Json:
    answer = await signed_in(person).get(f"/v1/me/activity/summary{query}")
    assert answer.status_code == 200, answer.text
    year: Json = answer.json()
    return year


async def branch_year(signed_in: SignedIn, person: Person, organisation_id: UUID, query: str = "") -> Json:
    answer = await signed_in(person).get(f"/v1/organisations/{organisation_id}/activity/summary{query}")
    assert answer.status_code == 200, answer.text
    year: Json = answer.json()
    return year


async def test_year_lived_is_counted_kind_by_kind(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    await live_december(world, signed_in, clock)
    year = await my_year(signed_in, world.member)
    assert year == {
        "year": 2026,
        "meetings_convened_count": 1,
        "meetings_attended_count": 1,
        "meetings_exempt_count": 0,
        "attendance_rate": 1.0,
        "attendance_band": "excellent",
        "comments_count": 1,
        "votes_count": 2,
        "acknowledgements_count": 1,
        "tasks_done_count": 1,
        "tasks_open_count": 0,
        "entries_confirmed_count": 1,
        "unexcused_months_count": 0,
        "removal_flag": False,
    }
    branch = await branch_year(signed_in, world.secretary, world.branch_a)
    [row] = [row for row in branch["members"] if row["member"]["member_id"] == str(world.member.member_id)]
    assert {**row, "year": 2026} == {**year, "member": row["member"]}
    # Everybody else on the roster was absent without good reason, the phoneless and the secretary too.
    assert branch["totals"]["meetings_convened_count"] == branch["members_count"] == 6
    assert branch["totals"]["attendance_rate"] == 0.1667
    assert branch["totals"]["votes_count"] == 2


@pytest.mark.parametrize(
    ("present", "others", "rate", "band"),
    [
        (9, 1, 0.9, "excellent"),
        (179, 20, 0.8995, "good"),
        (3, 1, 0.75, "good"),
        (149, 50, 0.7487, "fair"),
        (13, 7, 0.65, "fair"),
        (129, 70, 0.6482, "poor"),
        (0, 1, 0.0, "poor"),
    ],
)
async def test_bands_begin_exactly_at_90_75_and_65_per_cent(
    present: int, others: int, rate: float, band: str, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    marks = [PRESENT] * present + [EXCUSED] * others
    times = [JANUARY + timedelta(hours=place) for place in range(len(marks))]
    await hold_meetings(database, world, [(at, world.member, mark) for at, mark in zip(times, marks, strict=True)])
    year = await my_year(signed_in, world.member)
    assert (year["attendance_rate"], year["attendance_band"]) == (rate, band)
    assert (year["meetings_convened_count"], year["meetings_attended_count"]) == (present + others, present)


async def test_exempt_meetings_are_not_in_the_denominator(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    marks = [EXEMPT, EXEMPT, EXEMPT, PRESENT, Attendance.late, Attendance.present_online, EXCUSED]
    await hold_meetings(
        database, world, [(JANUARY + timedelta(days=day), world.member, mark) for day, mark in enumerate(marks)]
    )
    await hold_meetings(database, world, [(JANUARY, world.away, EXEMPT)])
    year = await my_year(signed_in, world.member)
    assert (year["meetings_convened_count"], year["meetings_exempt_count"]) == (7, 3)
    assert (year["attendance_rate"], year["attendance_band"]) == (0.75, "good")
    for person in (world.away, world.probationary):  # exempt from all there was; never called
        year = await my_year(signed_in, person)
        assert (year["attendance_rate"], year["attendance_band"]) == (None, None)


async def test_only_meetings_of_the_year_that_are_over_count(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    new_year = datetime(2025, 12, 31, 17, tzinfo=UTC)
    await hold_meetings(
        database,
        world,
        [
            (new_year - timedelta(seconds=1), world.member, UNEXCUSED),
            (new_year, world.member, PRESENT),
            (new_year.replace(year=2026), world.member, UNEXCUSED),
        ],
    )
    await hold_meetings(database, world, [(JANUARY, world.member, PRESENT)], status=MeetingStatus.published)
    await hold_meetings(database, world, [(JANUARY, world.member, UNEXCUSED)], status=MeetingStatus.in_session)
    await hold_meetings(database, world, [(JANUARY, world.member, UNEXCUSED)], status=MeetingStatus.cancelled)
    assert (await my_year(signed_in, world.member))["meetings_convened_count"] == 2
    assert (await my_year(signed_in, world.member))["attendance_rate"] == 1.0
    before = await my_year(signed_in, world.member, "?year=2025")
    assert (before["year"], before["meetings_convened_count"], before["attendance_rate"]) == (2025, 1, 0.0)


async def test_flag_is_up_at_three_months_without_good_reason_and_not_at_two(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    def in_month(month: int, day: int = 4) -> datetime:
        return datetime(2026, month, day, 12, tzinfo=UTC)

    # Two months: three meetings missed in January, one in March; April had a reason, May was attended.
    two = [(in_month(1, day), world.member, UNEXCUSED) for day in (4, 11, 18)]
    two += [(in_month(3), world.member, UNEXCUSED), (in_month(4), world.member, EXCUSED)]
    two += [(in_month(5), world.member, PRESENT), (in_month(6), world.member, EXEMPT)]
    # Three: the last day of a month in Việt Nam is still its own where the clock in Greenwich says so too late.
    three = [(datetime(2026, 1, 31, 17, tzinfo=UTC), world.away, UNEXCUSED), (in_month(7), world.away, UNEXCUSED)]
    three += [(in_month(1), world.away, UNEXCUSED)]
    await hold_meetings(database, world, two + three)
    year = await my_year(signed_in, world.member)
    assert (year["unexcused_months_count"], year["removal_flag"]) == (2, False)
    flagged = await my_year(signed_in, world.away)
    assert (flagged["unexcused_months_count"], flagged["removal_flag"]) == (3, True)

    branch = await branch_year(signed_in, world.secretary, world.branch_a)
    flags = {row["member"]["full_name"]: row["removal_flag"] for row in branch["members"]}
    assert [name for name, flag in flags.items() if flag] == [world.away.full_name]
    assert branch["flagged_count"] == 1
    for who in (world.member, world.away):  # a flag and no more
        shown = (await signed_in(world.secretary).get(f"/v1/members/{who.member_id}")).json()
        assert [standing["kind"] for standing in shown["standings"]] == ["official"]


async def test_tasks_and_entries_count_by_their_state(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await hold_meetings(database, world, [(JANUARY, world.member, PRESENT)])
    async with database.session() as session:
        meeting = await session.scalar(Meeting.__table__.select().with_only_columns(Meeting.id))
        for due_on, status, done_at in (
            (date(2026, 12, 31), TaskStatus.open, None),
            (date(2025, 6, 1), TaskStatus.open, None),  # left over from last year
            (date(2027, 1, 1), TaskStatus.open, None),
            (date(2026, 3, 1), TaskStatus.dropped, None),
            (date(2026, 3, 1), TaskStatus.done, JANUARY),
            (date(2026, 3, 1), TaskStatus.done, JANUARY.replace(year=2025)),
        ):
            session.add(
                MeetingTask(
                    id=uuid4(),
                    meeting_id=meeting,
                    organisation_id=world.branch_a,
                    title="Thu đảng phí",
                    assignee_id=world.member.member_id,
                    due_on=due_on,
                    status=status,
                    done_at=done_at,
                    created_by=world.secretary.member_id,
                    created_at=JANUARY,
                )
            )
        await session.commit()
    member, secretary = signed_in(world.member), signed_in(world.secretary)
    await entered(member)
    await give_back(secretary, await entered(member))
    await confirm(secretary, await entered(member))
    await confirm(secretary, await entered(member, occurred_on="2025-12-31"))
    year = await my_year(signed_in, world.member)
    assert (year["tasks_open_count"], year["tasks_done_count"], year["entries_confirmed_count"]) == (2, 1, 1)


async def test_officers_above_get_the_branchs_totals_and_no_name(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    marks = [(JANUARY, world.member, PRESENT), (JANUARY, world.away, UNEXCUSED), (JANUARY, world.secretary, PRESENT)]
    await hold_meetings(database, world, marks)
    seen = await branch_year(signed_in, world.officer, world.branch_a, "?year=2026")
    whole = await branch_year(signed_in, world.minute_taker, world.branch_a)
    assert seen["members"] == []
    assert {**seen, "members": whole["members"]} == whole
    assert (seen["totals"]["attendance_rate"], seen["totals"]["attendance_band"]) == (0.6667, "fair")
    names = [row["member"]["full_name"] for row in whole["members"]]
    assert set(names) == {person.full_name for person in world.branch_members}
    assert names[0] == world.secretary.full_name  # An comes first
    assert seen["members_count"] == len(names)


async def test_a_year_in_two_branches_is_the_same_whoever_asks(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    """The second one lies in another commune, whose officer meets nothing of the first."""
    await live_december(world, signed_in, clock)
    await hold_meetings(database, world, [(JANUARY, world.member, UNEXCUSED)])
    before = await my_year(signed_in, world.member)
    async with database.session() as session:
        await transfer(session, world.member, to=world.far_branch)
        await session.commit()
    await give_post(database, world.stranger, PostKind.secretary, world.far_branch)
    await give_post(database, world.sister_member, PostKind.committee_officer, world.other_commune)
    year = await my_year(signed_in, world.member)
    assert year == before
    assert (year["meetings_convened_count"], year["votes_count"], year["acknowledgements_count"]) == (2, 2, 1)
    branch = await branch_year(signed_in, world.stranger, world.far_branch)
    [row] = [row for row in branch["members"] if row["member"]["member_id"] == str(world.member.member_id)]
    assert {**row, "year": 2026} == {**year, "member": row["member"]}
    above = await branch_year(signed_in, world.sister_member, world.far_branch)
    assert above == {**branch, "members": []}
    assert {name: year[name] for name in above["totals"]} == above["totals"], "nobody else did anything"


async def test_figures_are_not_for_members_auditors_administrators_and_other_branches(
    world: World, signed_in: SignedIn
) -> None:
    got = {}
    for role in ("member", "auditor", "administrator", "sister_secretary"):
        answer = await signed_in(getattr(world, role)).get(f"/v1/organisations/{world.branch_a}/activity/summary")
        got[role] = answer.status_code
    assert got == {"member": 403, "auditor": 403, "administrator": 403, "sister_secretary": 404}
